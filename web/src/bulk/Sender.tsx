import { useSession, type Session } from "../data/session";
import { goTo } from "../frame/route";
import { Button, Notice, Section, Select, type SelectOption } from "../kit";
import { words } from "../words/bulk";
import type { Preview } from "./documents";
import { changeDraft, type BulkDraft } from "./draft";
import type { Looked } from "./usePreview";

/** The address that answers go to unless another is chosen: the reader's mailbox, else their login address. */
export function usualFrom({ mailbox, user }: Session): string {
  return mailbox?.address ?? user.email;
}

function optionsOf(session: Session): SelectOption<string>[] {
  const { mailbox, user } = session;
  const options: SelectOption<string>[] = [];
  if (mailbox?.address != null)
    options.push({ value: mailbox.address, label: words.fromMailbox(mailbox.address) });
  if (user.email !== mailbox?.address)
    options.push({ value: user.email, label: words.fromLogin(user.email) });
  return [...options, { value: "", label: words.fromWorkspace }];
}

/** Which way it would go, and where answers would, in sentences. */
export function wayOf(preview: Preview, isGmail: boolean): string[] {
  if (preview.via === "MAILBOX") return [words.viaMailbox(preview.fromAddress)];
  return [
    words.viaSender(preview.fromAddress, preview.fromName),
    preview.answersHere ? words.answersHere : words.answersTo(preview.replyTo ?? preview.fromAddress),
    ...(isGmail ? [words.whyNotGmail] : []),
  ];
}

/** From whom it comes, said as the server would do it. */
export function Sender({ draft, reach }: { draft: BulkDraft; reach: Looked }) {
  const session = useSession();
  const answer = reach.kind === "answer" ? reach.answer : reach.kind === "waiting" ? reach.before : null;
  const isGmail = session.mailbox?.provider === "GMAIL";
  return (
    <Section title={words.from}>
      <Select
        label={words.from}
        labelHidden
        options={optionsOf(session)}
        value={draft.from ?? usualFrom(session)}
        onChange={(from) => changeDraft({ from })}
      />
      {answer?.__typename === "BulkPreview" && (
        <p className="text-sm text-ink-2">{wayOf(answer, isGmail).join(" ")}</p>
      )}
      {answer?.__typename === "NotConnected" && (
        <Notice
          tone="warn"
          action={
            session.isAdmin ? (
              <Button onClick={() => goTo("/admin/sending")}>{words.setUp}</Button>
            ) : undefined
          }
        >
          {words.noSender} {!session.isAdmin && words.noSenderAsk}
        </Notice>
      )}
    </Section>
  );
}
