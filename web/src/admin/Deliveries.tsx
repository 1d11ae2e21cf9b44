import { useEffect, useState } from "react";

import { ask, change, sentenceOf } from "../data/client";
import { Badge, Button, Notice, Skeleton, toasts } from "../kit";
import { Table, type Column } from "../kit/Table";
import { words } from "../words/webhooks";
import { fullTime, messageTime } from "../words/times";
import { deliveriesQuery, replayDelivery, type WebhookDelivery } from "./webhook-documents";

const TONES = { WAITING: "info", DELIVERED: "good", FAILED: "bad", WITHHELD: "neutral" } as const;
const LOOK_MS = 2000;

interface Listed {
  rows: readonly WebhookDelivery[];
  after: string | null;
  hasMore: boolean;
}

function nameOf({ kind }: WebhookDelivery): string {
  return kind === null ? words.ping : words.shortKinds[kind];
}

function detailOf(one: WebhookDelivery): string {
  return [
    one.state === "WITHHELD" ? words.withheldWhy : one.error,
    one.lastStatus === null ? null : words.answered(one.lastStatus),
    one.attempts > 1 ? words.attempts(one.attempts) : null,
    one.nextAttemptAt === null ? null : words.next(messageTime(one.nextAttemptAt)),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** What a webhook was told, newest first, each to be sent again. Looked at anew while something waits. */
export function Deliveries({ id, told, changed }: { id: string; told: number; changed: unknown }) {
  const [listed, setListed] = useState<Listed | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = (after: string | null) => {
    ask(deliveriesQuery, { id, after }).then(
      ({ webhookDeliveries: { edges, pageInfo } }) => {
        const read = edges.map((edge) => edge.node);
        setFailed(null);
        setListed((now) => ({
          rows: after === null ? read : [...(now?.rows ?? []), ...read],
          after: pageInfo.endCursor,
          hasMore: pageInfo.hasNextPage,
        }));
      },
      (error: unknown) => setFailed(sentenceOf(error)),
    );
  };
  useEffect(() => load(null), [id, told, changed]); // eslint-disable-line react-hooks/exhaustive-deps -- `load` reads these
  const waits =
    listed !== null && listed.rows.length <= 20 && listed.rows.some((one) => one.state === "WAITING");
  useEffect(() => {
    if (!waits) return;
    const timer = window.setInterval(() => load(null), LOOK_MS);
    return () => window.clearInterval(timer);
  });
  const again = async (one: WebhookDelivery) => {
    try {
      const answer = (await change(replayDelivery, { id: one.id })).replayWebhookDelivery;
      if (answer.__typename === "WebhookDelivery") toasts.show(words.asked);
      else toasts.show(answer.message, { tone: "bad" });
      load(null);
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
  };
  const columns: Column<WebhookDelivery>[] = [
    {
      heading: words.when,
      cell: (one) => (
        <time dateTime={one.createdAt} title={fullTime(one.createdAt)} className="whitespace-nowrap">
          {messageTime(one.createdAt)}
        </time>
      ),
    },
    { heading: words.what, cell: (one) => <span className="whitespace-nowrap">{nameOf(one)}</span> },
    {
      heading: words.state,
      cell: (one) => (
        <span className="flex min-w-48 flex-col items-start gap-1">
          <Badge tone={TONES[one.state]}>{words.deliveryStates[one.state]}</Badge>
          {detailOf(one) !== "" && <span className="wrap-words text-ink-2">{detailOf(one)}</span>}
        </span>
      ),
    },
    {
      heading: words.actions,
      headingHidden: true,
      end: true,
      cell: (one) =>
        one.state === "WAITING" ? null : (
          <Button aria-label={words.againOf(nameOf(one))} onClick={() => void again(one)}>
            {words.again}
          </Button>
        ),
    },
  ];
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm text-ink-3">{words.deliveriesAbout}</p>
      {failed !== null && (
        <Notice tone="bad" action={<Button onClick={() => load(null)}>{words.tryAgain}</Button>}>
          {words.away} {failed}
        </Notice>
      )}
      {listed === null ? (
        failed === null && <Skeleton className="h-24" />
      ) : listed.rows.length === 0 ? (
        <p className="text-sm text-ink-2">{words.deliveriesNone}</p>
      ) : (
        <Table label={words.show} rows={listed.rows} columns={columns} keyOf={(one) => one.id} />
      )}
      {listed?.hasMore === true && (
        <span>
          <Button onClick={() => load(listed.after)}>{words.moreRows}</Button>
        </span>
      )}
    </div>
  );
}
