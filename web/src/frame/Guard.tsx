import { Component, type ReactNode } from "react";

import { Button, EmptyState } from "../kit";
import { words } from "../words/frame";

/** Keeps a mistake in one screen from taking the others with it. */
export class Guard extends Component<{ children: ReactNode; place: string }, { failed: string | null }> {
  override state: { failed: string | null } = { failed: null };

  static getDerivedStateFromError(): { failed: string } {
    return { failed: location.pathname };
  }

  override componentDidUpdate(before: { place: string }): void {
    if (before.place !== this.props.place && this.state.failed !== null) this.setState({ failed: null });
  }

  override render(): ReactNode {
    if (this.state.failed === null) return this.props.children;
    return (
      <main id="main" className="flex-1 bg-paper">
        <EmptyState
          icon="warning"
          title={words.broken}
          action={<Button onClick={() => location.reload()}>{words.reload}</Button>}
        >
          {words.brokenMore}
        </EmptyState>
      </main>
    );
  }
}
