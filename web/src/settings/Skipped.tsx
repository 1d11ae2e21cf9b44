import { Section } from "../kit";
import { words } from "../words/settings";
import type { MailboxSettings } from "./documents";

/** What was left alone, by reason, most first; a bar says how much of the whole each is. */
export function Skipped({ skipped }: { skipped: MailboxSettings["skipped"] }) {
  const sorted = [...skipped].sort((a, b) => b.count - a.count);
  const most = sorted[0]?.count ?? 0;
  return (
    <Section title={words.skipped} about={words.skippedAbout}>
      {sorted.length === 0 ? (
        <p className="text-sm text-ink-2">{words.skippedNone}</p>
      ) : (
        <ul className="flex flex-col gap-1.5">
          {sorted.map(({ reason, count }) => (
            <li key={reason} className="relative flex min-h-8 items-center gap-3 overflow-hidden rounded-md">
              <span
                aria-hidden="true"
                className="absolute inset-y-0 start-0 rounded-md bg-hover"
                style={{ width: `${Math.max(2, (100 * count) / most)}%` }}
              />
              <span className="figures relative w-12 ps-2 text-end text-sm font-medium">{count}</span>
              <span className="relative text-sm">{words.reasons[reason]}</span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
