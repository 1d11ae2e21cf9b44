import { useState } from "react";

import { useContacts } from "../data/useContacts";
import { Button, Checkbox, IconButton, Notice, Section, Skeleton, Tabs, TextField, type Tab } from "../kit";
import { words } from "../words/bulk";
import { changeDraft, type AudienceKind, type BulkDraft, type Chosen } from "./draft";
import type { Looked } from "./usePreview";

const TABS: readonly Tab<AudienceKind>[] = [
  { value: "chosen", label: words.audiences.chosen },
  { value: "search", label: words.audiences.search },
  { value: "everybody", label: words.audiences.everybody },
];

/** Who gets it: chosen by hand, found by words, or everybody; and how many that are. */
export function Audience({ draft, reach }: { draft: BulkDraft; reach: Looked }) {
  return (
    <Section title={words.to} about={words.toAbout}>
      <Tabs
        label={words.audienceLabel}
        tabs={TABS}
        value={draft.audience}
        onChange={(audience) => changeDraft({ audience })}
        controls="bulk-audience"
      />
      <div
        id="bulk-audience"
        role="tabpanel"
        aria-label={words.audiences[draft.audience]}
        className="flex flex-col gap-3"
      >
        {draft.audience === "chosen" && <Picker chosen={draft.chosen} />}
        {draft.audience === "search" && (
          <TextField
            label={words.searchLabel}
            hint={words.searchHint}
            value={draft.search}
            maxLength={200}
            onChange={(event) => changeDraft({ search: event.target.value })}
          />
        )}
        {draft.audience === "everybody" && <p className="text-sm text-ink-2">{words.everybodyMore}</p>}
      </div>
      <Reach looked={reach} />
    </Section>
  );
}

function Reach({ looked }: { looked: Looked }) {
  if (looked.kind === "nothing") return null;
  const answer = looked.kind === "answer" ? looked.answer : looked.kind === "waiting" ? looked.before : null;
  if (looked.kind === "failed") return <Notice tone="bad">{looked.message}</Notice>;
  if (answer === null) return <p className="text-sm text-ink-3">{words.reachWait}</p>;
  if (answer.__typename === "InvalidInput") return <Notice tone="warn">{answer.message}</Notice>;
  if (answer.__typename !== "BulkPreview") return null;
  return (
    <p role="status" className="figures text-sm text-ink-2">
      <span className="font-medium text-ink">{words.reach(answer.total)}.</span>{" "}
      {answer.suppressed > 0 && words.passedOver(answer.suppressed)}{" "}
      {answer.incomplete > 0 && words.noAddress(answer.incomplete)}
    </p>
  );
}

function Picker({ chosen }: { chosen: readonly Chosen[] }) {
  const [typed, setTyped] = useState("");
  const { listed, failed, more, again } = useContacts(typed.trim());
  const ids = new Set(chosen.map((one) => one.id));
  const shown: Chosen[] = (listed?.contacts ?? []).map(({ id, name, emails }) => ({
    id,
    name,
    email: emails[0] ?? "",
  }));
  const missing = shown.filter((one) => !ids.has(one.id));
  const set = (next: readonly Chosen[]) => changeDraft({ chosen: next });
  return (
    <>
      <ChosenOnes chosen={chosen} />
      <div className="overflow-hidden rounded-md border border-line">
        <div className="flex flex-wrap items-end gap-2 border-b border-line bg-canvas p-2">
          <TextField
            label={words.pick}
            labelHidden
            placeholder={words.pickHint}
            value={typed}
            type="search"
            onChange={(event) => setTyped(event.target.value)}
            className="min-w-0 flex-1 basis-48"
          />
          {missing.length > 1 && (
            <Button onClick={() => set([...chosen, ...missing])}>{words.pickAll(shown.length)}</Button>
          )}
        </div>
        {failed !== null && (
          <Notice tone="bad" action={<Button onClick={again}>{words.tryAgain}</Button>}>
            {words.away} {failed}
          </Notice>
        )}
        {listed === null ? (
          failed === null && <Skeleton className="m-2 h-32" />
        ) : shown.length === 0 ? (
          <p className="p-4 text-center text-sm text-ink-2">{words.pickNone}</p>
        ) : (
          <ul aria-label={words.pick} className="max-h-64 overflow-y-auto py-1">
            {shown.map((one, place) => (
              <li key={one.id} className="flex min-h-9 items-center gap-3 px-3 hover:bg-hover">
                <span className="min-w-0 flex-1 truncate" dir="auto">
                  <Checkbox
                    label={one.name ?? one.email}
                    checked={ids.has(one.id)}
                    onChange={(on) =>
                      set(on ? [...chosen, one] : chosen.filter((other) => other.id !== one.id))
                    }
                  />
                </span>
                <span dir="auto" className="min-w-0 truncate text-sm text-ink-3 max-sm:hidden">
                  {[listed.contacts[place]?.company, one.email].filter(Boolean).join(" · ")}
                </span>
              </li>
            ))}
            {listed.hasMore && (
              <li className="px-3 py-2">
                <Button onClick={more}>{words.more}</Button>
              </li>
            )}
          </ul>
        )}
      </div>
    </>
  );
}

const MOST_CHIPS = 12;

function ChosenOnes({ chosen }: { chosen: readonly Chosen[] }) {
  if (chosen.length === 0) return <p className="text-sm text-ink-2">{words.nobody}</p>;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {chosen.slice(0, MOST_CHIPS).map((one) => (
        <span
          key={one.id}
          className="inline-flex h-7 max-w-full items-center gap-0.5 rounded-md bg-chosen ps-2.5 text-sm"
        >
          <span dir="auto" className="truncate">
            {one.name ?? one.email}
          </span>
          <IconButton
            icon="close"
            label={words.remove(one.name ?? one.email)}
            className="size-7"
            onClick={() => changeDraft({ chosen: chosen.filter((other) => other.id !== one.id) })}
          />
        </span>
      ))}
      <span className="figures text-sm text-ink-2">
        {chosen.length > MOST_CHIPS && "… "}
        {words.chosen(chosen.length)}
      </span>
      <Button kind="quiet" onClick={() => changeDraft({ chosen: [] })}>
        {words.clear}
      </Button>
    </div>
  );
}
