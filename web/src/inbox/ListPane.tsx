import { useVirtualizer } from "@tanstack/react-virtual";
import {
  Suspense,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
} from "react";

import { composeNew } from "../composer/drafts";
import { useNow, useSession } from "../data/session";
import { useStore } from "../data/store";
import { ahead } from "../frame/ahead";
import { useCommands } from "../frame/keys";
import { goTo } from "../frame/route";
import { useLasting } from "../frame/useLasting";
import { Button, classes, EmptyState, Icon, IconButton, Skeleton, Tabs } from "../kit";
import { words } from "../words/inbox";
import { markDone } from "./changes";
import { useInboxData } from "./context";
import { FOLDERS, type Folder } from "./folders";
import type { ListKeys } from "./Inbox";
import { Row, ROW_HEIGHT } from "./Row";

const [SearchResults, fetchSearchResults] = ahead(() => import("./SearchResults"));
export { fetchSearchResults };

interface PaneProps {
  folder: Folder;
  onFolder: (folder: Folder) => void;
  openId: string | null;
  keys: ListKeys;
  className?: string;
}

/** The left part: folders, search, and the list or what was found. */
export function ListPane({ folder, onFolder, openId, keys, className }: PaneProps) {
  const [search, setSearch] = useState("");
  const [active, setActive] = useState<string>();
  const searching = search.trim() !== "";
  const { setCursor, setChosen } = keys;
  useEffect(() => {
    if (!searching) return;
    // The list's place is not on the screen: no key may act there.
    setCursor(null);
    setChosen(new Set());
  }, [searching, setCursor, setChosen]);
  const field = useRef<HTMLInputElement>(null);
  const leave = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    setSearch("");
    // Back to what is read, or to the list: the focus is never lost.
    document.getElementById("main")?.focus();
  };
  const Container = openId === null ? "main" : "section";
  useCommands([
    { keys: "/", label: words.search, group: words.group, run: () => field.current?.select() },
    ...FOLDERS.map((one, place) => ({
      keys: `g ${place + 1}`,
      label: `${words.title}: ${words[one]}`,
      group: words.group,
      run: () => onFolder(one),
    })),
  ]);
  return (
    <Container
      id={openId === null ? "main" : undefined}
      tabIndex={-1}
      aria-label={words.list}
      className={classes(
        "flex min-h-0 w-full flex-col border-line bg-canvas outline-none lg:w-[21rem] lg:shrink-0 lg:border-e xl:w-96",
        className,
      )}
    >
      <header className="flex flex-col gap-2 px-3 pt-3 pb-2">
        <div className="flex items-center gap-2">
          <h1 className="flex-1 text-lg font-semibold tracking-tight">{words.title}</h1>
          <IconButton icon="compose" label={words.writeFirst} keys="c" onClick={() => composeNew()} />
        </div>
        <div role="search" className="relative">
          <Icon name="search" className="pointer-events-none absolute start-2.5 top-2 text-ink-3" />
          <input
            ref={field}
            type="search"
            data-steers=""
            aria-controls={searching ? "found" : undefined}
            aria-activedescendant={active}
            aria-label={words.search}
            placeholder={words.search}
            value={search}
            maxLength={200}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={leave}
            className="h-8 w-full rounded-md border border-line bg-paper ps-8.5 pe-8 text-base [&::-webkit-search-cancel-button]:hidden"
          />
          {search !== "" && (
            <button
              type="button"
              aria-label={words.clearSearch}
              className="absolute end-1 top-1 rounded-md p-1 text-ink-2 hover:bg-hover"
              onClick={() => setSearch("")}
            >
              <Icon name="close" />
            </button>
          )}
        </div>
        {!searching && (
          <Tabs
            label={words.folders}
            tabs={FOLDERS.map((value) => ({ value, label: words[value] }))}
            value={folder}
            onChange={onFolder}
            controls="conversations"
          />
        )}
      </header>
      {!searching ? (
        <ThreadList key={folder} folder={folder} openId={openId} keys={keys} />
      ) : (
        <Suspense fallback={null}>
          <SearchResults query={search} openId={openId} onActive={setActive} onKeyDown={leave} />
        </Suspense>
      )}
    </Container>
  );
}

