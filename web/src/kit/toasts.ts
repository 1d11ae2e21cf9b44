/** Short news at the foot of the screen: what was done, and how to take it back. Errors stay until read. */
export interface ToastAction {
  label: string;
  keys?: string;
  onChoose: () => void;
}

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
  action?: ToastAction;
  /** When it goes by itself, in milliseconds since the epoch. */
  until: number;
}

type Listener = () => void;

let shown: readonly Toast[] = [];
let numbers = 0;
const listeners = new Set<Listener>();

function tell(next: readonly Toast[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

export const toasts = {
  subscribe: (listener: Listener): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  current: (): readonly Toast[] => shown,
  show(text: string, more: { action?: ToastAction; tone?: "plain" | "bad"; seconds?: number } = {}): number {
    const tone = more.tone ?? "plain";
    const seconds = more.seconds ?? (tone === "bad" ? 12 : 5);
    numbers += 1;
    const id = numbers;
    const toast: Toast = { id, text, tone, until: Date.now() + seconds * 1000 };
    if (more.action !== undefined) toast.action = more.action;
    tell([...shown.slice(-2), toast]);
    window.setTimeout(() => toasts.close(id), seconds * 1000);
    return id;
  },
  close(id: number): void {
    if (shown.some((toast) => toast.id === id)) tell(shown.filter((toast) => toast.id !== id));
  },
};
