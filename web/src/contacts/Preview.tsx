import type { ReactNode } from "react";

import { Badge, Section, Select } from "../kit";
import { Table, type Column } from "../kit/Table";
import { words } from "../words/contacts";
import { problemOf, ROLES, type Problem, type Role, type Table as FileTable } from "./columns";
import type { ContactInput } from "./documents";

const SHOWN = 50;

/** What each column holds: guessed, to be changed. */
export function Columns({
  table,
  roles,
  onChange,
}: {
  table: FileTable;
  roles: readonly Role[];
  onChange: (roles: readonly Role[]) => void;
}) {
  return (
    <Section title={words.columns} about={words.columnsAbout}>
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {table.headings.map((heading, place) => (
          <Select
            key={`${place} ${heading}`}
            label={heading}
            hint={
              <span dir="auto" className="block truncate">
                {table.rows.find((row) => (row[place] ?? "") !== "")?.[place] ?? ""}
              </span>
            }
            options={ROLES.map((role) => ({ value: role, label: words.roles[role] }))}
            value={roles[place] ?? "ignore"}
            onChange={(role) => onChange(roles.map((one, at) => (at === place ? role : one)))}
          />
        ))}
      </div>
    </Section>
  );
}

export function problemWords(problem: Problem): string {
  return problem.kind === "noAddress"
    ? words.problemNoAddress
    : words.problemBadAddress(problem.address.slice(0, 60));
}

const COLUMNS: readonly Column<Shown>[] = [
  {
    heading: words.name,
    cell: ({ contact }) => (
      <span dir="auto" className="font-medium">
        {contact.name}
      </span>
    ),
  },
  {
    heading: words.company,
    cell: ({ contact: { company } }) =>
      company == null || company === "" ? null : (
        <span dir="auto" className="text-ink-2">
          {company}
        </span>
      ),
  },
  { heading: words.addresses, cell: ({ contact }) => <span dir="ltr">{contact.emails.join(", ")}</span> },
  {
    heading: words.ready,
    headingHidden: true,
    end: true,
    cell: ({ contact }) => <State problem={problemOf(contact)} />,
  },
];

/** A row of a file has no other name than its place. */
interface Shown {
  place: number;
  contact: ContactInput;
}

function State({ problem }: { problem: Problem | null }) {
  if (problem === null) return <Badge tone="good">{words.ready}</Badge>;
  return (
    <Badge tone="warn">
      {words.problem}: {problemWords(problem)}
    </Badge>
  );
}

/** The first rows as they would be imported, with what would be left out and why. */
export function Preview({
  contacts,
  usable,
  action,
}: {
  contacts: readonly ContactInput[];
  usable: number;
  action: ReactNode;
}) {
  const rows = contacts.slice(0, SHOWN).map((contact, place) => ({ place, contact }));
  return (
    <Section title={words.preview} about={words.previewAbout(usable, contacts.length)} actions={action}>
      <Table label={words.preview} rows={rows} columns={COLUMNS} keyOf={({ place }) => String(place)} />
      {contacts.length > SHOWN && <p className="text-sm text-ink-3">{words.previewPart(SHOWN)}</p>}
    </Section>
  );
}
