/** Which column of a table holds what, and rows made of that. */
import type { ContactInput } from "./documents";

export const ROLES = ["name", "firstName", "lastName", "company", "email", "ignore"] as const;
export type Role = (typeof ROLES)[number];

export interface Table {
  /** What the columns are called; "A", "B" where the file has no headings. */
  headings: string[];
  rows: string[][];
}

const ADDRESS = /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/u;
const BY_HEADING: readonly [RegExp, Role][] = [
  [/e-?mail.*(label|type)|(label|type).*e-?mail|phone|birthday|street|photo|notes?$/i, "ignore"],
  [/e-?mail|^addresses?$|courriel|correo|adresse e/i, "email"],
  [/^(first|given)[\s_-]*name$|^first$|vorname|pr[ée]nom|^nombre$/i, "firstName"],
  [/^(last|family|sur)[\s_-]*name$|^surname$|^last$|nachname|apellidos?/i, "lastName"],
  [
    /company|organi[sz]ation name|^organi[sz]ation$|^firma$|unternehmen|soci[ée]t[ée]|empresa|^account/i,
    "company",
  ],
  [/^(full|display|contact)?[\s_-]*name$|^nom$/i, "name"],
];

export function isAddress(value: string): boolean {
  return value.length <= 254 && ADDRESS.test(value);
}

/** A first row without an address, in a table whose other rows have some, is the headings. */
export function tableOf(rows: readonly string[][]): Table {
  const [first, ...rest] = rows;
  if (first === undefined) return { headings: [], rows: [] };
  const width = Math.max(...rows.map((row) => row.length));
  const hasHeadings = !first.some(isAddress);
  const headings = Array.from({ length: width }, (_, place) => {
    const given = hasHeadings ? (first[place] ?? "") : "";
    return given === "" ? String.fromCharCode(65 + (place % 26)) : given;
  });
  return { headings, rows: hasHeadings ? rest : [...rows] };
}

/** Guesses by the headings first, then by what most cells are. */
export function guessRoles({ headings, rows }: Table): Role[] {
  const some = rows.slice(0, 100);
  const taken = new Set<Role>();
  return headings.map((heading, place) => {
    const filled = some.map((row) => row[place] ?? "").filter((cell) => cell !== "");
    const mails = filled.filter((cell) => splitAddresses(cell).some(isAddress)).length;
    if (filled.length > 0 && mails > filled.length / 2) return "email";
    const named = BY_HEADING.find(([pattern]) => pattern.test(heading))?.[1] ?? "ignore";
    if (named === "email" || named === "ignore" || taken.has(named))
      return named === "email" ? named : "ignore";
    taken.add(named);
    return named;
  });
}

/** "Ann <a@x.test>; b@x.test" holds two addresses; Google's exports put " ::: " between them. */
export function splitAddresses(cell: string): string[] {
  return cell
    .split(/\s*(?:;|,|\s:::\s|\n)\s*/)
    .map((one) => /<([^<>]+)>\s*$/.exec(one)?.[1] ?? one)
    .map((one) => one.replace(/^mailto:/i, "").trim())
    .filter((one) => one !== "");
}

export function contactsOf({ rows }: Table, roles: readonly Role[]): ContactInput[] {
  return rows.map((row) => {
    const cells = (role: Role) => row.filter((cell, place) => roles[place] === role && cell !== "");
    const whole = cells("name")[0];
    const joined = [...cells("firstName"), ...cells("lastName")].join(" ");
    return {
      name: (whole ?? joined).slice(0, 200) || null,
      company: cells("company")[0]?.slice(0, 200) ?? null,
      emails: [...new Set(cells("email").flatMap(splitAddresses))].slice(0, 20),
    };
  });
}

export type Problem = { kind: "noAddress" } | { kind: "badAddress"; address: string };

/** Why a row would be refused; null where it can be imported. */
export function problemOf(contact: ContactInput): Problem | null {
  if (contact.emails.length === 0) return { kind: "noAddress" };
  const bad = contact.emails.find((one) => !isAddress(one));
  return bad === undefined ? null : { kind: "badAddress", address: bad };
}
