import { expect, test } from "vitest";

import { dayName, layDays } from "../../src/activity/days";

const NOW = new Date(2026, 2, 10, 12);
const COUNTED = [
  { day: "2026-03-10", mailboxId: "a", synced: 2, skipped: 1, sent: 4 },
  { day: "2026-03-10", mailboxId: "b", synced: 3, skipped: 0, sent: 0 },
  { day: "2026-03-08", mailboxId: "a", synced: 1, skipped: 0, sent: 0 },
  { day: "2026-02-01", mailboxId: "a", synced: 9, skipped: 9, sent: 9 },
];

test("what was counted lies on the reader's days, empty days included, older ones left out", () => {
  const days = layDays(COUNTED, NOW, null, 3);
  expect(days.map((day) => [dayName(day.from), day.synced, day.skipped, day.sent])).toEqual([
    ["2026-03-08", 1, 0, 0],
    ["2026-03-09", 0, 0, 0],
    ["2026-03-10", 5, 1, 4],
  ]);
});

test("one mailbox's days are its own", () => {
  expect(layDays(COUNTED, NOW, "b", 1).map((day) => day.synced)).toEqual([3]);
});
