/** What the palette finds besides commands: contacts to write to, and conversations whose mail says the words. */
import { useEffect, useState } from "react";

import { composeNew } from "../composer/drafts";
import { ask } from "../data/client";
import { contactsQuery, searchQuery } from "../data/documents";
import { words } from "../words/frame";
import type { Command } from "./keys";
import { goTo } from "./route";

const FEWEST_LETTERS = 2;
const MOST_CONVERSATIONS = 6;
/** Long enough that somebody who types fast asks once. */
const PAUSE_MS = 120;

async function people(typed: string): Promise<Command[]> {
  const { contacts } = await ask(contactsQuery, { search: typed });
  return contacts.edges.map(({ node }) => ({
    label: `${node.name ?? node.emails[0] ?? ""} ${node.company === null ? "" : `· ${node.company}`}`.trim(),
    group: words.people_group,
    run: () => composeNew({ id: node.id, name: node.name, emails: node.emails }),
  }));
}

async function conversations(typed: string): Promise<Command[]> {
  const { searchMessages } = await ask(searchQuery, { query: typed });
  const seen = new Set<string>();
  return searchMessages.edges
    .map(({ node }) => node)
    .filter(({ thread }) => !seen.has(thread.id) && seen.add(thread.id))
    .slice(0, MOST_CONVERSATIONS)
    .map(({ id, subject, thread }) => ({
      label: `${subject === "" ? words.noSubject : subject} · ${thread.contact.name ?? thread.contact.emails[0] ?? ""}`,
      group: words.mail_group,
      run: () => goTo(`/t/${thread.id}?message=${id}`),
    }));
}

/** What fits the words; an answer that comes late for older words is dropped. */
export function useFinding(typed: string): Command[] {
  const [found, setFound] = useState<Command[]>([]);
  const wanted = typed.trim();
  useEffect(() => {
    if (wanted.length < FEWEST_LETTERS) return;
    let late = false;
    const timer = window.setTimeout(() => {
      void Promise.allSettled([people(wanted), conversations(wanted)]).then((answers) => {
        // Commands still work while the server is away; the frame says that it is.
        if (!late) setFound(answers.flatMap((one) => (one.status === "fulfilled" ? one.value : [])));
      });
    }, PAUSE_MS);
    return () => {
      late = true;
      window.clearTimeout(timer);
    };
  }, [wanted]);
  return wanted.length < FEWEST_LETTERS ? [] : found;
}
