import { Page } from "../kit";
import { words } from "../words/frame";

export default function Admin({ path }: { path: readonly string[] }) {
  return <Page title={words.admin}>{path.join("/")}</Page>;
}
