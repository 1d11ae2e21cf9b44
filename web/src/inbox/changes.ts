/** What a reader does to conversations: shown at once, taken back with the reason if the server refuses. */
import { assignThread, markThread, type ThreadRow } from "../data/documents";
import { change, sentenceOf } from "../data/client";
import { toasts } from "../kit";
import { words } from "../words/inbox";
import type { Threads } from "./threads";

interface Marks {
  read?: boolean;
  state?: "OPEN" | "DONE";
  private?: boolean;
}

type Answer = { __typename: string; message?: string };

const AT_ONCE = 6;

async function each<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

/** The last change asked of each conversation: the next is asked after it, or an undo could be overtaken by what it undoes. */
const asked = new Map<string, Promise<unknown>>();

async function inTurn<Told>(id: string, tell: () => Promise<Told>): Promise<{ told: Told; isLast: boolean }> {
  const before = asked.get(id) ?? Promise.resolve();
  const mine = before.then(tell, tell);
  asked.set(id, mine);
  try {
    const told = await mine;
    return { told, isLast: asked.get(id) === mine };
  } finally {
    if (asked.get(id) === mine) asked.delete(id);
  }
}

async function apply(
  threads: Threads,
  id: string,
  part: Partial<ThreadRow>,
  tell: () => Promise<ThreadRow | Answer>,
): Promise<boolean> {
  const before = threads.row(id);
  threads.patch(id, part);
  let refused: string;
  try {
    const { told: answer, isLast } = await inTurn(id, tell);
    if ("contact" in answer) {
      // What was asked meanwhile is on the screen already.
      if (isLast) threads.take(answer);
      return true;
    }
    refused = answer.message ?? words.refused;
  } catch (error) {
    refused = sentenceOf(error);
  }
  if (before !== undefined) threads.take({ ...before });
  toasts.show(words.notDone(refused), { tone: "bad" });
  return false;
}

export async function mark(threads: Threads, ids: readonly string[], marks: Marks): Promise<void> {
  await each(ids, async (id) => {
    const row = threads.row(id);
    const part: Partial<ThreadRow> = {};
    if (marks.state !== undefined) part.state = marks.state;
    if (marks.private !== undefined) part.private = marks.private;
    if (marks.read !== undefined) part.unreadCount = marks.read ? 0 : Math.max(1, row?.unreadCount ?? 1);
    await apply(threads, id, part, async () => (await change(markThread, { id, ...marks })).markThread);
  });
}

/** Marks as done, or open again, and offers to take it back. */
export function markDone(threads: Threads, ids: readonly string[], done: boolean): void {
  const state = done ? "DONE" : "OPEN";
  void mark(threads, ids, { state });
  const undo = () => void mark(threads, ids, { state: done ? "OPEN" : "DONE" });
  toasts.show(done ? words.doneNews(ids.length) : words.openNews(ids.length), {
    action: { label: words.undo, keys: "z", onChoose: undo },
  });
}

export async function assign(
  threads: Threads,
  ids: readonly string[],
  user: { id: string; name: string } | null,
): Promise<void> {
  await each(ids, async (id) => {
    await apply(threads, id, { assignee: user }, async () => {
      return (await change(assignThread, { id, assigneeId: user?.id ?? null })).markThread;
    });
  });
}
