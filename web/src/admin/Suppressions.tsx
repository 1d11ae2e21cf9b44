import { useEffect, useState } from "react";

import { ask, change, sentenceOf } from "../data/client";
import { Button, Confirm, Dialog, Notice, Section, Skeleton, TextField, toasts } from "../kit";
import { Table, type Column } from "../kit/Table";
import { words } from "../words/sending";
import { fullTime, shortTime } from "../words/times";
import { suppress, suppressionsQuery, type Suppressed } from "./sending-documents";

interface Listed {
  search: string;
  rows: readonly Suppressed[];
  after: string | null;
  hasMore: boolean;
}

const PAUSE_MS = 200;

function useSuppressions(search: string) {
  const [listed, setListed] = useState<Listed | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  const load = (after: string | null, isLate: () => boolean) => {
    ask(suppressionsQuery, { search: search === "" ? null : search, after }).then(
      ({ suppressions: { edges, pageInfo } }) => {
        if (isLate()) return;
        const read = edges.map((edge) => edge.node);
        setFailed(null);
        setListed((now) => ({
          search,
          rows: after === null ? read : [...(now?.rows ?? []), ...read],
          after: pageInfo.endCursor,
          hasMore: pageInfo.hasNextPage,
        }));
      },
      (error: unknown) => {
        if (!isLate()) setFailed(sentenceOf(error));
      },
    );
  };
  useEffect(() => {
    let late = false;
    const timer = window.setTimeout(() => load(null, () => late), search === "" ? 0 : PAUSE_MS);
    return () => {
      late = true;
      window.clearTimeout(timer);
    };
  }, [search, asked]); // eslint-disable-line react-hooks/exhaustive-deps -- `load` reads these
  const again = () => setAsked((count) => count + 1);
  const more = () => listed !== null && load(listed.after, () => false);
  return { listed, failed, again, more };
}

const COLUMNS: readonly Column<Suppressed>[] = [
  {
    heading: words.address,
    cell: (one) => (
      <span dir="ltr" className="wrap-words font-medium">
        {one.address}
      </span>
    ),
  },
  { heading: words.reason, cell: (one) => words.reasons[one.reason] },
  {
    heading: words.since,
    cell: (one) => (
      <time dateTime={one.createdAt} title={fullTime(one.createdAt)} className="whitespace-nowrap">
        {shortTime(one.createdAt)}
      </time>
    ),
  },
];

const WHY = {
  UNSUBSCRIBED: words.takeOffUnsubscribed,
  BOUNCED: words.takeOffBounced,
  ADDED: words.takeOffAdded,
};

/** The addresses that bulk mail passes over, each with why. */
export function Suppressions() {
  const [typed, setTyped] = useState("");
  const { listed, failed, again, more } = useSuppressions(typed.trim());
  const [adding, setAdding] = useState(false);
  const [off, setOff] = useState<Suppressed | null>(null);
  const [busy, setBusy] = useState(false);
  const set = async (address: string, suppressed: boolean): Promise<string | null> => {
    try {
      const answer = (await change(suppress, { address, suppressed })).suppressAddress;
      if (answer.__typename !== "Suppression") return answer.message;
      toasts.show(suppressed ? words.added(answer.address) : words.takenOff(answer.address));
      again();
      return null;
    } catch (error) {
      return sentenceOf(error);
    }
  };
  const takeOff = async () => {
    if (off === null) return;
    setBusy(true);
    const wrong = await set(off.address, false);
    if (wrong !== null) toasts.show(wrong, { tone: "bad" });
    setBusy(false);
    setOff(null);
  };
  const columns: Column<Suppressed>[] = [
    ...COLUMNS,
    {
      heading: words.actions,
      headingHidden: true,
      end: true,
      cell: (one) => (
        <Button aria-label={words.takeOffOf(one.address)} onClick={() => setOff(one)}>
          {words.takeOff}
        </Button>
      ),
    },
  ];
  const rows = listed?.rows ?? [];
  return (
    <Section
      title={words.list}
      about={words.listAbout}
      actions={
        <Button icon="plus" onClick={() => setAdding(true)}>
          {words.add}
        </Button>
      }
    >
      {(rows.length > 0 || typed !== "") && (
        <TextField
          label={words.search}
          labelHidden
          placeholder={words.search}
          type="search"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      {failed !== null && (
        <Notice tone="bad" action={<Button onClick={again}>{words.tryAgain}</Button>}>
          {words.away} {failed}
        </Notice>
      )}
      {listed === null ? (
        failed === null && <Skeleton className="h-20" />
      ) : rows.length === 0 ? (
        <p className="text-sm text-ink-2">
          {listed.search === "" ? words.empty : words.nothing(listed.search)}
        </p>
      ) : (
        <Table label={words.list} rows={rows} columns={columns} keyOf={(one) => one.id} />
      )}
      {listed?.hasMore === true && (
        <span>
          <Button onClick={more}>{words.more}</Button>
        </span>
      )}
      <Dialog open={adding} onClose={() => setAdding(false)} title={words.add} about={words.addAbout}>
        {adding && <Add onAdd={(address) => set(address, true)} onClose={() => setAdding(false)} />}
      </Dialog>
      <Confirm
        open={off !== null}
        onClose={() => setOff(null)}
        onConfirm={() => void takeOff()}
        title={words.takeOffTitle(off?.address ?? "")}
        confirm={words.takeOff}
        danger={off?.reason === "UNSUBSCRIBED"}
        busy={busy}
      >
        {off !== null && WHY[off.reason]}
      </Confirm>
    </Section>
  );
}

function Add({
  onAdd,
  onClose,
}: {
  onAdd: (address: string) => Promise<string | null>;
  onClose: () => void;
}) {
  const [address, setAddress] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const add = async () => {
    setBusy(true);
    const refused = await onAdd(address.trim());
    setBusy(false);
    setWrong(refused);
    if (refused === null) onClose();
  };
  return (
    <form
      noValidate
      className="flex flex-col gap-4 pt-1"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <TextField
        label={words.address}
        type="email"
        dir="ltr"
        value={address}
        error={wrong ?? undefined}
        onChange={(event) => setAddress(event.target.value)}
      />
      <span className="flex justify-end">
        <Button kind="primary" type="submit" busy={busy} disabled={address.trim() === ""}>
          {words.add}
        </Button>
      </span>
    </form>
  );
}
