import { expect, test } from "vitest";

import { localMinute, unfit } from "../../src/admin/ReplayDialog";
import { words } from "../../src/words/webhooks";

const NOW = new Date("2026-03-31T12:00:00Z");

test.each([
  [null, null],
  ["2026-03-31T11:00:00Z", null],
  ["2026-03-02T12:00:00Z", null],
  ["2026-03-01T11:00:00Z", words.replayTooOld],
  ["2026-03-31T12:01:00Z", words.replayFuture],
])("events since %s may be sent again, or it is said why not", (since, said) => {
  expect(unfit(since === null ? null : new Date(since), NOW)).toBe(said);
});

test("a moment goes into the field and comes out as the same minute", () => {
  expect(new Date(localMinute(NOW)).getTime()).toBe(NOW.getTime());
});
