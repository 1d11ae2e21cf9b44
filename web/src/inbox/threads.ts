/**
 * The lists of conversations, as the reader has them before their eyes.
 *
 * The law: a row never moves under the reader's eyes. While the list stands at its top, news goes in above; while
 * it is scrolled, it waits in `waiting` until the reader asks for it. A conversation that was read in "Unread"
 * stays there, read, until the folder is opened again.
 */
import { ask, AskFailed, type Trouble } from "../data/client";
import { threadRowQuery, threadsQuery, type InboxEvent, type ThreadRow } from "../data/documents";
import { Store } from "../data/store";
import { belongs, filterOf, type Folder } from "./folders";

export interface ThreadList {
  ids: readonly string[];
  /** Conversations with news that is not shown yet, because the list is scrolled. */
  waiting: readonly string[];
  /** Those that just slid in. */
  fresh: ReadonlySet<string>;
  cursor: string | null;
  hasMore: boolean;
  phase: "never" | "loading" | "more" | "ready";
  trouble: Trouble | null;
}

export interface Known {
  byId: ReadonlyMap<string, ThreadRow>;
}

const EMPTY: ThreadList = {
  ids: [],
  waiting: [],
  fresh: new Set(),
  cursor: null,
  hasMore: false,
  phase: "never",
  trouble: null,
};

const FIRST = 40;
const MORE = 100;

export class Threads {
  /**
   * Every conversation known, by id. The object is a new one at every change;
   * the map within it is not: copying it would cost a reader who scrolled far a copy of everything at each page.
   */
  readonly rows = new Store<Known>({ byId: new Map() });
  readonly lists: Record<Folder, Store<ThreadList>>;
  private readonly known = new Map<string, ThreadRow>();
  private scrolled: Partial<Record<Folder, boolean>> = {};
  private asked: Partial<Record<Folder, number>> = {};

  constructor(private readonly userId: string) {
    const list = () => new Store<ThreadList>(EMPTY);
    this.lists = { all: list(), unread: list(), mine: list(), done: list() };
  }

  row(id: string): ThreadRow | undefined {
    return this.known.get(id);
  }

  /** Told by the list: whether the reader has scrolled away from its top. */
  setScrolled(folder: Folder, scrolled: boolean): void {
    this.scrolled[folder] = scrolled;
    if (!scrolled) this.showWaiting(folder);
  }

  /** Loads the top of a folder; what is there stays on the screen meanwhile. */
  async load(folder: Folder): Promise<void> {
    const store = this.lists[folder];
    const turn = (this.asked[folder] = (this.asked[folder] ?? 0) + 1);
    if (store.get().phase === "never") store.set({ ...EMPTY, phase: "loading" });
    try {
      const { threads } = await ask(threadsQuery, { filter: filterOf(folder, this.userId), first: FIRST });
      if (turn !== this.asked[folder]) return;
      const nodes = threads.edges.map((edge) => edge.node);
      this.keep(nodes);
      const { hasNextPage, endCursor } = threads.pageInfo;
      store.set({
        ...EMPTY,
        ids: nodes.map((row) => row.id),
        cursor: endCursor,
        hasMore: hasNextPage,
        phase: "ready",
      });
    } catch (error) {
      if (!(error instanceof AskFailed)) throw error;
      if (turn === this.asked[folder]) {
        store.update((list) => ({
          ...list,
          phase: list.ids.length > 0 ? "ready" : "never",
          trouble: error.trouble,
        }));
      }
    }
  }

  /** Loads what follows below. */
  async loadMore(folder: Folder): Promise<void> {
    const store = this.lists[folder];
    const before = store.get();
    if (before.phase !== "ready" || !before.hasMore) return;
    const turn = this.asked[folder];
    store.set({ ...before, phase: "more", trouble: null });
    try {
      const variables = { filter: filterOf(folder, this.userId), first: MORE, after: before.cursor };
      const { threads } = await ask(threadsQuery, variables);
      if (turn !== this.asked[folder]) return;
      const nodes = threads.edges.map((edge) => edge.node);
      // Only what was known before can be in the list already.
      const known = new Set(nodes.map((row) => row.id).filter((id) => this.known.has(id)));
      this.keep(nodes);
      store.update((list) => {
        const there = known.size === 0 ? known : new Set(list.ids);
        const added = nodes.map((row) => row.id).filter((id) => !there.has(id));
        const { hasNextPage, endCursor } = threads.pageInfo;
        return {
          ...list,
          ids: [...list.ids, ...added],
          cursor: endCursor,
          hasMore: hasNextPage,
          phase: "ready",
          trouble: null,
        };
      });
    } catch (error) {
      if (!(error instanceof AskFailed)) throw error;
      store.update((list) => ({ ...list, phase: "ready", trouble: error.trouble }));
    }
  }

