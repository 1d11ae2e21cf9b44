import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { Section, Select, toasts } from "../kit";
import { words } from "../words/settings";
import { configureMailbox, type MailboxSettings, type ScopeOfSync, type Visibility } from "./documents";

function choicesOf<Value extends string>(labels: Record<Value, string>): { value: Value; label: string }[] {
  return (Object.keys(labels) as Value[]).map((value) => ({ value, label: labels[value] }));
}

/** Which mail comes in, and what colleagues see of it. Shown at once; taken back with a sentence if refused. */
export function What({ mailbox, onChanged }: { mailbox: MailboxSettings; onChanged: () => void }) {
  const [wanted, setWanted] = useState<{ scope?: ScopeOfSync; visibility?: Visibility }>({});
  const save = async (part: { scope?: ScopeOfSync; visibility?: Visibility }) => {
    setWanted((before) => ({ ...before, ...part }));
    try {
      const answer = (await change(configureMailbox, { id: mailbox.id, ...part })).configureMailbox;
      if (answer.__typename === "Mailbox") toasts.show(words.saved);
      else toasts.show(answer.message, { tone: "bad" });
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setWanted({});
    onChanged();
  };
  return (
    <Section title={words.what} about={words.whatAbout}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={words.scope}
          options={choicesOf(words.scopes)}
          value={wanted.scope ?? mailbox.scope}
          onChange={(scope) => void save({ scope })}
        />
        <Select
          label={words.visibility}
          options={choicesOf(words.visibilities)}
          value={wanted.visibility ?? mailbox.visibility}
          onChange={(visibility) => void save({ visibility })}
        />
      </div>
    </Section>
  );
}
