import { Page } from "../kit";
import { words } from "../words/frame";

export default function Settings({ path }: { path: readonly string[] }) {
  return <Page title={words.settings}>{path.join("/")}</Page>;
}
