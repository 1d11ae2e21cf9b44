import { useEffect, useState } from "react";

import { ask, sentenceOf } from "../data/client";
import { previewQuery, type BulkInput, type PreviewAnswer } from "./documents";

export type Looked =
  | { kind: "nothing" }
  | { kind: "waiting"; before: PreviewAnswer | null }
  | { kind: "answer"; answer: PreviewAnswer }
  | { kind: "failed"; message: string };

const PAUSE_MS = 250;

/** Asks the server what it would do with this; null asks nothing. What comes late for an older input is dropped. */
export function usePreview(input: BulkInput | null, index = 0, pause = PAUSE_MS): [Looked, () => void] {
  const asked = input === null ? null : JSON.stringify([input, index]);
  const [state, setState] = useState<{ asked: string; answer?: PreviewAnswer; failed?: string } | null>(null);
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (asked === null) return;
    let late = false;
    const [variables, place] = JSON.parse(asked) as [BulkInput, number];
    const timer = window.setTimeout(() => {
      ask(previewQuery, { input: variables, index: place }).then(
        ({ previewBulkEmail: answer }) => {
          if (!late) setState({ asked, answer });
        },
        (error: unknown) => {
          if (!late) setState({ asked, failed: sentenceOf(error) });
        },
      );
    }, pause);
    return () => {
      late = true;
      window.clearTimeout(timer);
    };
  }, [asked, again, pause]);
  const retry = () => setAgain((count) => count + 1);
  if (asked === null) return [{ kind: "nothing" }, retry];
  if (state?.asked !== asked) return [{ kind: "waiting", before: state?.answer ?? null }, retry];
  if (state.failed !== undefined) return [{ kind: "failed", message: state.failed }, retry];
  return [state.answer === undefined ? { kind: "nothing" } : { kind: "answer", answer: state.answer }, retry];
}
