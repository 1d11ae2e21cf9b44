import { useState } from "react";

import { change, sentenceOf } from "../data/client";
import { Button, Notice, Section, toasts } from "../kit";
import { words } from "../words/settings";
import { messageTime } from "../words/times";
import { linkContacts, type MailboxSettings } from "./documents";

/** The account's own contacts: read when asked, and what came of the last reading. */
export function AddressBook({ mailbox, onAsked }: { mailbox: MailboxSettings; onAsked: () => void }) {
  const [busy, setBusy] = useState(false);
  const read = async () => {
    setBusy(true);
    try {
      const answer = (await change(linkContacts, { id: mailbox.id })).linkContacts;
      if (answer.__typename === "AddressBookAsked") toasts.show(words.bookAsked);
      else toasts.show(answer.message, { tone: "bad" });
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
    onAsked();
  };
  const at = mailbox.addressBook?.syncedAt ?? null;
  const error = mailbox.addressBook?.error ?? null;
  return (
    <Section title={words.book} about={words.bookAbout}>
      {error !== null && <Notice tone="warn">{error}</Notice>}
      <div className="flex flex-wrap items-center gap-3">
        <Button icon="people" busy={busy} onClick={() => void read()}>
          {at === null ? words.bookRead : words.bookAgain}
        </Button>
        <span className="text-sm text-ink-3">
          {at === null ? words.bookNever : words.bookAt(messageTime(at))}
        </span>
      </div>
    </Section>
  );
}
