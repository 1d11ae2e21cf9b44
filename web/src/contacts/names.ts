import { words } from "../words/contacts";
import type { Contact } from "./documents";

/** What a contact is called: the name, else the first address. */
export function calledOf(contact: Pick<Contact, "name" | "emails">): string {
  return contact.name ?? contact.emails[0] ?? words.unnamed;
}
