import type { TypedDocumentNode } from "@urql/core";
import { useEffect, useState } from "react";

import { ask, sentenceOf } from "../data/client";
import { useFeed } from "../data/useFeed";

export interface Asked<Data> {
  data: Data | null;
  /** Why there is nothing to be shown; what is on the screen already stays there. */
  failed: string | null;
  again: () => void;
  /** Puts what a change answered in its place. */
  put: (change: (data: Data) => Data) => void;
}

const NONE: Record<string, never> = {};

/** Asks when it is shown, again after the line was down, and again when it is told to. */
export function useAsked<Data>(document: TypedDocumentNode<Data, Record<string, never>>): Asked<Data> {
  const [data, setData] = useState<Data | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  const again = () => setAsked((count) => count + 1);
  useEffect(() => {
    let late = false;
    ask(document, NONE).then(
      (answer) => {
        if (late) return;
        setData(answer);
        setFailed(null);
      },
      (error: unknown) => {
        if (!late) setFailed(sentenceOf(error));
      },
    );
    return () => {
      late = true;
    };
  }, [document, asked]);
  useFeed((event) => {
    if (event.__typename === "MailboxChanged") again();
  }, again);
  return { data, failed, again, put: (change) => setData((now) => (now === null ? now : change(now))) };
}
