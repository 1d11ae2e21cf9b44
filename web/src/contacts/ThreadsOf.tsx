import { useEffect, useState } from "react";

import { ask } from "../data/client";
import { useFeed } from "../data/useFeed";
import { Link } from "../frame/Link";
import { Badge, Button, classes, Section } from "../kit";
import { words } from "../words/contacts";
import { fullTime, shortTime } from "../words/times";
import { threadsOfQuery, type ThreadOfContact } from "./documents";

interface Page {
  threads: readonly ThreadOfContact[];
  after: string | null;
}

async function read(id: string, after: string | null): Promise<Page> {
  const threads = (await ask(threadsOfQuery, { id, after })).contact?.threads;
  if (threads === undefined) return { threads: [], after: null };
  const { hasNextPage, endCursor } = threads.pageInfo;
  return { threads: threads.edges.map((edge) => edge.node), after: hasNextPage ? endCursor : null };
}

/** The contact's conversations, the latest first, kept up while they are looked at. */
export function ThreadsOf({ id }: { id: string }) {
  const [page, setPage] = useState<Page | null>(null);
  const load = () => {
    // What is on the screen stays while the server is away.
    read(id, null).then(setPage, () => undefined);
  };
  useEffect(load, [id]);
  useFeed((event) => {
    if (event.__typename === "MessageSynced" && event.message.thread.contact.id === id) load();
    if (event.__typename === "ThreadChanged" && event.thread.contact.id === id) load();
    if (event.__typename === "Withdrawn") load();
  }, load);
  const more = () => {
    if (page?.after === null || page === null) return;
    read(id, page.after).then(
      (next) => setPage({ threads: [...page.threads, ...next.threads], after: next.after }),
      () => undefined,
    );
  };
  return (
    <Section title={words.conversations}>
      {page !== null && page.threads.length === 0 && (
        <p className="text-sm text-ink-2">{words.conversationsNone}</p>
      )}
      <ul className="flex flex-col">
        {page?.threads.map((thread) => (
          <li key={thread.id} className="border-b border-line">
            <Link href={`/t/${thread.id}`} className="block rounded-md px-2 py-2.5 hover:bg-hover">
              <span className="flex items-baseline gap-2">
                <span
                  dir="auto"
                  className={classes(
                    "min-w-0 flex-1 truncate text-base",
                    thread.unreadCount > 0 && "font-semibold",
                  )}
                >
                  {thread.subject === "" ? words.noSubject : thread.subject}
                </span>
                {thread.unreadCount > 0 && <Badge tone="info">{words.unread(thread.unreadCount)}</Badge>}
                <time
                  dateTime={thread.lastMessageAt}
                  title={fullTime(thread.lastMessageAt)}
                  className="shrink-0 text-sm text-ink-3"
                >
                  {shortTime(thread.lastMessageAt)}
                </time>
              </span>
              <span className="flex gap-2 text-sm text-ink-2">
                <span dir="auto" className="min-w-0 flex-1 truncate">
                  {thread.lastMessage?.snippet}
                </span>
                <span className="figures shrink-0 text-ink-3">{words.messages(thread.messageCount)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {page !== null && page.after !== null && (
        <span>
          <Button kind="quiet" onClick={more}>
            {words.conversationsMore}
          </Button>
        </span>
      )}
    </Section>
  );
}
