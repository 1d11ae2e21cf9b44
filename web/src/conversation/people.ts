import type { Message, Person } from "../data/documents";
import { useSession } from "../data/session";

export function nameOf(person: Pick<Person, "name" | "address">): string {
  return person.name ?? person.address;
}

/** Names people as the reader knows them: colleagues by their name here, where the mail gave none. */
export function useNameOf(): typeof nameOf {
  const { workspace } = useSession();
  return (person) =>
    person.name ?? workspace.users.find((one) => one.email === person.address)?.name ?? person.address;
}

/** The addresses that are the reader's own: the login's, the mailbox's, and those it sends from. */
export function useOwnAddresses(): readonly string[] {
  const { mailbox, user } = useSession();
  return [user.email, ...(mailbox?.sendAs ?? []), ...(mailbox?.address ? [mailbox.address] : [])];
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

/** Whether a message is from or to one of the addresses. */
export function concerns(message: Message, addresses: readonly string[]): boolean {
  return [message.from, ...message.to, ...message.cc].some((one) => addresses.includes(one.address));
}
