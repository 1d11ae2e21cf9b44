import { Page } from "../kit";
import { words } from "../words/frame";

export default function Contacts({ path }: { path: readonly string[] }) {
  return <Page title={words.contacts}>{path.join("/")}</Page>;
}