function ChoiceBar({ keys, folder }: { keys: ListKeys; folder: Folder }) {
  if (keys.chosen.size === 0) return null;
  return (
    <div
      role="toolbar"
      aria-label={words.chosen(keys.chosen.size)}
      className="animate-appear flex items-center gap-1 border-b border-line bg-chosen px-3 py-1.5"
    >
      <span className="figures min-w-0 flex-1 truncate text-sm font-medium">
        {words.chosen(keys.chosen.size)}
      </span>
      <IconButton
        icon={folder === "done" ? "reopen" : "done"}
        label={folder === "done" ? words.reopen : words.markDone}
        keys="e"
        onClick={keys.done}
      />
      <IconButton icon="mailOpen" label={words.unreadThread} keys="u" onClick={keys.turnRead} />
      <IconButton icon="user" label={words.assignMe} keys="m" onClick={keys.assignMe} />
      <IconButton icon="close" label={words.endChoice} keys="Esc" onClick={() => keys.setChosen(new Set())} />
    </div>
  );
}

function Nothing({ folder }: { folder: Folder }) {
  const { mailbox } = useSession();
  if (folder === "all" && mailbox === null) {
    return (
      <EmptyState
        icon="mail"
        title={words.connectFirst}
        action={
          <Button kind="primary" onClick={() => goTo("/settings/email")}>
            {words.connectFirst}
          </Button>
        }
      >
        {words.connectFirstMore}
      </EmptyState>
    );
  }
  const empty = {
    all: [words.emptyAll, words.emptyAllMore],
    unread: [words.emptyUnread, words.emptyUnreadMore],
    mine: [words.emptyMine, words.emptyMineMore],
    done: [words.emptyDone, words.emptyDoneMore],
  } as const;
  const [title, more] = empty[folder];
  return (
    <EmptyState
      icon={folder === "done" ? "done" : "inbox"}
      title={title}
      action={
        <Button icon="compose" onClick={() => composeNew()}>
          {words.writeFirst}
        </Button>
      }
    >
      {more}
    </EmptyState>
  );
}

function Loading() {
  return (
    <div aria-busy="true" className="flex flex-col gap-1 px-4 py-2">
      <span className="sr-only">{words.loadingMore}</span>
      {Array.from({ length: 8 }, (_, place) => (
        <span key={place} className="flex h-[77px] gap-3 py-2">
          <Skeleton round className="size-8" />
          <span className="flex flex-1 flex-col gap-2 pt-1">
            <Skeleton className="h-3 w-2/5" />
            <Skeleton className="h-3 w-4/5" />
          </span>
        </span>
      ))}
    </div>
  );
}

/** What stands at the foot of a list that goes on; it tries again by itself. */
function Following({ trouble }: { trouble: string | null }) {
  return (
    <div
      role="presentation"
      className="absolute inset-x-0 bottom-0 flex h-16 items-center justify-center px-4 text-center text-sm text-ink-2"
    >
      {trouble ?? <Skeleton className="h-3 w-40" />}
    </div>
  );
}

const RETRY_MS = 5_000;

