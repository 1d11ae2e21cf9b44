import { Page } from "../kit";
import { words } from "../words/frame";

export default function Admin(_: { path: readonly string[] }) {
  return <Page title={words.admin}>{null}</Page>;
}
