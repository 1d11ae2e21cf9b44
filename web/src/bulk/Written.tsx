import { useRef, useState, type ReactNode } from "react";

import { Editor } from "../composer/Editor";
import { Button, Section, TextField, toasts } from "../kit";
import { words } from "../words/bulk";
import { changeDraft, type BulkDraft } from "./draft";
import { FIELDS, mark } from "./templates";

/** What it says: a subject and a message, with buttons that put each contact's own words in. */
export function Written({
  draft,
  onDone,
  tools,
}: {
  draft: BulkDraft;
  onDone: () => void;
  tools: ReactNode;
}) {
  const subject = useRef<HTMLInputElement>(null);
  const [insert, setInsert] = useState<{ into: (words: string) => void } | null>(null);
  const [where, setWhere] = useState<"subject" | "message">("message");
  const [ready] = useState(() => (into: (words: string) => void) => setInsert({ into }));
  const put = (field: (typeof FIELDS)[number]) => {
    const place = subject.current;
    if (where === "message" || place === null) {
      insert?.into(mark(field));
      return;
    }
    const [from, to] = [place.selectionStart ?? place.value.length, place.selectionEnd ?? place.value.length];
    changeDraft({ subject: place.value.slice(0, from) + mark(field) + place.value.slice(to) });
    const end = from + mark(field).length;
    requestAnimationFrame(() => {
      place.focus();
      place.setSelectionRange(end, end);
    });
  };
  return (
    <Section title={words.message} about={words.messageAbout}>
      <TextField
        ref={subject}
        label={words.subject}
        dir="auto"
        value={draft.subject}
        maxLength={998}
        onFocus={() => setWhere("subject")}
        onChange={(event) => changeDraft({ subject: event.target.value })}
      />
      <div role="group" aria-label={words.insert} className="flex flex-wrap items-center gap-1.5">
        <span className="text-sm text-ink-2">{words.insertInto}</span>
        {FIELDS.map((field) => (
          <Button
            key={field}
            icon="plus"
            className="h-7 px-2"
            // The field that is written in keeps its cursor.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => put(field)}
          >
            {words.fields[field]}
          </Button>
        ))}
      </div>
      <div
        className="flex min-h-64 flex-col rounded-md border border-line-strong/60 focus-within:border-accent"
        onFocus={() => setWhere("message")}
      >
        <Editor
          html={draft.html}
          placeholder={words.placeholder}
          focusFirst={false}
          onChange={(html) => changeDraft({ html })}
          onSend={onDone}
          onFiles={() => toasts.show(words.noFiles)}
          onReady={ready}
          tools={tools}
        />
      </div>
    </Section>
  );
}
