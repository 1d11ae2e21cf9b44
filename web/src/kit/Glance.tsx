import type { ReactNode } from "react";

import { classes } from "./classes";

/** A few facts side by side, each under its name; on a phone below each other. */
export function Glance({
  facts,
  rows = false,
}: {
  facts: readonly (readonly [string, ReactNode])[];
  rows?: boolean;
}) {
  return (
    <dl className={classes("flex gap-x-10 gap-y-2 text-sm", rows ? "flex-col" : "flex-wrap max-sm:flex-col")}>
      {facts.map(([name, value]) => (
        <div key={name} className={classes("flex min-w-0", rows ? "gap-3" : "max-sm:gap-3 sm:flex-col")}>
          <dt className={classes("shrink-0 text-ink-2", rows ? "w-20" : "max-sm:w-28")}>{name}</dt>
          <dd className="wrap-words min-w-0">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
