import { useEffect, useState, type ReactNode } from "react";

import { composeNew } from "../composer/drafts";
import { ask, change, sentenceOf } from "../data/client";
import { useFeed } from "../data/useFeed";
import { useCommands } from "../frame/keys";
import { Link } from "../frame/Link";
import { goTo } from "../frame/route";
import {
  Avatar,
  Button,
  Confirm,
  EmptyState,
  Icon,
  IconButton,
  Notice,
  Section,
  Skeleton,
  toasts,
} from "../kit";
import { Facts } from "../kit/Facts";
import { words } from "../words/contacts";
import { fullTime, shortTime } from "../words/times";
import { ContactForm } from "./ContactForm";
import { contactQuery, deleteContact, type Contact, type LinkedContact } from "./documents";
import { calledOf } from "./names";
import { ThreadsOf } from "./ThreadsOf";

type Shown = { kind: "loading" } | { kind: "gone" } | { kind: "failed"; message: string } | Found;
interface Found {
  kind: "found";
  contact: LinkedContact;
}

function useContact(id: string): [Shown, () => void] {
  const [shown, setShown] = useState<Shown>({ kind: "loading" });
  const load = () => {
    ask(contactQuery, { id }).then(
      ({ contact }) => setShown(contact === null ? { kind: "gone" } : { kind: "found", contact }),
      (error: unknown) =>
        setShown((now) => (now.kind === "found" ? now : { kind: "failed", message: sentenceOf(error) })),
    );
  };
  useEffect(load, [id]);
  useFeed(() => undefined, load);
  return [shown, load];
}

export function ContactPage({ id }: { id: string }) {
  const [shown, load] = useContact(id);
  if (shown.kind === "loading") {
    return (
      <Around>
        <Skeleton className="h-11 w-64" />
        <Skeleton className="h-32" />
      </Around>
    );
  }
  if (shown.kind === "found") return <Known contact={shown.contact} onChanged={load} />;
  return (
    <Around>
      {shown.kind === "gone" ? (
        <EmptyState icon="people" title={words.gone}>
          {words.goneMore}
        </EmptyState>
      ) : (
        <Notice tone="bad" action={<Button onClick={load}>{words.tryAgain}</Button>}>
          {shown.message}
        </Notice>
      )}
    </Around>
  );
}

function Around({ children }: { children: ReactNode }) {
  return (
    <main id="main" tabIndex={-1} className="h-full min-w-0 flex-1 overflow-y-auto bg-paper outline-none">
      <div className="mx-auto flex max-w-4xl flex-col gap-6 px-4 py-6 sm:px-8">
        <Link href="/contacts" className="flex w-fit items-center gap-1.5 text-sm text-ink-2 hover:text-ink">
          <Icon name="back" size={14} className="rtl:-scale-x-100" />
          {words.back}
        </Link>
        {children}
      </div>
    </main>
  );
}

function Known({ contact, onChanged }: { contact: LinkedContact; onChanged: () => void }) {
  const [dialog, setDialog] = useState<"edit" | "remove" | null>(null);
  const write = () => composeNew({ id: contact.id, name: contact.name, emails: contact.emails });
  useCommands([
    { keys: "w", label: words.write, group: words.title, run: write },
    { keys: "e", label: words.edit, group: words.title, run: () => setDialog("edit") },
  ]);
  return (
    <Around>
      <header className="flex flex-wrap items-center gap-4">
        <Avatar name={calledOf(contact)} size={44} />
        <span className="min-w-0 flex-1 basis-52">
          <h1 dir="auto" className="wrap-words text-xl font-semibold tracking-tight">
            {calledOf(contact)}
          </h1>
          {contact.company !== null && (
            <p dir="auto" className="wrap-words text-base text-ink-2">
              {contact.company}
            </p>
          )}
        </span>
        <span className="flex gap-2">
          <Button kind="primary" icon="compose" onClick={write}>
            {words.write}
          </Button>
          <Button icon="pencil" onClick={() => setDialog("edit")}>
            {words.edit}
          </Button>
          <IconButton icon="trash" label={words.remove} onClick={() => setDialog("remove")} />
        </span>
      </header>
      <div className="grid gap-x-10 gap-y-6 grid-cols-[minmax(0,1fr)] lg:grid-cols-[minmax(0,1fr)_19rem]">
        <ThreadsOf id={contact.id} />
        <Details contact={contact} />
      </div>
      <ContactForm
        open={dialog === "edit"}
        onClose={() => setDialog(null)}
        contact={contact}
        onDone={() => {
          toasts.show(words.saved);
          onChanged();
        }}
      />
      <Remove open={dialog === "remove"} onClose={() => setDialog(null)} contact={contact} />
    </Around>
  );
}

function Details({ contact }: { contact: LinkedContact }) {
  const copy = async (email: string) => {
    await navigator.clipboard.writeText(email);
    toasts.show(words.copied);
  };
  const books = [...new Set(contact.links.flatMap(({ mailbox }) => mailbox.address ?? []))];
  return (
    <Section title={words.details}>
      <ul aria-label={words.addresses} className="flex flex-col">
        {contact.emails.map((email, place) => (
          <li key={email} className="flex min-h-9 items-center gap-1 text-sm">
            <span className="min-w-0 flex-1">
              <span dir="ltr" className="wrap-words block">
                {email}
              </span>
              {place === 0 && contact.emails.length > 1 && (
                <span className="block text-xs text-ink-3">{words.first}</span>
              )}
            </span>
            <IconButton icon="copy" label={words.copy} onClick={() => void copy(email)} />
          </li>
        ))}
      </ul>
      <Facts
        facts={[
          [
            words.known,
            <time key="known" dateTime={contact.createdAt} title={fullTime(contact.createdAt)}>
              {shortTime(contact.createdAt)}
            </time>,
          ],
          [words.from, words.origins[contact.createdBy]],
          ...(books.length > 0 ? [[words.inBooks, books.join(", ")] as const] : []),
        ]}
      />
    </Section>
  );
}

function Remove({ open, onClose, contact }: { open: boolean; onClose: () => void; contact: Contact }) {
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    try {
      const answer = (await change(deleteContact, { id: contact.id })).deleteContact;
      onClose();
      if (answer.__typename === "ContactDeleted") {
        toasts.show(words.removed);
        goTo("/contacts", { replace: true });
        return;
      }
      toasts.show(answer.message, { tone: "bad" });
    } catch (error) {
      toasts.show(sentenceOf(error), { tone: "bad" });
    }
    setBusy(false);
  };
  return (
    <Confirm
      open={open}
      onClose={onClose}
      onConfirm={() => void remove()}
      title={words.removeTitle(calledOf(contact))}
      confirm={words.remove}
      danger
      busy={busy}
    >
      {words.removeAbout}
    </Confirm>
  );
}
