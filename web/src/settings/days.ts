/** Counts decisions by day, in the reader's zone, with the days on which nothing happened. */
import type { Decision } from "./documents";

export interface Day {
  /** Its first moment. */
  from: Date;
  synced: number;
  skipped: number;
}

export const DAYS = 14;

function dayOf(at: Date, back: number): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() - back);
}

/** The last `DAYS` days, oldest first, today last. */
export function countByDay(
  decisions: readonly Pick<Decision, "at" | "synced">[],
  now: Date,
  days = DAYS,
): Day[] {
  const counted = Array.from({ length: days }, (_, place) => ({
    from: dayOf(now, days - 1 - place),
    synced: 0,
    skipped: 0,
  }));
  const places = new Map(counted.map((day) => [day.from.getTime(), day]));
  for (const { at, synced } of decisions) {
    const day = places.get(dayOf(new Date(at), 0).getTime());
    if (day === undefined) continue;
    if (synced) day.synced += 1;
    else day.skipped += 1;
  }
  return counted;
}