function ThreadList({ folder, openId, keys }: { folder: Folder; openId: string | null; keys: ListKeys }) {
  const { threads, conversations } = useInboxData();
  const list = useStore(threads.lists[folder]);
  const { byId: rows } = useStore(threads.rows);
  const now = useNow(60);
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const { cursor, setCursor, chosen, choose } = keys;
  // The same function until the list changes: for a new one every row's place is reckoned anew.
  const keyOf = useCallback((place: number) => list.ids[place] ?? place, [list.ids]);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are read in this render only
  const virtual = useVirtualizer({
    count: list.ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    getItemKey: keyOf,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last > list.ids.length - 25) void threads.loadMore(folder);
  }, [last, list.ids.length, threads, folder]);
  useEffect(() => () => threads.setScrolled(folder, false), [threads, folder]);
  const stuck = list.hasMore && list.phase === "ready" && list.trouble !== null;
  useEffect(() => {
    if (!stuck) return;
    const timer = window.setTimeout(() => void threads.loadMore(folder), RETRY_MS);
    return () => window.clearTimeout(timer);
  }, [stuck, threads, folder]);

  const cursorAt = cursor === null ? -1 : list.ids.indexOf(cursor);
  useEffect(() => {
    if (cursorAt < 0) return;
    virtual.scrollToIndex(cursorAt, { align: "auto" });
    for (const near of [list.ids[cursorAt + 1], list.ids[cursorAt - 1]])
      if (near !== undefined) conversations.prefetch(near);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- follows the cursor, not the list
  }, [cursor]);

  const open = useLasting((thread: string, event: MouseEvent) => {
    if (event.shiftKey || event.metaKey || event.ctrlKey || chosen.size > 0) {
      choose(thread, event.shiftKey);
      return;
    }
    setCursor(thread);
    goTo(`/t/${thread}`);
  });
  const chooseRow = useLasting(choose);
  const near = useLasting((thread: string) => conversations.prefetch(thread));
  const swiped = useLasting((thread: string) => markDone(threads, [thread], folder !== "done"));
  const toTop = () => {
    threads.setScrolled(folder, false);
    scroller.current?.scrollTo({ top: 0 });
  };
  if (list.ids.length === 0 && list.trouble !== null) {
    return (
      <EmptyState
        icon="offline"
        title={words.failed}
        action={<Button onClick={() => void threads.load(folder)}>{words.tryAgain}</Button>}
      >
        {list.trouble.message}
      </EmptyState>
    );
  }
  if (list.phase === "never" || list.phase === "loading") return <Loading />;
  return (
    <>
      <ChoiceBar keys={keys} folder={folder} />
      <div className="relative min-h-0 flex-1">
        {list.waiting.length > 0 && (
          <button
            type="button"
            onClick={toTop}
            className="animate-appear absolute inset-x-0 top-2 z-10 mx-auto flex h-8 w-fit items-center gap-1 rounded-full bg-accent px-3 text-sm font-medium text-on-accent shadow-2"
          >
            <Icon name="up" size={14} />
            <span role="status">{words.news(list.waiting.length)}</span>
          </button>
        )}
        <div
          ref={scroller}
          id="conversations"
          role={list.ids.length > 0 ? "listbox" : undefined}
          aria-label={words.list}
          aria-multiselectable={list.ids.length > 0 || undefined}
          aria-activedescendant={
            list.ids.length > 0 && cursor !== null && shown.some((item) => item.key === cursor)
              ? `${id}-${cursor}`
              : undefined
          }
          tabIndex={0}
          onFocus={() => {
            if (cursor === null && scroller.current?.matches(":focus-visible") === true)
              setCursor(openId ?? list.ids[0] ?? null);
          }}
          onScroll={(event) => threads.setScrolled(folder, event.currentTarget.scrollTop > 4)}
          className="h-full overflow-y-auto outline-none"
        >
          {list.ids.length === 0 ? (
            <Nothing folder={folder} />
          ) : (
            <div
              role="presentation"
              className="relative pb-4"
              style={{ height: virtual.getTotalSize() + (list.hasMore ? 64 : 16) }}
            >
              {shown.map((item) => {
                const thread = list.ids[item.index];
                const row = thread === undefined ? undefined : rows.get(thread);
                if (thread === undefined || row === undefined) return null;
                return (
                  <Row
                    key={thread}
                    id={`${id}-${thread}`}
                    row={row}
                    place={item.index}
                    total={list.hasMore ? -1 : list.ids.length}
                    top={item.start}
                    cursor={thread === cursor && openId === null}
                    opened={thread === openId}
                    chosen={chosen.has(thread)}
                    choosing={chosen.size > 0}
                    fresh={list.fresh.has(thread)}
                    now={now}
                    onOpen={open}
                    onChoose={chooseRow}
                    onNear={near}
                    onSwipe={swiped}
                  />
                );
              })}
              {list.hasMore && <Following trouble={stuck ? (list.trouble?.message ?? null) : null} />}
            </div>
          )}
        </div>
      </div>
    </>
  );
}
