import { useEffect, useId, useState, type KeyboardEvent } from "react";

import type { Found } from "../data/documents";
import { useNow } from "../data/session";
import { useCommands } from "../frame/keys";
import { Link } from "../frame/Link";
import { goTo, useQueryWord } from "../frame/route";
import { Button, classes, EmptyState, Skeleton } from "../kit";
import { words } from "../words/inbox";
import { fullTime, shortTime } from "../words/times";
import { useInboxData } from "./context";
import { Marked } from "./Marked";
import { wordsOf } from "./marking";
import { nameOfThread } from "./Row";
import { useSearch } from "./useSearch";

const addressOf = (message: Found) => `/t/${message.thread.id}?message=${message.id}`;

interface ResultsProps {
  query: string;
  openId: string | null;
  /** Tells the search field which result the keys stand on, for those who hear the screen. */
  onActive: (elementId: string | undefined) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** The results' cursor and its keys: those of the list, also from within the search field where they write nothing. */
function useResultKeys({ query, openId }: Pick<ResultsProps, "query" | "openId">) {
  const { conversations } = useInboxData();
  const { state, more, now } = useSearch(query.trim());
  const [stands, setStands] = useState<string | null>(null);
  const at = state.found.findIndex((message) => message.id === stands);
  const go = (by: number) => {
    const next = state.found[Math.max(0, Math.min(state.found.length - 1, at + by))];
    if (next === undefined) return;
    if (by > 0 && at >= state.found.length - 2 && state.cursor !== null) void more();
    setStands(next.id);
    if (openId !== null) goTo(addressOf(next), { replace: true });
  };
  const open = () => {
    if (state.query !== query.trim()) {
      now();
      return;
    }
    const chosen = state.found[Math.max(0, at)];
    if (chosen === undefined) return;
    setStands(chosen.id);
    goTo(addressOf(chosen));
    // Whoever has found something goes on with the list's keys, and writes no more.
    document.getElementById("found")?.focus({ preventScroll: true });
  };
  const group = words.found;
  useCommands([
    { keys: "j", label: words.nextFound, group, run: () => go(1) },
    { keys: "k", label: words.previousFound, group, run: () => go(-1) },
    { keys: "Enter", label: words.openFound, group, run: open },
    { keys: "ArrowDown", label: `${words.nextFound} ↓`, group, hidden: true, run: () => go(1) },
    { keys: "ArrowUp", label: `${words.previousFound} ↑`, group, hidden: true, run: () => go(-1) },
    { keys: "o", label: `${words.openFound} `, group, hidden: true, run: open },
  ]);
  useEffect(() => {
    for (const place of [at, at + 1]) {
      const near = state.found[place];
      if (near !== undefined) conversations.prefetch(near.thread.id);
    }
  }, [at, state.found, conversations]);
  return { state, more, at, setStands };
}

/** Messages that hold the words, newest first, with the words marked. */
export default function SearchResults(props: ResultsProps) {
  const { openId, onActive, onKeyDown } = props;
  const { conversations } = useInboxData();
  const { state, more, at, setStands } = useResultKeys(props);
  const now = useNow(60);
  const wanted = useQueryWord("message");
  const id = useId();
  const standing = state.found[at];
  const active = standing === undefined ? undefined : `${id}-${standing.id}`;
  useEffect(() => {
    onActive(active);
    if (active !== undefined) document.getElementById(active)?.scrollIntoView({ block: "nearest" });
    return () => onActive(undefined);
  }, [active, onActive]);
  if (!state.done) return <Skeleton className="m-4 h-16" />;
  if (state.trouble !== null && state.found.length === 0)
    return (
      <EmptyState icon="warning" title={words.failed}>
        {state.trouble}
      </EmptyState>
    );
  if (state.found.length === 0)
    return (
      <EmptyState icon="search" title={words.emptySearch}>
        {words.emptySearchMore}
      </EmptyState>
    );
  const marked = wordsOf(state.query);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-4">
      <p role="status" className="px-2.5 pb-1 text-xs text-ink-2">
        {words.results(state.found.length, state.cursor !== null)}
      </p>
      <div
        id="found"
        role="listbox"
        aria-label={words.found}
        tabIndex={0}
        aria-activedescendant={active}
        onKeyDown={onKeyDown}
        className="outline-none"
      >
        {state.found.map((message) => (
          <Result
            key={message.id}
            id={`${id}-${message.id}`}
            message={message}
            marked={marked}
            now={now}
            opened={
              openId !== null && (wanted === null ? message.thread.id === openId : message.id === wanted)
            }
            cursor={message === standing && openId === null}
            onChoose={() => setStands(message.id)}
            onNear={() => conversations.prefetch(message.thread.id)}
          />
        ))}
      </div>
      {state.cursor !== null && (
        <Button kind="quiet" className="mx-auto flex" onClick={() => void more()}>
          {words.loadingMore}
        </Button>
      )}
    </div>
  );
}

function Result({
  id,
  message,
  marked,
  now,
  opened,
  cursor,
  onChoose,
  onNear,
}: {
  id: string;
  message: Found;
  marked: readonly string[];
  now: Date;
  opened: boolean;
  cursor: boolean;
  onChoose: () => void;
  onNear: () => void;
}) {
  return (
    <Link
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={opened}
      href={addressOf(message)}
      onClick={onChoose}
      onPointerEnter={onNear}
      className={classes(
        "flex flex-col rounded-md px-2.5 py-2",
        opened ? "bg-chosen" : "hover:bg-hover",
        cursor && "ring-2 ring-accent/70 ring-inset",
      )}
    >
      <span className="flex items-baseline gap-2">
        <span dir="auto" className="min-w-0 flex-1 truncate text-start font-medium">
          <Marked text={message.from.name ?? message.from.address} marked={marked} />
          {message.direction === "OUTBOUND" && (
            <span className="font-normal text-ink-3"> → {nameOfThread(message.thread)}</span>
          )}
        </span>
        <time dateTime={message.sentAt} title={fullTime(message.sentAt)} className="text-xs text-ink-3">
          {shortTime(message.sentAt, now)}
        </time>
      </span>
      <span dir="auto" className="truncate text-start text-sm text-ink-2">
        <Marked text={message.subject || words.noSubject} marked={marked} />
      </span>
      <span dir="auto" className="wrap-words line-clamp-2 text-start text-sm text-ink-3">
        <Marked text={message.snippet ?? words.hidden} marked={marked} />
      </span>
    </Link>
  );
}
