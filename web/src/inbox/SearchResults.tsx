import { useEffect, useState } from "react";

import { ask, AskFailed } from "../data/client";
import { searchQuery, type Found } from "../data/documents";
import { useNow } from "../data/session";
import { Link } from "../frame/Link";
import { Button, classes, EmptyState, Skeleton } from "../kit";
import { words } from "../words/inbox";
import { fullTime, shortTime } from "../words/times";
import { Marked } from "./Marked";
import { wordsOf } from "./marking";
import { nameOfThread } from "./Row";

interface State {
  query: string;
  found: readonly Found[];
  cursor: string | null;
  trouble: string | null;
  done: boolean;
}

const NOTHING: State = { query: "", found: [], cursor: null, trouble: null, done: false };

function useSearch(query: string) {
  const [state, setState] = useState<State>(NOTHING);
  useEffect(() => {
    let late = false;
    const timer = window.setTimeout(() => {
      ask(searchQuery, { query }).then(
        ({ searchMessages }) => {
          if (late) return;
          const cursor = searchMessages.pageInfo.hasNextPage ? searchMessages.pageInfo.endCursor : null;
          setState({
            query,
            found: searchMessages.edges.map((edge) => edge.node),
            cursor,
            trouble: null,
            done: true,
          });
        },
        (error: unknown) => {
          if (!(error instanceof AskFailed)) throw error;
          if (!late) setState({ ...NOTHING, query, trouble: error.trouble.message, done: true });
        },
      );
    }, 130);
    return () => {
      late = true;
      window.clearTimeout(timer);
    };
  }, [query]);
  const more = async () => {
    try {
      const { searchMessages } = await ask(searchQuery, { query: state.query, after: state.cursor });
      const cursor = searchMessages.pageInfo.hasNextPage ? searchMessages.pageInfo.endCursor : null;
      setState((before) => ({
        ...before,
        cursor,
        found: [...before.found, ...searchMessages.edges.map((edge) => edge.node)],
      }));
    } catch (error) {
      if (!(error instanceof AskFailed)) throw error;
      setState((before) => ({ ...before, trouble: error.trouble.message }));
    }
  };
  return { state, more };
}

/** Messages that hold the words, newest first, with the words marked. */
export default function SearchResults({ query, openId }: { query: string; openId: string | null }) {
  const { state, more } = useSearch(query.trim());
  const now = useNow(60);
  const marked = wordsOf(state.query);
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
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-4">
      <p role="status" className="px-2.5 pb-1 text-xs text-ink-2">
        {words.results(state.found.length, state.cursor !== null)}
      </p>
      <ul>
        {state.found.map((message) => (
          <li key={message.id}>
            <Link
              href={`/t/${message.thread.id}?message=${message.id}`}
              aria-current={message.thread.id === openId ? "true" : undefined}
              className={classes(
                "flex flex-col rounded-md px-2.5 py-2",
                message.thread.id === openId ? "bg-chosen" : "hover:bg-hover",
              )}
            >
              <span className="flex items-baseline gap-2">
                <span dir="auto" className="min-w-0 flex-1 truncate text-start font-medium">
                  <Marked text={message.from.name ?? message.from.address} marked={marked} />
                  {message.direction === "OUTBOUND" && (
                    <span className="font-normal text-ink-3"> → {nameOfThread(message.thread)}</span>
                  )}
                </span>
                <time
                  dateTime={message.sentAt}
                  title={fullTime(message.sentAt)}
                  className="text-xs text-ink-3"
                >
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
          </li>
        ))}
      </ul>
      {state.cursor !== null && (
        <Button kind="quiet" className="mx-auto flex" onClick={() => void more()}>
          {words.loadingMore}
        </Button>
      )}
    </div>
  );
}
