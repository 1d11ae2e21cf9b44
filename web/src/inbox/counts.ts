/**
 * How many conversations are unread, and how many wait for an answer, counted by the server: the list knows its loaded
 * part only. Asked anew when the feed told of something, which it does of what the reader does as well; one
 * question for a burst of events.
 */
import { ask, AskFailed } from "../data/client";
import { countsQuery } from "../data/documents";
import { Store } from "../data/store";

export interface Counts {
  unread: number;
  unanswered: number;
}

/** A burst of events is one question more than its first. */
const APART_MS = 500;

export class InboxCounts extends Store<Counts | null> {
  private timer: number | undefined;
  private underWay = false;
  private askAgain = false;
  private askedAt = 0;

  constructor() {
    super(null);
  }

  /** Asks at once, or, where it was asked a moment ago or is being answered, once more after that. */
  refresh = (): void => {
    const since = Date.now() - this.askedAt;
    if (this.underWay) this.askAgain = true;
    else if (since >= APART_MS) void this.load();
    else this.timer ??= window.setTimeout(() => void this.load(), APART_MS - since);
  };

  /** Asks now. */
  async load(): Promise<void> {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.underWay = true;
    this.askedAt = Date.now();
    try {
      const { viewer } = await ask(countsQuery, {});
      this.set({ unread: viewer.unreadThreads, unanswered: viewer.unansweredThreads });
    } catch (error) {
      // The feed's next event asks again; a number that is late is not worth a word.
      if (!(error instanceof AskFailed)) throw error;
    } finally {
      this.underWay = false;
      const again = this.askAgain;
      this.askAgain = false;
      if (again) this.refresh();
    }
  }
}
