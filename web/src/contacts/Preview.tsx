import type { ReactNode } from "react";

import { Badge, Section, Select } from "../kit";
import { words } from "../words/contacts";
import { problemOf, ROLES, type Problem, type Role, type Table } from "./columns";
import type { ContactInput } from "./documents";

const SHOWN = 50;

/** What each column holds: guessed, to be changed. */
export function Columns({
  table,
  roles,
  onChange,
}: {
  table: Table;
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
  return (
    <Section title={words.preview} about={words.previewAbout(usable, contacts.length)} actions={action}>
      {/* A table that is wider than the screen is scrolled by keys too. */}
      <div
        role="group"
        aria-label={words.preview}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        className="overflow-x-auto rounded-md border border-line"
      >
        <table className="w-full min-w-[36rem] text-start text-sm">
          <thead>
            <tr className="bg-canvas text-ink-2">
              {[words.name, words.company, words.addresses, ""].map((heading) => (
                <th key={heading} scope="col" className="px-3 py-2 text-start font-medium">
                  {heading === "" ? <span className="sr-only">{words.ready}</span> : heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {contacts.slice(0, SHOWN).map((contact, place) => (
              // A row of a file has no other name than its place.
              <Row key={place} contact={contact} />
            ))}
          </tbody>
        </table>
      </div>
      {contacts.length > SHOWN && <p className="text-sm text-ink-3">{words.previewPart(SHOWN)}</p>}
    </Section>
  );
}

function Row({ contact }: { contact: ContactInput }) {
  const problem = problemOf(contact);
  return (
    <tr className="border-t border-line">
      <td dir="auto" className="max-w-48 truncate px-3 py-2">
        {contact.name}
      </td>
      <td dir="auto" className="max-w-40 truncate px-3 py-2 text-ink-2">
        {contact.company}
      </td>
      <td dir="ltr" className="max-w-64 truncate px-3 py-2 text-start" title={contact.emails.join(", ")}>
        {contact.emails.join(", ")}
      </td>
      <td className="px-3 py-2 text-end">
        {problem === null ? (
          <Badge tone="good">{words.ready}</Badge>
        ) : (
          <Badge tone="warn">
            {words.problem}: {problemWords(problem)}
          </Badge>
        )}
      </td>
    </tr>
  );
}