  /** Shows the news that waited; the list scrolls itself to its top. */
  showWaiting(folder: Folder): void {
    const store = this.lists[folder];
    const { waiting } = store.get();
    if (waiting.length === 0) return;
    store.update((list) => ({ ...list, waiting: [] }));
    for (const id of [...waiting].reverse()) this.toTop(folder, id);
  }

  /** Takes a conversation as it is now: from an event, an answer, or an optimistic change. */
  take(row: ThreadRow): void {
    const before = this.row(row.id);
    this.keep([row]);
    for (const folder of Object.keys(this.lists) as Folder[]) this.place(folder, row, before);
  }

  /** Changes what is known of a conversation; a part only. */
  patch(id: string, part: Partial<ThreadRow>): void {
    const row = this.row(id);
    if (row !== undefined) this.take({ ...row, ...part });
  }

  /** What is no longer the reader's to see. */
  forget(id: string): void {
    this.known.delete(id);
    this.rows.set({ byId: this.known });
    for (const store of Object.values(this.lists)) this.drop(store, id);
  }

  /** Takes what the feed tells. */
  hear(event: InboxEvent): void {
    if (event.__typename === "MessageSynced") this.take(event.message.thread);
    else if (event.__typename === "ThreadChanged") this.take(event.thread);
    else if (event.__typename === "Withdrawn" && event.threadId !== null) this.forget(event.threadId);
    else if (event.__typename === "MessageChanged") void this.hearMessage(event.message.thread.id);
  }

  /** Reads a conversation's row anew, where a list shows it. */
  private async hearMessage(threadId: string): Promise<void> {
    if (this.row(threadId) === undefined) return;
    try {
      const { thread } = await ask(threadRowQuery, { id: threadId });
      if (thread !== null) this.take(thread);
    } catch (error) {
      // The feed tells of the next change; a mark that is late is not worth a word.
      if (!(error instanceof AskFailed)) throw error;
    }
  }

  private keep(rows: readonly ThreadRow[]): void {
    for (const row of rows) this.known.set(row.id, row);
    this.rows.set({ byId: this.known });
  }

  private place(folder: Folder, row: ThreadRow, before: ThreadRow | undefined): void {
    const store = this.lists[folder];
    const list = store.get();
    if (list.phase === "never") return;
    const there = list.ids.includes(row.id);
    if (!belongs(row, folder, this.userId)) {
      // Read a moment ago: it stays where the reader reads it.
      const readHere = folder === "unread" && row.state === "OPEN";
      if (there && !readHere) this.drop(store, row.id);
      return;
    }
    const isNews = before === undefined || row.lastMessageAt > before.lastMessageAt;
    if (there && !isNews) return;
    if (!there && !isNews) this.intoItsPlace(folder, row);
    else if (this.scrolled[folder] === true) this.wait(store, row.id);
    else this.toTop(folder, row.id);
  }

  /** Puts a conversation that came back (undone, reassigned) where its time says, if that part is loaded. */
  private intoItsPlace(folder: Folder, row: ThreadRow): void {
    this.lists[folder].update((list) => {
      const at = list.ids.findIndex((id) => (this.row(id)?.lastMessageAt ?? "") < row.lastMessageAt);
      if (at === -1) return list.hasMore ? list : { ...list, ids: [...list.ids, row.id] };
      return { ...list, ids: [...list.ids.slice(0, at), row.id, ...list.ids.slice(at)] };
    });
  }

  private wait(store: Store<ThreadList>, id: string): void {
    store.update((list) => ({ ...list, waiting: [id, ...list.waiting.filter((one) => one !== id)] }));
  }

  private toTop(folder: Folder, id: string): void {
    this.lists[folder].update((list) => {
      if (list.ids[0] === id) return list;
      const fresh = new Set([...list.fresh, id]);
      return { ...list, ids: [id, ...list.ids.filter((one) => one !== id)], fresh };
    });
  }

  private drop(store: Store<ThreadList>, id: string): void {
    store.update((list) => {
      if (!list.ids.includes(id) && !list.waiting.includes(id)) return list;
      const without = (ids: readonly string[]) => ids.filter((one) => one !== id);
      return { ...list, ids: without(list.ids), waiting: without(list.waiting) };
    });
  }
}
