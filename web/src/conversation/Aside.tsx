import { useEffect, useRef } from "react";
import { useQuery } from "urql";

import { contactThreadsQuery, type Conversation } from "../data/documents";
import { useNow, useSession } from "../data/session";
import { Link } from "../frame/Link";
import { Avatar, Badge, classes, IconButton } from "../kit";
import { words } from "../words/conversation";
import { ago, shortTime } from "../words/times";
import { useNameOf } from "./people";
import { isWide } from "./useAside";

function OtherThreads({ thread }: { thread: Conversation }) {
  const [answer] = useQuery({ query: contactThreadsQuery, variables: { id: thread.contact.id } });
  const now = useNow(60);
  const others = (answer.data?.contact?.threads.edges ?? [])
    .map((edge) => edge.node)
    .filter((one) => one.id !== thread.id);
  if (answer.data === undefined) return null;
  if (others.length === 0) return <p className="text-sm text-ink-3">{words.noOthers}</p>;
  return (
    <ul className="-mx-2 flex flex-col">
      {others.map((one) => (
        <li key={one.id}>
          <Link
            href={`/t/${one.id}`}
            className="flex items-baseline gap-2 rounded-md px-2 py-1 text-sm hover:bg-hover"
          >
            <span
              dir="auto"
              className={classes(
                "min-w-0 flex-1 truncate text-start",
                one.unreadCount > 0 && "font-semibold",
              )}
            >
              {one.subject || words.hiddenSubject}
            </span>
            <time dateTime={one.lastMessageAt} className="text-xs text-ink-3">
              {shortTime(one.lastMessageAt, now)}
            </time>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Syncing({ thread }: { thread: Conversation }) {
  const now = useNow(10);
  const session = useSession();
  if (thread.syncing.length === 0) return <p className="text-sm text-ink-2">{words.notSyncing}</p>;
  return (
    <ul className="flex flex-col gap-2">
      {thread.syncing.map((linked) => {
        // The session's copy is kept up by the feed.
        const mailbox = session.mailboxes.find((one) => one.id === linked.id) ?? linked;
        const ok = mailbox.status === "CONNECTED";
        const seen = mailbox.health.lastChangeSeenAt;
        return (
          <li key={mailbox.id} className="flex flex-col text-sm">
            <span className="flex items-center gap-2">
              <span
                aria-hidden="true"
                className={classes("size-2 shrink-0 rounded-full", ok ? "bg-good" : "bg-warn")}
              />
              <span className="wrap-words min-w-0">{mailbox.address ?? mailbox.owner.name}</span>
            </span>
            <span className="ps-4 text-xs text-ink-3">
              {ok
                ? words.syncOk(seen === null ? "-" : ago(seen, now))
                : mailbox.status === "AUTHORIZING"
                  ? words.syncConnecting
                  : words.syncWaits}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** Whom the conversation is with, who else is in it, and through which mailbox it lives. */
export function Aside({ thread, onClose }: { thread: Conversation; onClose: () => void }) {
  const sheet = useRef<HTMLElement>(null);
  useEffect(() => {
    const own = sheet.current;
    if (isWide() || own === null) return;
    const before = document.activeElement;
    own.focus();
    return () => {
      // Wherever the reader went meanwhile, they stay there.
      if (document.activeElement !== document.body && !own.contains(document.activeElement)) return;
      if (before instanceof HTMLElement && before !== document.body) before.focus();
      else document.getElementById("main")?.focus();
    };
  }, []);
  const { user } = useSession();
  const nameOf = useNameOf();
  const { contact } = thread;
  const name = contact.name ?? contact.emails[0] ?? "";
  const known = new Set([user.email, ...contact.emails]);
  const others = thread.participants.filter((one) => !known.has(one.address));
  const heading = "mb-1.5 text-xs font-semibold text-ink-2";
  return (
    // A sheet is left by Escape, as every sheet is.

    <aside
      ref={sheet}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || isWide()) return;
        event.stopPropagation();
        onClose();
      }}
      aria-label={words.about}
      className="max-wide:animate-appear outline-none flex w-72 shrink-0 flex-col gap-6 overflow-y-auto border-s border-line bg-canvas p-4 max-wide:absolute max-wide:inset-y-0 max-wide:end-0 max-wide:z-20 max-wide:shadow-3"
    >
      <section aria-label={words.contact} className="flex flex-col gap-1">
        <span className="flex items-start justify-between">
          <Avatar name={name} size={44} />
          <IconButton icon="close" label={words.hideAbout} onClick={onClose} className="-me-2 -mt-1" />
        </span>
        <h2 dir="auto" className="wrap-words mt-2 text-start text-lg font-semibold">
          <Link href={`/contacts/${contact.id}`} className="hover:underline">
            {name}
          </Link>
        </h2>
        {contact.company !== null && <p className="text-sm text-ink-2">{contact.company}</p>}
        {contact.emails.map((email) => (
          <p key={email} className="wrap-words text-sm text-ink-2 select-all">
            {email}
          </p>
        ))}
        <p className="text-xs text-ink-3">{words.firstSeen(shortTime(contact.createdAt))}</p>
      </section>
      <section>
        <h3 className={heading}>{words.otherThreads}</h3>
        <OtherThreads thread={thread} />
      </section>
      {others.length > 0 && (
        <section>
          <h3 className={heading}>{words.takePart}</h3>
          <ul className="flex flex-col gap-1.5">
            {others.map((one) => (
              <li key={one.address} className="flex items-center gap-2 text-sm">
                <Avatar name={nameOf(one)} size={20} />
                <span dir="auto" className="min-w-0 flex-1 truncate text-start" title={one.address}>
                  {nameOf(one)}
                </span>
                {one.kind === "USER" && <Badge>{words.colleague}</Badge>}
                {one.kind === "OTHER" && <Badge tone="warn">{words.outside}</Badge>}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3 className={heading}>{words.syncing}</h3>
        <Syncing thread={thread} />
      </section>
    </aside>
  );
}
