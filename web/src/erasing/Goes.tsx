import { useEffect, useState } from "react";

import { ask, sentenceOf } from "../data/client";
import { words } from "../words/erasing";
import type { Erasure, Preview } from "./documents";

/** Says what an erasure takes away and what it leaves, counted now. */
export function Goes({ preview, id }: { preview: Preview; id: string }) {
  const [counted, setCounted] = useState<Erasure | string | null>(null);
  useEffect(() => {
    let late = false;
    ask(preview, { id }).then(
      ({ preview: answer }) => {
        if (!late) setCounted(answer.__typename === "Erasure" ? answer : answer.message);
      },
      (error: unknown) => {
        if (!late) setCounted(sentenceOf(error));
      },
    );
    return () => {
      late = true;
    };
  }, [preview, id]);
  if (counted === null || typeof counted === "string") {
    return (
      <p role="status" className="text-sm text-ink-3">
        {counted ?? words.counting}
      </p>
    );
  }
  return (
    <ul className="flex list-disc flex-col gap-2 ps-5">
      <li>{words.goes(counted.messages, counted.threads, counted.attachments)}</li>
      {counted.messagesKept > 0 && <li>{words.kept(counted.messagesKept)}</li>}
      {counted.sendsRefused > 0 && <li>{words.sends(counted.sendsRefused)}</li>}
      <li>{words.noWayBack}</li>
    </ul>
  );
}
