import type { ReactNode } from "react";

/** Names and what they are, one a line. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="flex flex-col">
      {facts.map(([name, value]) => (
        <div
          key={name}
          className="flex flex-wrap gap-x-4 border-b border-line py-2.5 text-sm first:border-t last:border-b-0"
        >
          <dt className="w-40 shrink-0 text-ink-2">{name}</dt>
          <dd className="wrap-words min-w-0 flex-1 basis-48">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
