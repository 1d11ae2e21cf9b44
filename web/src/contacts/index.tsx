import { ContactList } from "./ContactList";
import { ContactPage } from "./ContactPage";
import { ImportPage } from "./ImportPage";

/** Contacts: /contacts, /contacts/import, /contacts/ID. */
export default function Contacts({ path }: { path: readonly string[] }) {
  const [first] = path;
  if (first === undefined) return <ContactList />;
  if (first === "import") return <ImportPage />;
  return <ContactPage key={first} id={first} />;
}
