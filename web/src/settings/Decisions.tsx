import { useEffect, useState } from "react";

import { ask } from "../data/client";
import { Badge, Button } from "../kit";
import { words } from "../words/settings";
import { fullTime, messageTime } from "../words/times";
import { decisionsQuery, type Decision } from "./documents";

const SOME = 10;

/** The latest decisions of a mailbox: what came in and what was left alone, each with its rule in a sentence. */
export function Decisions({ id, changed }: { id: string; changed: unknown }) {
  const [shown, setShown] = useState<readonly Decision[] | null>(null);
  const [wanted, setWanted] = useState(SOME);
  const [more, setMore] = useState(false);
  useEffect(() => {
    let late = false;
    ask(decisionsQuery, { id, first: wanted, after: null }).then(
      ({ syncDecisions }) => {
        if (late) return;
        setShown(syncDecisions.edges.map((edge) => edge.node));
        setMore(syncDecisions.pageInfo.hasNextPage && wanted < 100);
      },
      () => undefined,
    );
    return () => {
      late = true;
    };
  }, [id, changed, wanted]);
  if (shown === null) return null;
  return (
    <div className="flex flex-col gap-2">
      <h3 className="text-sm font-medium">{words.latest}</h3>
      {shown.length === 0 ? (
        <p className="text-sm text-ink-2">{words.latestNone}</p>
      ) : (
        <ul className="flex flex-col">
          {shown.map((decision) => (
            <li
              key={decision.id}
              className="flex flex-wrap items-baseline gap-x-3 border-b border-line py-2 text-sm"
            >
              <time dateTime={decision.at} title={fullTime(decision.at)} className="w-24 shrink-0 text-ink-2">
                {messageTime(decision.at)}
              </time>
              <Badge tone={decision.synced ? "good" : "neutral"}>
                {decision.synced ? words.cameIn : words.leftAlone}
              </Badge>
              <span className="wrap-words min-w-0 flex-1 basis-60">{decision.explanation}</span>
              <span className="figures text-xs text-ink-3" title={words.rule}>
                {decision.rule}
              </span>
            </li>
          ))}
        </ul>
      )}
      {more && (
        <span>
          <Button kind="quiet" onClick={() => setWanted((now) => Math.min(100, now + 30))}>
            {words.more}
          </Button>
        </span>
      )}
    </div>
  );
}
