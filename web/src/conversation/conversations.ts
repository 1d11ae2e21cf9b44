/**
 * The conversations that were opened or are near the reader's hand, with their messages.
 *
 * The law: a message's place never changes under the reader; what is new is added at the end, what is older at
 * the beginning. A conversation that is known shows at once and is asked anew behind it.
 */
import { ask, AskFailed, type Trouble } from "../data/client";
import {
  conversationQuery,
  messageQuery,
  type Conversation,
  type InboxEvent,
  type Message,
  type MessageState,
  type ThreadRow,
} from "../data/documents";
import { Store } from "../data/store";

export interface OpenConversation {
  thread: Conversation | null;
  messages: readonly Message[];
  /** Where what is older begins; null where everything is here. */
  before: string | null;
  phase: "loading" | "older" | "ready" | "gone";
  trouble: Trouble | null;
}

const LOADING: OpenConversation = {
  thread: null,
  messages: [],
  before: null,
  phase: "loading",
  trouble: null,
};
const KEPT = 40;

function merged(known: readonly Message[], now: readonly Message[]): readonly Message[] {
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of now) byId.set(message.id, message);
  return [...byId.values()].sort((one, other) =>
    one.sentAt < other.sentAt ? -1 : one.sentAt > other.sentAt ? 1 : 0,
  );
}

export class Conversations {
  private readonly known = new Map<string, Store<OpenConversation>>();
  private readonly underWay = new Map<string, Promise<void>>();

  /** The conversation's store; asking for it loads nothing. */
  of(id: string): Store<OpenConversation> {
    let store = this.known.get(id);
    if (store === undefined) {
      store = new Store(LOADING);
      const [oldest] = this.known.keys();
      if (this.known.size >= KEPT && oldest !== undefined) this.known.delete(oldest);
    } else {
      this.known.delete(id);
    }
    this.known.set(id, store);
    return store;
  }

  /** Loads it before it is opened, once. */
  prefetch(id: string): void {
    if (!this.known.has(id)) void this.load(id);
  }

  load(id: string): Promise<void> {
    const running = this.underWay.get(id);
    if (running !== undefined) return running;
    const loading = this.fetch(id).finally(() => this.underWay.delete(id));
    this.underWay.set(id, loading);
    return loading;
  }

  private async fetch(id: string): Promise<void> {
    const store = this.of(id);
    try {
      const { thread } = await ask(conversationQuery, { id });
      if (thread === null) {
        store.set({ ...LOADING, phase: "gone" });
        return;
      }
      const { edges, pageInfo } = thread.messages;
      const now = edges.map((edge) => edge.node);
      store.update((open) => {
        const kept = open.thread !== null && open.messages.length > now.length;
        const before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null;
        return {
          thread,
          messages: merged(open.messages, now),
          before: kept ? open.before : before,
          phase: "ready",
          trouble: null,
        };
      });
    } catch (error) {
      if (!(error instanceof AskFailed)) throw error;
      store.update((open) => ({ ...open, trouble: error.trouble }));
    }
  }

  /** Loads what is older than the oldest here. */
  async loadOlder(id: string): Promise<void> {
    const store = this.of(id);
    const { before, phase } = store.get();
    if (before === null || phase !== "ready") return;
    store.update((open) => ({ ...open, phase: "older" }));
    try {
      const { thread } = await ask(conversationQuery, { id, before });
      const older = thread?.messages.edges.map((edge) => edge.node) ?? [];
      const info = thread?.messages.pageInfo;
      store.update((open) => ({
        ...open,
        messages: merged(open.messages, older),
        before: info?.hasPreviousPage === true ? info.startCursor : null,
        phase: "ready",
      }));
    } catch (error) {
      if (!(error instanceof AskFailed)) throw error;
      store.update((open) => ({ ...open, phase: "ready", trouble: error.trouble }));
    }
  }

  /** Adds or replaces a message, such as one that was just sent. */
  put(threadId: string, message: Message): void {
    const store = this.known.get(threadId);
    if (store?.get().thread == null) return;
    store.update((open) => ({ ...open, messages: merged(open.messages, [message]) }));
  }

  /** Takes what is known anew of a message: delivery, read state, files. */
  takeState(threadId: string, state: MessageState): void {
    this.known.get(threadId)?.update((open) => ({
      ...open,
      messages: open.messages.map((message) =>
        message.id === state.id ? { ...message, ...state } : message,
      ),
    }));
  }

  hear(event: InboxEvent): void {
    switch (event.__typename) {
      case "MessageSynced":
        void this.takeNew(event.message.thread.id, event.message.id);
        break;
      case "MessageChanged":
        this.takeState(event.message.thread.id, event.message);
        break;
      case "ThreadChanged":
        this.takeThread(event.thread);
        break;
      case "MailboxChanged":
        break;
      case "Withdrawn":
        if (event.threadId !== null) this.known.get(event.threadId)?.set({ ...LOADING, phase: "gone" });
        break;
    }
  }

  /** Whether a conversation's row is kept in step with what the list knows. */
  takeThread(row: Partial<ThreadRow> & { id: string }): void {
    this.known.get(row.id)?.update((open) => {
      if (open.thread === null) return open;
      const contact = { ...open.thread.contact, ...row.contact };
      return { ...open, thread: { ...open.thread, ...row, contact } };
    });
  }

  private async takeNew(threadId: string, messageId: string): Promise<void> {
    if (this.known.get(threadId)?.get().thread == null) return;
    try {
      const { message } = await ask(messageQuery, { id: messageId });
      if (message !== null) this.put(threadId, message);
      await this.load(threadId);
    } catch (error) {
      if (!(error instanceof AskFailed)) throw error;
      this.known.get(threadId)?.update((open) => ({ ...open, trouble: error.trouble }));
    }
  }

  /** Loads anew what is open, after events were missed. */
  reload(id: string | null): void {
    for (const other of [...this.known.keys()]) if (other !== id) this.known.delete(other);
    if (id !== null) void this.load(id);
  }
}
