import { Suspense, useCallback, useEffect, useMemo, useState } from "react";

import { Conversations } from "../conversation/conversations";
import { useSession } from "../data/session";
import { useStore } from "../data/store";
import { useFeed } from "../data/useFeed";
import { ahead } from "../frame/ahead";
import { useCommands, type Command } from "../frame/keys";
import { goTo, usePathWords } from "../frame/route";
import { Skeleton, classes } from "../kit";
import { words } from "../words/inbox";
import { words as frameWords } from "../words/frame";
import { assign, mark, markDone } from "./changes";
import { InboxContext, type InboxData } from "./context";
import { InboxCounts } from "./counts";
import { FOLDERS, type Folder } from "./folders";
import { fetchSearchResults, ListPane } from "./ListPane";
import { Overview } from "./Overview";
import { Threads } from "./threads";

const [ConversationPane, fetchConversationPane] = ahead(() => import("../conversation/ConversationPane"));

/** The lists outlive the screen: going to settings and back shows them at once. */
let kept: (InboxData & { userId: string }) | null = null;

function dataFor(userId: string): NonNullable<typeof kept> {
  if (kept?.userId !== userId)
    kept = {
      userId,
      threads: new Threads(userId),
      conversations: new Conversations(),
      counts: new InboxCounts(),
    };
  return kept;
}

function useTitle(counts: InboxCounts): void {
  const unread = useStore(counts)?.unread ?? 0;
  useEffect(() => {
    document.title =
      unread > 0
        ? `(${words.atMost(unread)}) ${words.title} · ${frameWords.product}`
        : `${words.title} · ${frameWords.product}`;
    return () => void (document.title = frameWords.product);
  }, [unread]);
}

/** The list, its cursor and its selection, and what the keys do with them. */
function useListKeys(threads: Threads, folder: Folder, openId: string | null) {
  const session = useSession();
  const list = useStore(threads.lists[folder]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // Whoever came by an address stands on what is open.
  const stands = cursor ?? openId;
  const at = stands === null ? -1 : list.ids.indexOf(stands);
  const target = useCallback(
    () => (chosen.size > 0 ? [...chosen] : [openId ?? cursor].filter((id) => id !== null)),
    [chosen, cursor, openId],
  );
  const go = (by: number) => {
    const next = list.ids[Math.max(0, Math.min(list.ids.length - 1, at + by))];
    if (next === undefined) return;
    setCursor(next);
    if (openId !== null) goTo(`/t/${next}`, { replace: true });
  };
  const choose = (id: string, range: boolean) => {
    setChosen((before) => {
      const after = new Set(before);
      const to = list.ids.indexOf(id);
      if (range && at >= 0)
        for (const one of list.ids.slice(Math.min(at, to), Math.max(at, to) + 1)) after.add(one);
      else if (!after.delete(id)) after.add(id);
      return after;
    });
    setCursor(id);
  };
  const done = () => {
    const ids = target();
    if (ids.length === 0) return;
    const following =
      at < 0
        ? undefined
        : (list.ids.slice(at + 1).find((id) => !ids.includes(id)) ??
          list.ids.slice(0, Math.max(0, at)).findLast((id) => !ids.includes(id)));
    markDone(threads, ids, folder !== "done");
    setChosen(new Set());
    setCursor(following ?? null);
    if (openId !== null && ids.includes(openId))
      goTo(following === undefined ? "/" : `/t/${following}`, { replace: true });
  };
  const turnRead = () => {
    const ids = target();
    const anyUnread = ids.some((id) => (threads.row(id)?.unreadCount ?? 0) > 0);
    if (!anyUnread && openId !== null && ids.includes(openId)) goTo("/");
    void mark(threads, ids, { read: anyUnread });
    setChosen(new Set());
  };
  const group = words.group;
  const commands: Command[] = [
    { keys: "j", label: words.nextThread, group, run: () => go(1) },
    { keys: "k", label: words.previousThread, group, run: () => go(-1) },
    { keys: "ArrowDown", label: `${words.nextThread} ↓`, group, hidden: true, run: () => go(1) },
    { keys: "ArrowUp", label: `${words.previousThread} ↑`, group, hidden: true, run: () => go(-1) },
    { keys: "Enter", label: words.openThread, group, run: () => cursor !== null && goTo(`/t/${cursor}`) },
    {
      keys: "o",
      label: `${words.openThread} `,
      group,
      hidden: true,
      run: () => cursor !== null && goTo(`/t/${cursor}`),
    },
    { keys: "x", label: words.chooseThread, group, run: () => cursor !== null && choose(cursor, false) },
    { keys: "e", label: folder === "done" ? words.reopen : words.doneThread, group, run: done },
    { keys: "u", label: words.unreadThread, group, run: turnRead },
    { keys: "m", label: words.assignMe, group, run: () => void assign(threads, target(), session.user) },
    {
      keys: "Escape",
      label: words.back,
      group,
      run: () => {
        if (chosen.size > 0) setChosen(new Set());
        else if (openId !== null) goTo("/");
      },
    },
  ];
  useCommands(commands);
  return {
    cursor,
    setCursor,
    chosen,
    setChosen,
    choose,
    done,
    turnRead,
    assignMe: () => void assign(threads, target(), session.user),
  };
}

export function Inbox() {
  const { user } = useSession();
  const data = useMemo(() => dataFor(user.id), [user.id]);
  const { threads, conversations, counts } = data;
  const [folder, setFolder] = useState<Folder>("all");
  const path = usePathWords();
  const openId = path[0] === "t" ? (path[1] ?? null) : null;
  const keys = useListKeys(threads, folder, openId);
  useTitle(counts);

  useEffect(() => void counts.load(), [counts]);
  useEffect(() => {
    // What the reader does next is here before they do it.
    void threads.load(folder).then(() => Promise.all([fetchConversationPane(), fetchSearchResults()]));
  }, [threads, folder]);
  useFeed(
    (event) => {
      threads.hear(event);
      conversations.hear(event);
      if (event.__typename !== "MailboxChanged") counts.refresh();
    },
    () => {
      counts.refresh();
      void threads.load(folder);
      conversations.reload(openId);
    },
  );

  const { setCursor, setChosen } = keys;
  const changeFolder = useCallback(
    (next: Folder) => {
      if (!FOLDERS.includes(next)) return;
      setFolder(next);
      setCursor(null);
      setChosen(new Set());
    },
    [setCursor, setChosen],
  );
  return (
    <InboxContext value={data}>
      <ListPane
        folder={folder}
        onFolder={changeFolder}
        openId={openId}
        keys={keys}
        className={classes(openId !== null && "max-lg:hidden")}
      />
      {openId === null ? (
        <Overview />
      ) : (
        <Suspense
          fallback={
            <div className="flex-1 bg-paper p-6">
              <Skeleton className="h-6 w-64" />
            </div>
          }
        >
          <ConversationPane key={openId} id={openId} />
        </Suspense>
      )}
    </InboxContext>
  );
}

export type ListKeys = ReturnType<typeof useListKeys>;
