import { Suspense, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from "react";

import { draftsStore, dropDraft, isEmpty, useDraft, type DraftKind } from "../composer/drafts";
import { beginReply } from "../composer/replying";
import type { Message, ThreadRow } from "../data/documents";
import { useNow, useSession } from "../data/session";
import { useStore } from "../data/store";
import { ahead } from "../frame/ahead";
import { useCommands } from "../frame/keys";
import { goTo, useQueryWord } from "../frame/route";
import { Avatar, Button, classes, EmptyState, Icon, IconButton, Skeleton } from "../kit";
import { mark } from "../inbox/changes";
import { useInboxData } from "../inbox/context";
import { words } from "../words/conversation";
import { words as composerWords } from "../words/composer";
import { messageTime } from "../words/times";
import { Aside } from "./Aside";
import { useAside } from "./useAside";
import type { OpenConversation } from "./conversations";
import { Header } from "./Header";
import { MessageView } from "./MessageView";
import { concerns, nameOf, shortName, useOwnAddresses } from "./people";

const [Composer, fetchComposer] = ahead(() => import("../composer/Composer"));
/** Whoever reads for so long may want to answer. */
const READS_MS = 1_500;

const FOLD_FROM = 5;

/** What the list knows of a conversation whose messages are on their way: its last words. */
function Coming({ row }: { row: ThreadRow | undefined }) {
  const now = useNow(60);
  const last = row?.lastMessage ?? null;
  return (
    <div aria-busy="true" className="min-h-0 flex-1 px-2 pb-4 sm:px-4">
      <span className="sr-only">{words.loading}</span>
      {row === undefined || last === null ? (
        <Skeleton className="mx-auto mt-6 h-32 max-w-3xl" />
      ) : (
        <div className="mx-auto mt-3 max-w-3xl rounded-md border border-line bg-paper px-3 py-3 shadow-1 sm:px-4">
          <div className="flex min-h-12 items-center gap-3">
            <Avatar name={nameOf(last.from)} size={32} />
            <span dir="auto" className="min-w-0 flex-1 truncate text-start font-medium">
              {nameOf(last.from)}
            </span>
            <time dateTime={row.lastMessageAt} className="text-xs text-ink-3">
              {messageTime(row.lastMessageAt, now)}
            </time>
          </div>
          <p dir="auto" className="wrap-words mt-3 text-start">
            {last.snippet}
          </p>
          <Skeleton className="mt-3 h-3 w-3/4" />
        </div>
      )}
    </div>
  );
}

/**
 * Opens at the message that the address names, at the first unread one, or at the last. Later changes never move
 * the reader; another message named does.
 */
function useFirstPlace(messages: readonly Message[], wanted: string | null, ready: boolean) {
  const scroller = useRef<HTMLDivElement>(null);
  const placed = useRef<string | null>(null);
  const [place] = useState(
    () => wanted ?? messages.find((message) => !message.read)?.id ?? messages.at(-1)?.id,
  );
  useLayoutEffect(() => {
    const at = wanted ?? (placed.current === null ? place : undefined);
    if (!ready || at === undefined || at === placed.current) return;
    placed.current = at;
    const element = document.getElementById(`message-${at}`);
    if (element !== null && scroller.current !== null)
      scroller.current.scrollTop = Math.max(0, element.offsetTop - 12);
  }, [ready, place, wanted]);
  return { scroller, place };
}

export default function ConversationPane({ id }: { id: string }) {
  const { threads, conversations } = useInboxData();
  const open = useStore(conversations.of(id));
  const { phase, thread, trouble } = open;
  // What the list knows stands there at once; the rest comes from the server.
  const row = threads.row(id);
  const shown = thread ?? row;
  const wanted = useQueryWord("message");
  const { aside, setAside } = useAside();
  useEffect(() => void conversations.load(id), [conversations, id]);
  useEffect(() => {
    const timer = window.setTimeout(() => void fetchComposer(), READS_MS);
    return () => window.clearTimeout(timer);
  }, []);

  const readNow = useEffectEvent(() => {
    if ((thread?.unreadCount ?? 0) > 0) void mark(threads, [id], { read: true });
  });
  const unread = thread?.unreadCount ?? 0;
  useEffect(() => {
    // Read when it was before somebody's eyes for a moment, not when it flew by.
    const timer = window.setTimeout(() => document.visibilityState === "visible" && readNow(), 700);
    const seen = () => document.visibilityState === "visible" && readNow();
    document.addEventListener("visibilitychange", seen);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [id, unread]);

  if (phase === "gone") {
    return (
      <main id="main" tabIndex={-1} className="flex-1 bg-paper">
        <EmptyState
          icon="lock"
          title={words.goneTitle}
          action={<Button onClick={() => goTo("/")}>{words.backToInbox}</Button>}
        >
          {words.gone}
        </EmptyState>
      </main>
    );
  }
  return (
    <main
      id="main"
      tabIndex={-1}
      aria-label={words.conversation}
      className="relative flex min-w-0 flex-1 bg-paper outline-none"
    >
      <div className="flex min-w-0 flex-1 flex-col">
        {shown !== undefined && <Header thread={shown} aside={aside} onAside={() => setAside(!aside)} />}
        {thread === null ? (
          trouble === null ? (
            <Coming row={row} />
          ) : (
            <EmptyState
              icon="offline"
              title={words.failed}
              action={<Button onClick={() => void conversations.load(id)}>{words.tryAgain}</Button>}
            >
              {trouble.message}
            </EmptyState>
          )
        ) : (
          <Messages id={id} open={open} wanted={wanted} />
        )}
      </div>
      {thread !== null && aside && <Aside thread={thread} onClose={() => setAside(false)} />}
    </main>
  );
}

function Messages({ id, open, wanted }: { id: string; open: OpenConversation; wanted: string | null }) {
  const { threads, conversations } = useInboxData();
  const own = useOwnAddresses();
  const { workspace } = useSession();
  const { messages, before, phase, thread } = open;
  const ready = phase !== "loading";
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [firstUnread] = useState(
    () => new Set(messages.filter((message) => !message.read).map((message) => message.id)),
  );
  const [known] = useState(() => new Set(messages.map((message) => message.id)));
  const [current, setCurrent] = useState<string | null>(null);
  const [allShown, setAllShown] = useState(false);
  /** On a phone the answer is a sheet above the conversation, which can be put aside. */
  const [aside, setAside] = useState(false);
  const { scroller, place } = useFirstPlace(messages, wanted, ready);
  const foot = useRef<HTMLDivElement>(null);
  const draft = useDraft(`thread:${id}`);
  const last = messages.at(-1);
  // A mail that was forwarded to somebody else is not what an answer goes on from.
  const answered = messages.findLast((message) => concerns(message, thread?.contact.emails ?? [])) ?? last;

  const isOpen = (message: Message) =>
    toggled.get(message.id) ??
    (message === last ||
      message.id === wanted ||
      firstUnread.has(message.id) ||
      !known.has(message.id) ||
      message.delivery?.state === "REFUSED");
  const toggle = (message: Message) => setToggled((now) => new Map(now).set(message.id, !isOpen(message)));

  const write = (kind: DraftKind, message = messages.find((one) => one.id === current) ?? answered) => {
    if (message === undefined) return;
    beginReply(id, message, kind, own, workspace.attachmentLimitBytes);
    setAside(false);
    window.setTimeout(() => foot.current?.scrollIntoView({ block: "nearest" }), 60);
  };
  const step = (by: number) => {
    const at = messages.findIndex((message) => message.id === (current ?? last?.id));
    const next = messages[Math.max(0, Math.min(messages.length - 1, at + by))];
    if (next === undefined) return;
    setCurrent(next.id);
    setAllShown(true);
    window.setTimeout(() =>
      document.getElementById(`message-${next.id}`)?.scrollIntoView({ block: "nearest" }),
    );
  };
  const group = words.group;
  useCommands([
    { keys: "r", label: words.reply, group, run: () => write("reply") },
    { keys: "a", label: words.replyAll, group, run: () => write("replyAll") },
    { keys: "f", label: words.forward, group, run: () => write("forward") },
    { keys: "n", label: words.nextMessage, group, run: () => step(1) },
    { keys: "p", label: words.previousMessage, group, run: () => step(-1) },
    {
      keys: "i",
      label: words.about,
      group,
      hidden: true,
      run: () => document.querySelector<HTMLElement>("[data-about]")?.click(),
    },
  ]);
  const folded =
    !allShown && messages.length > FOLD_FROM
      ? messages.slice(1, -2).filter((message) => !isOpen(message))
      : [];
  const hidden = new Set(folded.length > 2 ? folded : []);
  const firstHidden = messages.find((message) => hidden.has(message));
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4 sm:px-4">
      <div className="mx-auto flex max-w-3xl flex-col gap-1.5 pt-3">
        {before !== null && (
          <Button
            kind="quiet"
            busy={phase === "older"}
            icon="up"
            className="self-center"
            onClick={() => void conversations.loadOlder(id)}
          >
            {words.older}
          </Button>
        )}
        {messages.map((message) => {
          if (hidden.has(message)) {
            if (message !== firstHidden) return null;
            return (
              <button
                key="folded"
                type="button"
                onClick={() => setAllShown(true)}
                className="mx-auto flex h-7 items-center gap-1 rounded-full border border-line px-3 text-xs text-ink-2 hover:bg-hover"
              >
                <Icon name="down" size={12} />
                {words.olderFolded(hidden.size)}
              </button>
            );
          }
          return (
            <div key={message.id} className={classes(!known.has(message.id) && "animate-appear")}>
              <MessageView
                message={message}
                threadId={id}
                open={isOpen(message)}
                current={message.id === current}
                first={message.id === place}
                onToggle={() => toggle(message)}
                onWrite={write}
              />
            </div>
          );
        })}
        <div ref={foot} className="pt-2">
          {draft === null
            ? answered !== undefined && <ReplyBar last={answered} own={own} onWrite={write} />
            : aside && (
                <Button icon="compose" className="h-11 w-full sm:hidden" onClick={() => setAside(false)}>
                  {composerWords.goOn}
                </Button>
              )}
          {draft !== null && (
            <div
              className={classes(
                "animate-appear flex max-h-[80dvh] min-h-64 flex-col overflow-hidden rounded-md border border-line bg-paper shadow-2 max-sm:fixed max-sm:inset-x-0 max-sm:top-[4dvh] max-sm:bottom-0 max-sm:z-30 max-sm:max-h-none max-sm:rounded-b-none max-sm:shadow-3",
                aside && "max-sm:hidden",
              )}
            >
              <div className="flex items-center gap-2 bg-sunken py-1 ps-4 pe-1 sm:hidden">
                <span className="min-w-0 flex-1 truncate text-sm font-semibold">{titleOf(draft.kind)}</span>
                <IconButton icon="down" label={composerWords.close} onClick={() => setAside(true)} />
              </div>
              <Suspense fallback={<Skeleton className="m-4 h-32" />}>
                <Composer
                  key={`${draft.key} ${draft.kind} ${draft.edition}`}
                  draft={draft}
                  threadMailboxes={thread?.syncing ?? []}
                  placeholder={
                    draft.kind === "forward"
                      ? composerWords.placeholder
                      : words.replyTo(calledIn(messages, draft.to[0]))
                  }
                  onClose={() => {
                    const now = draftsStore.get()[draft.key];
                    if (now !== undefined && isEmpty(now)) dropDraft(draft.key);
                  }}
                  onUndone={() => undefined}
                  onSent={(message, row) => {
                    conversations.put(id, message);
                    threads.take(row);
                  }}
                />
              </Suspense>
            </div>
          )}
        </div>
      </div>
    </div>
  );
}

function titleOf(kind: DraftKind): string {
  return kind === "forward" ? words.forward : kind === "replyAll" ? words.replyAll : words.reply;
}

/** What the conversation calls an address: "Dana". */
function calledIn(messages: readonly Message[], address: string | undefined): string {
  const people = messages.flatMap((message) => [message.from, ...message.to, ...message.cc]);
  const named = people.find((one) => one.address === address && one.name !== null);
  return named === undefined ? (address ?? "") : shortName(named);
}

function ReplyBar({
  last,
  own,
  onWrite,
}: {
  last: Message;
  own: readonly string[];
  onWrite: (kind: DraftKind) => void;
}) {
  const mine = own.includes(last.from.address);
  const to = mine ? last.to[0] : last.from;
  const several = last.to.length + last.cc.length > 1;
  return (
    <div className="flex items-center gap-2" onPointerEnter={() => void fetchComposer()}>
      <button
        type="button"
        title={to === undefined ? undefined : nameOf(to)}
        onClick={() => onWrite("reply")}
        className="flex h-11 min-w-0 flex-1 items-center gap-2 rounded-md border border-line bg-paper px-4 text-start text-ink-2 shadow-1 hover:border-line-strong"
      >
        <Icon name="reply" />
        <span className="truncate">{to === undefined ? words.reply : words.replyTo(shortName(to))}</span>
      </button>
      {several && (
        <Button
          kind="quiet"
          icon="replyAll"
          aria-label={words.replyAll}
          className="h-11 max-sm:w-11 max-sm:px-0"
          onClick={() => onWrite("replyAll")}
        >
          <span className="max-sm:hidden">{words.replyAll}</span>
        </Button>
      )}
      <Button
        kind="quiet"
        icon="forward"
        aria-label={words.forward}
        className="h-11 max-sm:w-11 max-sm:px-0"
        onClick={() => onWrite("forward")}
      >
        <span className="max-sm:hidden">{words.forward}</span>
      </Button>
    </div>
  );
}
