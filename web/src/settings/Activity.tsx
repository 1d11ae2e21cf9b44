import { useEffect, useState } from "react";

import { ask } from "../data/client";
import { Skeleton } from "../kit";
import { words } from "../words/settings";
import { countByDay, DAYS } from "./days";
import { decisionsQuery, type Decision } from "./documents";
import { DayChart } from "./DayChart";

const MOST_PAGES = 5;

/** Reads decisions back to the chart's first day, `MOST_PAGES` pages at most. */
async function readDecisions(id: string): Promise<{ decisions: Decision[]; whole: boolean }> {
  const decisions: Decision[] = [];
  const first = Date.now() - DAYS * 86_400_000;
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer: {
      edges: readonly { node: Decision }[];
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
    } = (await ask(decisionsQuery, { id, first: 100, after })).syncDecisions;
    decisions.push(...answer.edges.map((edge) => edge.node));
    const oldest = decisions[decisions.length - 1];
    const reached = oldest === undefined || new Date(oldest.at).getTime() < first;
    if (!answer.pageInfo.hasNextPage || reached) return { decisions, whole: true };
    after = answer.pageInfo.endCursor;
  }
  return { decisions, whole: false };
}

/** What the mailbox showed, day by day. */
export default function Activity({ id, changed }: { id: string; changed: unknown }) {
  const [read, setRead] = useState<{ decisions: Decision[]; whole: boolean } | null>(null);
  useEffect(() => {
    let late = false;
    readDecisions(id).then(
      (answer) => {
        if (!late) setRead(answer);
      },
      // The chart stays as it is; the frame says that the server is away.
      () => undefined,
    );
    return () => {
      late = true;
    };
  }, [id, changed]);
  if (read === null) return <Skeleton className="h-40" />;
  if (read.decisions.length === 0) return <p className="text-sm text-ink-2">{words.activityNone}</p>;
  return (
    <>
      <DayChart days={countByDay(read.decisions, new Date())} />
      {!read.whole && <p className="text-sm text-ink-3">{words.activityPart(read.decisions.length)}</p>}
    </>
  );
}
