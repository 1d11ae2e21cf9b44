/** Lays what the server counted on the reader's days, those on which nothing happened included. */
export interface Counted {
  day: string;
  mailboxId: string;
  synced: number;
  skipped: number;
  sent: number;
}

export interface Day {
  /** Its first moment. */
  from: Date;
  synced: number;
  skipped: number;
  sent: number;
}

export const DAYS = 14;

/** The day as the server writes it, in the reader's zone. */
export function dayName(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The last `days` days, oldest first, today last; of one mailbox, or of all together. */
export function layDays(
  counted: readonly Counted[],
  now: Date,
  mailboxId: string | null = null,
  days = DAYS,
): Day[] {
  const laid = Array.from({ length: days }, (_, place) => ({
    from: new Date(now.getFullYear(), now.getMonth(), now.getDate() - (days - 1 - place)),
    synced: 0,
    skipped: 0,
    sent: 0,
  }));
  const places = new Map(laid.map((day) => [dayName(day.from), day]));
  for (const one of counted) {
    const day = mailboxId === null || one.mailboxId === mailboxId ? places.get(one.day) : undefined;
    if (day === undefined) continue;
    day.synced += one.synced;
    day.skipped += one.skipped;
    day.sent += one.sent;
  }
  return laid;
}
