import { lazy } from "react";

import { BulkList } from "./BulkList";
import { BulkPage } from "./BulkPage";

const NewBulk = lazy(() => import("./NewBulk"));

/** Bulk mail: /bulk, /bulk/new, /bulk/ID. */
export default function Bulk({ path }: { path: readonly string[] }) {
  const [first] = path;
  if (first === undefined) return <BulkList />;
  return first === "new" ? <NewBulk /> : <BulkPage key={first} id={first} />;
}
