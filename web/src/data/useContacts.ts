import { useEffect, useRef, useState } from "react";

import { ask, sentenceOf } from "./client";
import { contactsPageQuery, type ListedContact as Contact } from "./documents";

interface Listed {
  /** What was searched for; a list of older words is shown until the new one is there. */
  search: string;
  contacts: readonly Contact[];
  after: string | null;
  hasMore: boolean;
}

export interface Contacts {
  listed: Listed | null;
  failed: string | null;
  more: () => void;
  again: () => void;
}

const PAUSE_MS = 150;

/** The contacts that fit the words, in pages; an answer that comes late for older words is dropped. */
export function useContacts(search: string): Contacts {
  const [listed, setListed] = useState<Listed | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  const loading = useRef(false);
  const first = useRef(true);

  useEffect(() => {
    let late = false;
    const load = () => {
      ask(contactsPageQuery, { search: search === "" ? null : search, after: null }).then(
        ({ contacts: { edges, pageInfo } }) => {
          if (late) return;
          setFailed(null);
          setListed({
            search,
            contacts: edges.map((edge) => edge.node),
            after: pageInfo.endCursor,
            hasMore: pageInfo.hasNextPage,
          });
        },
        (error: unknown) => {
          if (!late) setFailed(sentenceOf(error));
        },
      );
    };
    const timer = window.setTimeout(load, first.current ? 0 : PAUSE_MS);
    first.current = false;
    return () => {
      late = true;
      window.clearTimeout(timer);
    };
  }, [search, asked]);

  const more = () => {
    if (loading.current || listed === null || !listed.hasMore || listed.search !== search) return;
    loading.current = true;
    const before = listed;
    void ask(contactsPageQuery, { search: search === "" ? null : search, after: before.after })
      .then(
        ({ contacts: { edges, pageInfo } }) => {
          setListed((now) =>
            now === before
              ? {
                  ...before,
                  contacts: [...before.contacts, ...edges.map((edge) => edge.node)],
                  after: pageInfo.endCursor,
                  hasMore: pageInfo.hasNextPage,
                }
              : now,
          );
        },
        (error: unknown) => setFailed(sentenceOf(error)),
      )
      .finally(() => {
        loading.current = false;
      });
  };
  return { listed, failed, more, again: () => setAsked((count) => count + 1) };
}
