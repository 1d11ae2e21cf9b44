import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { InboxCounts } from "../../src/inbox/counts";

describe("the counts of the inbox", () => {
  let answers: ((unread: number) => void)[];

  beforeEach(() => {
    answers = [];
    vi.useFakeTimers({
      now: new Date("2026-03-01T09:00:00Z"),
      toFake: ["setTimeout", "clearTimeout", "Date"],
    });
    vi.stubGlobal("fetch", () => {
      return new Promise((resolve) =>
        answers.push((unread) =>
          resolve(
            Response.json({
              data: { viewer: { __typename: "Viewer", unreadThreads: unread, unansweredThreads: 0 } },
            }),
          ),
        ),
      );
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test("a burst of events is one question and one after it, and the last answer is what stands", async () => {
    const counts = new InboxCounts();
    for (let event = 0; event < 50; event += 1) counts.refresh();
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    answers[0]?.(3);
    await vi.waitFor(() => expect(counts.get()?.unread).toBe(3));
    await vi.advanceTimersByTimeAsync(600);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.(4);
    await vi.waitFor(() => expect(counts.get()?.unread).toBe(4));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(answers).toHaveLength(2);
  });
});
