import { Page } from "../kit";
import { words } from "../words/frame";

export default function Contacts(_: { path: readonly string[] }) {
  return <Page title={words.contacts}>{null}</Page>;
}
