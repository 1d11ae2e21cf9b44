/**
 * Names, companies and addresses out of vCards 2.1, 3.0 and 4.0; everything else is left out.
 * Source: RFC 6350 (3.2 folding, 3.4 escaping), vCard 2.1 (quoted-printable).
 */
import type { ContactInput } from "./documents";

interface Line {
  name: string;
  parameters: string;
  value: string;
}

function unfold(text: string): string[] {
  const lines = text
    .replace(/\r\n?/g, "\n")
    .replace(/\n[ \t]/g, "")
    .split("\n");
  const whole: string[] = [];
  for (const line of lines) {
    const last = whole[whole.length - 1];
    // Version 2.1 breaks quoted-printable with a "=" at the line's end.
    if (last?.endsWith("=") === true && /;ENCODING=QUOTED-PRINTABLE|;QUOTED-PRINTABLE/i.test(last)) {
      whole[whole.length - 1] = last.slice(0, -1) + line;
    } else whole.push(line);
  }
  return whole;
}

function read(line: string): Line | null {
  const colon = line.search(/:(?=(?:[^"]*"[^"]*")*[^"]*$)/);
  if (colon < 1) return null;
  const [head = "", ...parameters] = line.slice(0, colon).split(";");
  const name = (head.split(".").pop() ?? "").toUpperCase();
  return { name, parameters: parameters.join(";").toUpperCase(), value: line.slice(colon + 1) };
}

function decodeQuoted(value: string, parameters: string): string {
  const bytes: number[] = [];
  for (let place = 0; place < value.length; place += 1) {
    const hex = value.slice(place + 1, place + 3);
    if (value[place] === "=" && /^[0-9A-F]{2}$/i.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      place += 2;
    } else bytes.push(...new TextEncoder().encode(value[place]));
  }
  const latin = /CHARSET=(ISO-8859-1|WINDOWS-1252)/.test(parameters);
  return new TextDecoder(latin ? "windows-1252" : "utf-8").decode(new Uint8Array(bytes));
}

function plain({ value, parameters }: Line): string {
  return parameters.includes("QUOTED-PRINTABLE") ? decodeQuoted(value, parameters) : value;
}

function unescape(value: string): string {
  return value.replace(/\\([nN,;\\])/g, (_, letter: string) => (/n/i.test(letter) ? " " : letter)).trim();
}

function parts(line: Line): string[] {
  return plain(line)
    .split(/(?<!\\);/)
    .map(unescape);
}

function contactOf(lines: readonly Line[]): ContactInput {
  const first = (name: string) => lines.find((line) => line.name === name);
  const [full, named, company] = [first("FN"), first("N"), first("ORG")];
  const [family = "", given = ""] = named === undefined ? [] : parts(named);
  const name = full === undefined ? "" : unescape(plain(full));
  const emails = lines
    .filter((line) => line.name === "EMAIL")
    .sort((a, b) => Number(b.parameters.includes("PREF")) - Number(a.parameters.includes("PREF")))
    .map((line) => unescape(plain(line)).replace(/^mailto:/i, ""));
  return {
    name: (name === "" ? `${given} ${family}`.trim() : name) || null,
    company: (company === undefined ? "" : (parts(company)[0] ?? "")) || null,
    emails: [...new Set(emails.filter((one) => one !== ""))],
  };
}

export function isVcard(text: string): boolean {
  return /^\s*BEGIN:VCARD/i.test(text);
}

export function parseVcards(text: string): ContactInput[] {
  const contacts: ContactInput[] = [];
  let card: Line[] | null = null;
  for (const line of unfold(text).map(read)) {
    if (line === null) continue;
    if (line.name === "BEGIN") card = [];
    else if (line.name === "END") {
      if (card !== null) contacts.push(contactOf(card));
      card = null;
    } else card?.push(line);
  }
  return contacts;
}
