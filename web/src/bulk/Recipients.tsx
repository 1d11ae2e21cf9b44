import { useEffect, useRef, useState } from "react";

import { ask, sentenceOf } from "../data/client";
import { Link } from "../frame/Link";
import { Badge, Button, Notice, Section, Skeleton, Tabs, type Tab } from "../kit";
import { Table, type Column } from "../kit/Table";
import { words } from "../words/bulk";
import { recipientsQuery, type BulkSend, type Outcome, type Recipient } from "./documents";

type Shown = "ALL" | Outcome;

const TONES: Record<Outcome, "neutral" | "good" | "warn" | "bad" | "info"> = {
  WAITING: "neutral",
  UNDER_WAY: "info",
  SENT: "good",
  BOUNCED: "bad",
  UNCERTAIN: "warn",
  REFUSED: "bad",
  CANCELLED: "neutral",
};

interface Listed {
  shown: Shown;
  rows: readonly Recipient[];
  after: string | null;
  hasMore: boolean;
}

function nameOf({ contact }: Recipient): string {
  return contact.name ?? contact.emails[0] ?? words.unnamed;
}

const COLUMNS: readonly Column<Recipient>[] = [
  {
    heading: words.contact,
    cell: (one) => (
      <span className="block min-w-44">
        <Link href={`/contacts/${one.contact.id}`} dir="auto" className="block font-medium hover:underline">
          {nameOf(one)}
        </Link>
        {one.contact.name !== null && <span className="block text-ink-2">{one.contact.emails[0]}</span>}
      </span>
    ),
  },
  {
    heading: words.outcome,
    cell: (one) => (
      <span className="flex min-w-40 flex-col items-start gap-1">
        <Badge tone={TONES[one.outcome]}>{words.outcomes[one.outcome]}</Badge>
        {one.reason !== null && <span className="wrap-words text-ink-2">{one.reason}</span>}
      </span>
    ),
  },
  {
    heading: words.conversation,
    end: true,
    cell: (one) =>
      one.message === null ? null : (
        <Link
          href={`/t/${one.message.thread.id}`}
          aria-label={words.openOf(nameOf(one))}
          className="text-accent hover:underline"
        >
          {words.open}
        </Link>
      ),
  },
];

/** What became of every contact, of those in one state or of all; read anew as the counts move. */
export function Recipients({ id, bulk }: { id: string; bulk: BulkSend }) {
  const [shown, setShown] = useState<Shown>("ALL");
  const [listed, setListed] = useState<Listed | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const asked = useRef(0);
  const load = (after: string | null) => {
    asked.current += 1;
    const mine = asked.current;
    ask(recipientsQuery, { id, outcome: shown === "ALL" ? null : shown, after }).then(
      ({ bulkRecipients: { edges, pageInfo } }) => {
        if (mine !== asked.current) return;
        const read = edges.map((edge) => edge.node);
        setFailed(null);
        setListed((now) => ({
          shown,
          rows: after === null ? read : [...(now?.rows ?? []), ...read],
          after: pageInfo.endCursor,
          hasMore: pageInfo.hasNextPage,
        }));
      },
      (error: unknown) => setFailed(sentenceOf(error)),
    );
  };
  useEffect(() => load(null), [id, shown, bulk.sent, bulk.refused, bulk.state]); // eslint-disable-line react-hooks/exhaustive-deps -- `load` reads these
  const tabs: Tab<Shown>[] = [
    { value: "ALL", label: words.allOutcomes, count: bulk.total },
    { value: "SENT", label: words.outcomes.SENT, count: bulk.sent },
    { value: "REFUSED", label: words.outcomes.REFUSED, count: bulk.refused },
    { value: "BOUNCED", label: words.outcomes.BOUNCED },
    { value: "UNCERTAIN", label: words.outcomes.UNCERTAIN },
    { value: "WAITING", label: words.outcomes.WAITING },
  ];
  return (
    <Section title={words.recipients} about={words.recipientsAbout}>
      <Tabs label={words.outcome} tabs={tabs} value={shown} onChange={setShown} controls="bulk-recipients" />
      <div id="bulk-recipients" role="tabpanel" aria-label={words.recipients} className="flex flex-col gap-3">
        {failed !== null && (
          <Notice tone="bad" action={<Button onClick={() => load(null)}>{words.tryAgain}</Button>}>
            {words.away} {failed}
          </Notice>
        )}
        {listed === null ? (
          failed === null && <Skeleton className="h-40" />
        ) : listed.rows.length === 0 ? (
          <p className="py-6 text-center text-sm text-ink-2">{words.noSuch}</p>
        ) : (
          <Table label={words.recipients} rows={listed.rows} columns={COLUMNS} keyOf={(one) => one.id} />
        )}
        {listed?.hasMore === true && (
          <span>
            <Button onClick={() => load(listed.after)}>{words.more}</Button>
          </span>
        )}
      </div>
    </Section>
  );
}
