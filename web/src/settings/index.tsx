import { Page } from "../kit";
import { words } from "../words/frame";

export default function Settings(_: { path: readonly string[] }) {
  return <Page title={words.settings}>{null}</Page>;
}
