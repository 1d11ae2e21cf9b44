import { useEffect, useRef, useState } from "react";

import { useContacts } from "../data/useContacts";
import { useCommands } from "../frame/keys";
import { Link } from "../frame/Link";
import { goTo, useQueryWord } from "../frame/route";
import { Avatar, Button, EmptyState, Icon, Notice, Page, Skeleton, toasts } from "../kit";
import { words } from "../words/contacts";
import { fullTime, shortTime } from "../words/times";
import { ContactForm } from "./ContactForm";
import type { Contact } from "./documents";
import { calledOf } from "./names";

export function ContactList() {
  const given = useQueryWord("q") ?? "";
  const [typed, setTyped] = useState(given);
  const [making, setMaking] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const { listed, failed, more, again } = useContacts(typed.trim());
  useCommands([
    { keys: "/", label: words.searchShort, group: words.title, run: () => field.current?.focus() },
    { keys: "n", label: words.add, group: words.title, run: () => setMaking(true) },
    { label: words.import, group: words.title, run: () => goTo("/contacts/import") },
  ]);
  return (
    <Page
      title={words.title}
      about={words.about}
      actions={
        <>
          <Button icon="download" onClick={() => goTo("/contacts/import")}>
            {words.import}
          </Button>
          <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>
            {words.add}
          </Button>
        </>
      }
    >
      <div className="relative">
        <Icon name="search" className="pointer-events-none absolute start-3 top-2.5 text-ink-3" />
        <input
          ref={field}
          type="search"
          aria-label={words.searchShort}
          placeholder={words.search}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            const query = event.target.value.trim();
            goTo(query === "" ? "/contacts" : `/contacts?q=${encodeURIComponent(query)}`, { replace: true });
          }}
          className="h-9 w-full rounded-md border border-line-strong/60 bg-paper ps-9 pe-3 text-base hover:border-line-strong"
        />
      </div>
      {failed !== null && (
        <Notice tone="bad" action={<Button onClick={again}>{words.tryAgain}</Button>}>
          {words.away} {failed}
        </Notice>
      )}
      {listed === null ? (
        failed === null && <Waiting />
      ) : listed.contacts.length === 0 ? (
        <Nobody search={listed.search} onAdd={() => setMaking(true)} />
      ) : (
        <Rows contacts={listed.contacts} hasMore={listed.hasMore} onEnd={more} />
      )}
      <ContactForm
        open={making}
        onClose={() => setMaking(false)}
        onDone={(contact) => {
          toasts.show(words.created);
          goTo(`/contacts/${contact.id}`);
        }}
      />
    </Page>
  );
}

function Waiting() {
  return (
    <div aria-busy="true" className="flex flex-col gap-2">
      {[1, 2, 3, 4, 5].map((row) => (
        <Skeleton key={row} className="h-11" />
      ))}
    </div>
  );
}

function Nobody({ search, onAdd }: { search: string; onAdd: () => void }) {
  if (search !== "") {
    return (
      <EmptyState icon="search" title={words.nothing(search)}>
        {words.nothingMore}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="people"
      title={words.none}
      action={
        <>
          <Button kind="primary" onClick={onAdd}>
            {words.add}
          </Button>
          <Button onClick={() => goTo("/contacts/import")}>{words.import}</Button>
        </>
      }
    >
      {words.noneMore}
    </EmptyState>
  );
}

/** The list goes on by itself when its end comes near. */
function Rows({
  contacts,
  hasMore,
  onEnd,
}: {
  contacts: readonly Contact[];
  hasMore: boolean;
  onEnd: () => void;
}) {
  const end = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    const element = end.current;
    if (element === null || !hasMore) return;
    const watcher = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && onEnd(), {
      rootMargin: "600px",
    });
    watcher.observe(element);
    return () => watcher.disconnect();
  });
  return (
    <div>
      <ul aria-label={words.title} className="border-t border-line">
        {contacts.map((contact) => (
          <ContactLine key={contact.id} contact={contact} />
        ))}
      </ul>
      <p ref={end} role="status" className="figures py-3 text-sm text-ink-3">
        {words.listed(contacts.length, hasMore)}
      </p>
    </div>
  );
}

function ContactLine({ contact }: { contact: Contact }) {
  const [email, ...others] = contact.emails;
  return (
    <li className="border-b border-line [contain-intrinsic-size:auto_3.5rem] [content-visibility:auto]">
      <Link
        href={`/contacts/${contact.id}`}
        className="flex min-h-14 items-center gap-3 px-1 py-2 -outline-offset-2 transition-colors duration-100 hover:bg-hover sm:px-2"
      >
        <Avatar name={calledOf(contact)} size={32} />
        <span className="flex min-w-0 flex-1 flex-col sm:flex-row sm:items-center sm:gap-4">
          <span className="flex min-w-0 flex-col sm:w-2/5">
            <span dir="auto" className="truncate text-base font-medium">
              {calledOf(contact)}
            </span>
            {contact.company !== null && (
              <span dir="auto" className="truncate text-sm text-ink-2">
                {contact.company}
              </span>
            )}
          </span>
          <span className="flex min-w-0 flex-1 items-center gap-2 text-sm text-ink-2">
            <span dir="ltr" className="truncate">
              {email}
            </span>
            {others.length > 0 && (
              <span title={others.join(", ")} className="shrink-0 text-ink-3">
                <span aria-hidden="true">{words.moreAddresses(others.length)}</span>
                <span className="sr-only">{words.moreAddressesSay(others.length)}</span>
              </span>
            )}
          </span>
        </span>
        <time
          dateTime={contact.createdAt}
          title={fullTime(contact.createdAt)}
          className="hidden w-20 shrink-0 text-end text-sm text-ink-3 sm:block"
        >
          {shortTime(contact.createdAt)}
        </time>
      </Link>
    </li>
  );
}
