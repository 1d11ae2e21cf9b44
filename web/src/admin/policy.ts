/** What is typed on the mail settings, as the API takes it. */
const MB = 1_000_000;
export const MOST_BYTES = 26_214_400;

/** "12,5" or "12.5" megabytes in bytes; null where it is no number the API takes. */
export function bytesOf(typed: string): number | null {
  const value = Number(typed.trim().replace(",", "."));
  if (typed.trim() === "" || !Number.isFinite(value)) return null;
  const bytes = Math.round(value * MB);
  // What is shown is rounded, so the most that may be is shown as 26.2 and meant whole.
  if (bytes > MOST_BYTES || bytes < MB / 10) return null;
  return bytes;
}

export function megabytesOf(bytes: number): string {
  return String(Math.floor(bytes / (MB / 10)) / 10);
}

/** Words between commas, line ends or spaces, each once, in lower case, a dot before or after taken off. */
export function listOf(typed: string): string[] {
  const words = typed
    .split(/[\s,;]+/)
    .map((word) =>
      word
        .trim()
        .toLowerCase()
        .replace(/^\.+|\.+$/g, ""),
    )
    .filter((word) => word !== "");
  return [...new Set(words)];
}
