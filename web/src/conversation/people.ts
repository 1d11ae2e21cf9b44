import type { Message, Person } from "../data/documents";

export function nameOf(person: Pick<Person, "name" | "address">): string {
  return person.name ?? person.address;
}

/** "Dana", for where the whole name is too long. */
export function shortName(person: Pick<Person, "name" | "address">): string {
  return person.name?.split(/\s+/)[0] ?? person.address;
}

function unique(addresses: readonly string[], without: ReadonlySet<string>): string[] {
  const seen = new Set([...without].map((address) => address.toLowerCase()));
  return addresses.filter((address) => {
    const key = address.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

export interface Recipients {
  to: string[];
  cc: string[];
}

/** Whom an answer goes to: to who wrote it, or to whom one's own last mail went. */
export function replyRecipients(message: Message, own: readonly string[], all: boolean): Recipients {
  const mine = new Set(own.map((address) => address.toLowerCase()));
  const fromMe = message.direction === "OUTBOUND" || mine.has(message.from.address.toLowerCase());
  const to = fromMe
    ? unique(
        message.to.map((one) => one.address),
        mine,
      )
    : [message.from.address];
  if (!all) return { to, cc: [] };
  const others = [...(fromMe ? [] : message.to), ...message.cc].map((one) => one.address);
  return { to, cc: unique(others, new Set([...mine, ...to])) };
}
