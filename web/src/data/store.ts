/** The smallest store that React can listen to. */
import { useSyncExternalStore } from "react";

export class Store<State> {
  private listeners = new Set<() => void>();

  constructor(private state: State) {}

  get = (): State => this.state;

  set(next: State): void {
    if (Object.is(next, this.state)) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }

  update(change: (state: State) => State): void {
    this.set(change(this.state));
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export function useStore<State>(store: Store<State>): State {
  return useSyncExternalStore(store.subscribe, store.get);
}
