import { useState } from "react";

import { MailFrame } from "../conversation/MailFrame";
import { TextBody } from "../conversation/TextBody";
import { useCommands } from "../frame/keys";
import { IconButton, Notice, Tabs } from "../kit";
import { Glance } from "../kit/Glance";
import { words } from "../words/bulk";
import type { Preview } from "./documents";

const NO_FILES: ReadonlyMap<string, string> = new Map();

export function whyOf(obstacle: { kind: keyof typeof words.kinds; missing: string | null }): string {
  const { kind, missing } = obstacle;
  return kind === "MISSING_FIELD" && missing !== null
    ? words.lacksField(words.fieldName(missing))
    : words.kinds[kind];
}

/** One contact's mail, as they would read it; the arrow keys go to the next. */
export function PreviewMail({
  preview,
  index,
  onIndex,
}: {
  preview: Preview;
  index: number;
  onIndex: (index: number) => void;
}) {
  const [look, setLook] = useState<"mail" | "text">("mail");
  const to = (next: number) => () => next >= 0 && next < preview.total && onIndex(next);
  useCommands([
    { keys: "j", label: words.next, group: words.title, run: to(index + 1) },
    { keys: "k", label: words.previous, group: words.title, run: to(index - 1) },
  ]);
  const who = preview.name ?? preview.address ?? words.unnamed;
  const from =
    preview.fromName === null ? preview.fromAddress : `${preview.fromName} <${preview.fromAddress}>`;
  return (
    <section aria-label={words.previewOf(index + 1, preview.total)} className="rounded-md border border-line">
      <header className="flex flex-wrap items-center gap-2 border-b border-line bg-canvas px-2 py-1.5">
        <IconButton
          icon="back"
          label={words.previous}
          keys="k"
          disabled={index === 0}
          onClick={to(index - 1)}
        />
        <IconButton
          icon="next"
          label={words.next}
          keys="j"
          disabled={index + 1 >= preview.total}
          onClick={to(index + 1)}
        />
        <span dir="auto" className="min-w-32 flex-1 truncate font-medium">
          {who}
        </span>
        <span role="status" className="figures text-sm text-ink-2">
          {words.previewOf(index + 1, preview.total)}
        </span>
        {preview.html !== null && preview.text !== null && (
          <Tabs
            label={words.message}
            tabs={[
              { value: "mail", label: words.asMail },
              { value: "text", label: words.asText },
            ]}
            value={look}
            onChange={setLook}
          />
        )}
      </header>
      <div className="flex flex-col gap-4 p-4 [&>dl]:border-b [&>dl]:border-line [&>dl]:pb-4">
        <Glance
          rows
          facts={[
            [words.previewFrom, from],
            ...(preview.replyTo === null ? [] : [[words.previewReply, preview.replyTo] as const]),
            [words.previewTo, preview.address ?? words.kinds.NO_ADDRESS],
            [words.previewSubject, preview.subject ?? "–"],
          ]}
        />
        {preview.obstacle !== null ? (
          <Notice tone="warn">
            {words.noneForThem} {who} {whyOf(preview.obstacle)}.
          </Notice>
        ) : preview.html !== null && look === "mail" ? (
          <MailFrame html={preview.html} inline={NO_FILES} name={who} />
        ) : (
          <TextBody text={preview.text ?? ""} quotedFrom={null} />
        )}
      </div>
    </section>
  );
}
