import { useMemo, useState } from "react";

import { Link } from "../frame/Link";
import { Button, Icon, Notice, Page } from "../kit";
import { words } from "../words/contacts";
import { contactsOf, guessRoles, problemOf, tableOf, type Role, type Table } from "./columns";
import { decode, parseCsv } from "./csv";
import type { ContactInput } from "./documents";
import { DropPlace } from "./DropPlace";
import { Columns, Preview } from "./Preview";
import { Running } from "./Running";
import { isVcard, parseVcards } from "./vcard";

const MOST_BYTES = 20_000_000;

type Read =
  | { kind: "table"; name: string; table: Table }
  | { kind: "cards"; name: string; contacts: readonly ContactInput[] }
  | { kind: "unfit"; message: string };

/** Reads a chosen file; nothing leaves the browser here. */
export async function readContacts(file: File): Promise<Read> {
  if (file.size > MOST_BYTES) return { kind: "unfit", message: words.tooLarge };
  const text = decode(new Uint8Array(await file.arrayBuffer())).replace(/^\ufeff/, "");
  if (isVcard(text)) {
    const contacts = parseVcards(text);
    return contacts.length > 0
      ? { kind: "cards", name: file.name, contacts }
      : { kind: "unfit", message: words.unreadable };
  }
  const table = tableOf(parseCsv(text));
  const readable = table.rows.length > 0 && !text.includes("\u0000");
  return readable ? { kind: "table", name: file.name, table } : { kind: "unfit", message: words.unreadable };
}

export function ImportPage() {
  const [read, setRead] = useState<Read | null>(null);
  const [roles, setRoles] = useState<readonly Role[]>([]);
  const [started, setStarted] = useState<readonly ContactInput[] | null>(null);
  const take = async (file: File) => {
    const next = await readContacts(file);
    setRead(next);
    if (next.kind === "table") setRoles(guessRoles(next.table));
  };
  const contacts = useMemo(() => {
    if (read === null || read.kind === "unfit") return [];
    return read.kind === "cards" ? read.contacts : contactsOf(read.table, roles);
  }, [read, roles]);
  const usable = useMemo(() => contacts.filter((one) => problemOf(one) === null), [contacts]);
  const back = (
    <Link href="/contacts" className="flex items-center gap-1.5 text-sm text-ink-2 hover:text-ink">
      <Icon name="back" size={14} className="rtl:-scale-x-100" />
      {words.back}
    </Link>
  );
  const again = () => {
    setStarted(null);
    setRead(null);
  };
  if (started !== null) {
    return (
      <Page title={words.importTitle} actions={back}>
        <Running
          contacts={started}
          leftOut={contacts.filter((one) => problemOf(one) !== null)}
          onAgain={again}
        />
      </Page>
    );
  }
  const chosen = read !== null && read.kind !== "unfit";
  return (
    <Page title={words.importTitle} about={words.importAbout} actions={back}>
      <DropPlace small={chosen} name={chosen ? read.name : null} onFile={(file) => void take(file)} />
      {read?.kind === "unfit" && <Notice tone="bad">{read.message}</Notice>}
      {read?.kind === "table" && <Columns table={read.table} roles={roles} onChange={setRoles} />}
      {chosen && (
        <Preview
          contacts={contacts}
          usable={usable.length}
          action={
            <Button kind="primary" disabled={usable.length === 0} onClick={() => setStarted(usable)}>
              {words.start(usable.length)}
            </Button>
          }
        />
      )}
    </Page>
  );
}
