import { lazy, Suspense, useState } from "react";

import { useNow } from "../data/session";
import { Badge, Bar, EmptyState, Section, Select, Skeleton } from "../kit";
import { words } from "../words/admin";
import { ago, fullTime, messageTime } from "../words/times";
import { mailboxesQuery, type GovernedMailbox } from "./documents";
import { NotThere } from "./NotThere";
import { Table, type Column } from "../kit/Table";
import { useAsked } from "./useAsked";

const Activity = lazy(() => import("../activity/Activity"));

function columnsFor(now: Date): Column<GovernedMailbox>[] {
  return [
    {
      heading: words.mailbox,
      cell: (one) => (
        <span className="block min-w-48">
          <span dir="ltr" className="block font-medium">
            {one.address ?? words.noMailbox}
          </span>
          <span className="block text-ink-2">{one.owner.name}</span>
        </span>
      ),
    },
    {
      heading: words.status,
      cell: (one) => (
        <span className="block min-w-32">
          <Badge tone={one.status === "CONNECTED" ? "good" : "warn"}>{words.statuses[one.status]}</Badge>
          {one.statusReason !== null && (
            <span className="wrap-words mt-1 block max-w-80 text-xs text-ink-2">{one.statusReason}</span>
          )}
        </span>
      ),
    },
    {
      heading: words.lastSeen,
      cell: ({ health }) =>
        health.lastChangeSeenAt === null ? (
          <span className="text-ink-3">{words.never}</span>
        ) : (
          <time
            dateTime={health.lastChangeSeenAt}
            title={fullTime(health.lastChangeSeenAt)}
            className="whitespace-nowrap"
          >
            {ago(health.lastChangeSeenAt, now)}
          </time>
        ),
    },
    {
      heading: words.verified,
      cell: ({ health: { verified } }) =>
        verified === null ? (
          <span className="text-ink-3">{words.never}</span>
        ) : (
          <span title={messageTime(verified.at, now)} className="figures whitespace-nowrap">
            {words.of(verified.present, verified.expected)}
          </span>
        ),
    },
    {
      heading: words.sent,
      cell: ({ quota }) =>
        quota === null ? null : (
          <span className="figures flex min-w-28 flex-col gap-1">
            {words.of(quota.used, quota.limit)}
            <Bar
              value={quota.used}
              max={quota.limit}
              label={`${words.sent}: ${words.of(quota.used, quota.limit)}`}
              tone={quota.used >= quota.limit ? "bad" : "accent"}
            />
          </span>
        ),
    },
  ];
}

/** Every mailbox of the workspace and how it syncs, live, and what went through them. */
export function MailboxList() {
  const { data, failed, again } = useAsked(mailboxesQuery);
  const now = useNow(5);
  const mailboxes = data?.mailboxes ?? [];
  return (
    <>
      <Section title={words.mailboxes} about={words.mailboxesAbout}>
        {data === null ? (
          <NotThere failed={failed} again={again} />
        ) : mailboxes.length === 0 ? (
          <EmptyState icon="mail" title={words.mailboxesNone} />
        ) : (
          <Table label={words.mailboxes} rows={mailboxes} keyOf={(one) => one.id} columns={columnsFor(now)} />
        )}
      </Section>
      {mailboxes.length > 0 && <Charts mailboxes={mailboxes} changed={data} />}
    </>
  );
}

function Charts({ mailboxes, changed }: { mailboxes: readonly GovernedMailbox[]; changed: unknown }) {
  const [id, setId] = useState("");
  return (
    <Section
      title={words.activity}
      about={words.activityAbout}
      actions={
        mailboxes.length > 1 ? (
          <Select
            label={words.mailbox}
            labelHidden
            options={[
              { value: "", label: words.allMailboxes },
              ...mailboxes.map((one) => ({ value: one.id, label: one.address ?? one.owner.name })),
            ]}
            value={id}
            onChange={setId}
            className="w-56"
          />
        ) : undefined
      }
    >
      <Suspense fallback={<Skeleton className="h-40" />}>
        <Activity id={id === "" ? null : id} changed={changed} />
      </Suspense>
    </Section>
  );
}
