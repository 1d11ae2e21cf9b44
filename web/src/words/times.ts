/** Times as people say them: the clock today, the day this week, then the date; always in the reader's zone. */
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DATE_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const DAY_MS = 86_400_000;

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** "10:42", "Tue", "3 Mar", "3 Mar 2024". */
export function shortTime(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const days = Math.round((midnight(now) - midnight(at)) / DAY_MS);
  if (days === 0) return CLOCK.format(at);
  if (days > 0 && days < 6) return DAY.format(at);
  return at.getFullYear() === now.getFullYear() ? DATE.format(at) : DATE_YEAR.format(at);
}

/** "10:42", "Tue 10:42", "3 Mar, 10:42". */
export function messageTime(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const short = shortTime(iso, now);
  return short === CLOCK.format(at) ? short : `${short}, ${CLOCK.format(at)}`;
}

export function clockTime(iso: string): string {
  return CLOCK.format(new Date(iso));
}

/** The whole of it, for a tooltip or a reader. */
export function fullTime(iso: string): string {
  return FULL.format(new Date(iso));
}

/** "2 seconds ago", "in 5 minutes", "yesterday". */
export function ago(iso: string, now = new Date()): string {
  const seconds = (new Date(iso).getTime() - now.getTime()) / 1000;
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, "second"],
    [3600, "minute"],
    [86_400, "hour"],
    [2_592_000, "day"],
    [31_536_000, "month"],
  ];
  let unitSeconds = 1;
  for (const [limit, unit] of steps) {
    if (Math.abs(seconds) < limit) return AGO.format(Math.round(seconds / unitSeconds), unit);
    unitSeconds = limit;
  }
  return AGO.format(Math.round(seconds / unitSeconds), "year");
}

/** "12 KB", "3.4 MB". */
export function bytes(size: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const options = {
    style: "unit",
    unit: units[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
  } as const;
  return new Intl.NumberFormat(undefined, {
    ...options,
    maximumFractionDigits: value < 10 && unit > 1 ? 1 : 0,
  }).format(value);
}
