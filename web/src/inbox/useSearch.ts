import { useEffect, useRef, useState } from "react";

import { ask, AskFailed } from "../data/client";
import { searchQuery, type Found } from "../data/documents";

/** Long enough that somebody who types fast asks once, short enough that nobody waits for it. */
const PAUSE_MS = 60;

export interface Search {
  /** The words that `found` answers. */
  query: string;
  found: readonly Found[];
  cursor: string | null;
  trouble: string | null;
  done: boolean;
}

const NOTHING: Search = { query: "", found: [], cursor: null, trouble: null, done: false };

/** What the mail says to these words: asked after a pause, or `now`; the answer to earlier words is never shown late. */
export function useSearch(query: string) {
  const [state, setState] = useState<Search>(NOTHING);
  const begin = useRef<() => void>(() => undefined);
  useEffect(() => {
    let late = false;
    let begun = false;
    const look = () => {
      if (begun) return;
      begun = true;
      ask(searchQuery, { query }).then(
        ({ searchMessages }) => {
          if (late) return;
          const { hasNextPage, endCursor } = searchMessages.pageInfo;
          const found = searchMessages.edges.map((edge) => edge.node);
          setState({ query, found, cursor: hasNextPage ? endCursor : null, trouble: null, done: true });
        },
        (error: unknown) => {
          if (!(error instanceof AskFailed)) throw error;
          if (!late) setState({ ...NOTHING, query, trouble: error.trouble.message, done: true });
        },
      );
    };
    begin.current = look;
    const timer = window.setTimeout(look, PAUSE_MS);
    return () => {
      late = true;
      window.clearTimeout(timer);
    };
  }, [query]);
  const loading = useRef(false);
  const more = async () => {
    if (loading.current) return;
    loading.current = true;
    try {
      const { searchMessages } = await ask(searchQuery, { query: state.query, after: state.cursor });
      const { hasNextPage, endCursor } = searchMessages.pageInfo;
      setState((before) => ({
        ...before,
        cursor: hasNextPage ? endCursor : null,
        found: [...before.found, ...searchMessages.edges.map((edge) => edge.node)],
      }));
    } catch (error) {
      if (!(error instanceof AskFailed)) throw error;
      setState((before) => ({ ...before, trouble: error.trouble.message }));
    } finally {
      loading.current = false;
    }
  };
  return { state, more, now: () => begin.current() };
}
