import { useEffect, useRef, useState } from "react";

import { writeTo } from "../bulk/draft";
import { goTo } from "../frame/route";
import { Bar, Button, Notice, Section } from "../kit";
import { words } from "../words/contacts";
import { problemOf } from "./columns";
import { writeCsv } from "./csv";
import type { ContactInput } from "./documents";
import { runImport, type Ending, type Progress } from "./importing";
import { problemWords } from "./Preview";

const NOTHING: Progress = { done: 0, created: 0, updated: 0, skipped: 0, outcomes: [], waiting: false };

interface Left {
  contact: ContactInput;
  why: string;
}

function leftOutOf(contacts: readonly ContactInput[], progress: Progress): Left[] {
  return progress.outcomes.flatMap(({ outcome, reason }, place) => {
    const contact = contacts[place];
    if (contact === undefined || outcome !== "SKIPPED" || reason === null) return [];
    return [{ contact, why: reason }];
  });
}

/** An import under way, and its report once it has ended. */
export function Running({
  contacts,
  leftOut,
  onAgain,
}: {
  contacts: readonly ContactInput[];
  leftOut: readonly ContactInput[];
  onAgain: () => void;
}) {
  const [progress, setProgress] = useState<Progress>(NOTHING);
  const [ending, setEnding] = useState<Ending | null>(null);
  const stopping = useRef<AbortController | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    stopping.current = controller;
    void runImport(contacts, setProgress, controller.signal).then((end) => {
      if (stopping.current === controller) setEnding(end);
    });
    return () => {
      stopping.current = null;
      controller.abort();
    };
  }, [contacts]);
  const said = words.running(progress.done, contacts.length);
  return (
    <>
      <div className="flex flex-col gap-2">
        <p role="status" className="figures text-base font-medium">
          {said}
        </p>
        <Bar value={progress.done} max={contacts.length} label={said} />
        {progress.waiting && ending === null && <Notice>{words.waiting}</Notice>}
        {ending === null && (
          <span>
            <Button onClick={() => stopping.current?.abort()}>{words.stop}</Button>
          </span>
        )}
      </div>
      {ending?.kind === "stopped" && <Notice tone="warn">{words.stopped}</Notice>}
      {ending?.kind === "failed" && <Notice tone="bad">{words.failed(ending.message)}</Notice>}
      {ending !== null && (
        <Report contacts={contacts} leftOut={leftOut} progress={progress} onAgain={onAgain} />
      )}
    </>
  );
}

function Report({
  contacts,
  leftOut,
  progress,
  onAgain,
}: {
  contacts: readonly ContactInput[];
  leftOut: readonly ContactInput[];
  progress: Progress;
  onAgain: () => void;
}) {
  const unusable: Left[] = leftOut.flatMap((contact) => {
    const problem = problemOf(contact);
    return problem === null ? [] : [{ contact, why: problemWords(problem) }];
  });
  const left = [...unusable, ...leftOutOf(contacts, progress)];
  const download = () => {
    const rows = [
      [words.name, words.company, words.addresses, words.report, words.reportWhy],
      ...contacts.map((contact, place) => {
        const outcome = progress.outcomes[place];
        const said = outcome === undefined ? "" : words.outcomes[outcome.outcome];
        return [
          contact.name ?? "",
          contact.company ?? "",
          contact.emails.join("; "),
          said,
          outcome?.reason ?? "",
        ];
      }),
      ...unusable.map(({ contact, why }) => [
        contact.name ?? "",
        contact.company ?? "",
        contact.emails.join("; "),
        words.outcomes.SKIPPED,
        why,
      ]),
    ];
    const url = URL.createObjectURL(new Blob(["\ufeff", writeCsv(rows)], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "import-report.csv";
    link.click();
    URL.revokeObjectURL(url);
  };
  // A contact may stand in several rows of a file.
  const written = [
    ...new Map(
      progress.outcomes.flatMap(({ contactId }, place) => {
        const contact = contacts[place];
        if (contactId === null || contact === undefined) return [];
        return [[contactId, { id: contactId, name: contact.name ?? null, email: contact.emails[0] ?? "" }]];
      }),
    ).values(),
  ];
  const write = () => {
    writeTo(written);
    goTo("/bulk/new");
  };
  const counts: [string, number][] = [
    [words.reportCreated, progress.created],
    [words.reportUpdated, progress.updated],
    [words.reportSkipped, progress.skipped + leftOut.length],
  ];
  return (
    <Section
      title={words.report}
      actions={
        <>
          <Button icon="download" onClick={download}>
            {words.reportDownload}
          </Button>
          <Button onClick={onAgain}>{words.chooseOther}</Button>
          {written.length > 0 && (
            <Button icon="bulk" onClick={write}>
              {words.writeToThem(written.length)}
            </Button>
          )}
          <Button kind="primary" onClick={() => goTo("/contacts")}>
            {words.toContacts}
          </Button>
        </>
      }
    >
      <dl className="grid gap-3 sm:grid-cols-3">
        {counts.map(([name, value]) => (
          <div key={name} className="flex flex-col-reverse rounded-md bg-canvas p-4">
            <dt className="text-sm text-ink-2">{name}</dt>
            <dd className="figures text-xl font-semibold">{value}</dd>
          </div>
        ))}
      </dl>
      {left.length === 0 ? (
        <p className="text-sm text-ink-2">{words.reportNone}</p>
      ) : (
        <>
          <h3 className="text-sm font-medium">{words.reportReasons}</h3>
          <ul className="flex flex-col">
            {left.slice(0, 200).map(({ contact, why }, place) => (
              // A row of a file has no other name than its place.
              <li key={place} className="flex flex-wrap gap-x-4 border-b border-line py-2 text-sm">
                <span dir="auto" className="wrap-words min-w-0 flex-1 basis-48">
                  {contact.name ?? contact.emails[0] ?? words.unnamed}
                </span>
                <span className="wrap-words min-w-0 flex-1 basis-48 text-ink-2">{why}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}
