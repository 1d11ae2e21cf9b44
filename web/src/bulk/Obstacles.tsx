import { useState } from "react";

import { Link } from "../frame/Link";
import { Button, Section, TextField } from "../kit";
import { words } from "../words/bulk";
import type { Obstacle, Preview } from "./documents";
import { changeDraft, type BulkDraft } from "./draft";
import { whyOf } from "./PreviewMail";
import { withDefault } from "./templates";

/** How many of the shown lack what: by field, "" for an address. */
export function lackingBy(obstacles: readonly Obstacle[]): [string, Obstacle[]][] {
  const by = new Map<string, Obstacle[]>();
  for (const one of obstacles) {
    if (one.kind !== "MISSING_FIELD" && one.kind !== "NO_ADDRESS") continue;
    const field = one.missing ?? "";
    by.set(field, [...(by.get(field) ?? []), one]);
  }
  return [...by];
}

/** What holds it up, and the two ways on: other words for those who lack something, or leaving them out. */
export function Lacking({ draft, preview }: { draft: BulkDraft; preview: Preview }) {
  const groups = lackingBy(preview.obstacles);
  const shown = groups.reduce((sum, [, those]) => sum + those.length, 0);
  return (
    <Section
      title={words.lacking}
      about={words.lackingAbout}
      actions={
        <Button onClick={() => changeDraft({ leaveOut: true })}>{words.leaveOut(preview.incomplete)}</Button>
      }
    >
      <ul className="flex flex-col">
        {groups.map(([field, those]) => (
          <Group key={field} field={field} those={those} whole={shown === preview.incomplete} draft={draft} />
        ))}
      </ul>
    </Section>
  );
}

function Group({
  field,
  those,
  whole,
  draft,
}: {
  field: string;
  those: readonly Obstacle[];
  whole: boolean;
  draft: BulkDraft;
}) {
  const [instead, setInstead] = useState("");
  const called = words.fieldName(field);
  const said =
    field === ""
      ? words.lackAddress(those.length)
      : whole
        ? words.lackOf(those.length, called)
        : words.lackOfSome(those.length, called);
  const use = () =>
    changeDraft({
      subject: withDefault(draft.subject, field, instead, false),
      html: withDefault(draft.html, field, instead, true),
    });
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line py-3">
      <span className="min-w-0 flex-1 basis-64">
        <span className="figures block text-sm font-medium">{said}</span>
        <span className="block text-sm text-ink-2">
          {those.slice(0, 3).map((one, place) => (
            <span key={one.contactId}>
              {place > 0 && ", "}
              <Link href={`/contacts/${one.contactId}`} className="hover:underline" dir="auto">
                {one.name ?? one.address ?? words.unnamed}
              </Link>
            </span>
          ))}
          {those.length > 3 && ", …"}
        </span>
      </span>
      {field !== "" && (
        <form
          className="flex items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            use();
          }}
        >
          <TextField
            label={words.sayInsteadOf(called)}
            labelHidden
            placeholder={words.sayInstead}
            value={instead}
            maxLength={100}
            onChange={(event) => setInstead(event.target.value)}
          />
          <Button type="submit" className="h-9" disabled={instead.trim() === ""}>
            {words.apply}
          </Button>
        </form>
      )}
    </li>
  );
}

/** Everybody who gets none, each with why. */
export function WhyNone({ preview }: { preview: Preview }) {
  if (preview.obstacles.length === 0) return null;
  return (
    <details className="border-t border-line pt-4">
      <summary className="text-sm font-medium">
        {words.whyNone} ({preview.incomplete + preview.suppressed})
      </summary>
      <ul className="mt-2 flex flex-col">
        {preview.obstacles.map((one) => (
          <li key={one.contactId} className="flex flex-wrap gap-x-4 border-b border-line py-2 text-sm">
            <Link
              href={`/contacts/${one.contactId}`}
              dir="auto"
              className="wrap-words min-w-0 flex-1 basis-48 hover:underline"
            >
              {one.name ?? one.address ?? words.unnamed}
            </Link>
            <span className="min-w-0 flex-1 basis-48 text-ink-2">{whyOf(one)}</span>
          </li>
        ))}
      </ul>
      {preview.incomplete + preview.suppressed > preview.obstacles.length && (
        <p className="py-2 text-sm text-ink-3">{words.firstShown(preview.obstacles.length)}</p>
      )}
    </details>
  );
}
