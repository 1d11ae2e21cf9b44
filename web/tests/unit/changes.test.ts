import { afterEach, describe, expect, test, vi } from "vitest";

import { mark } from "../../src/inbox/changes";
import { Threads } from "../../src/inbox/threads";
import { threadRow } from "./rows";

interface Asked {
  state: string;
  answer: () => void;
}

describe("changes of one conversation", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("are asked in their order: what was undone stays undone, however late the first answer is", async () => {
    const asked: Asked[] = [];
    vi.stubGlobal("fetch", (_: string, request: { body: string }) => {
      const { variables } = JSON.parse(request.body) as { variables: { id: string; state: "OPEN" | "DONE" } };
      const row = { __typename: "Thread", ...threadRow(variables.id, "2026-03-01T09:00:00.000Z", variables) };
      return new Promise((resolve) =>
        asked.push({
          state: variables.state,
          answer: () => resolve(Response.json({ data: { markThread: row } })),
        }),
      );
    });
    const threads = new Threads("ann");
    threads.take(threadRow("a", "2026-03-01T09:00:00.000Z"));

    const done = mark(threads, ["a"], { state: "DONE" });
    const undone = mark(threads, ["a"], { state: "OPEN" });
    await vi.waitFor(() => expect(asked.map((one) => one.state)).toEqual(["DONE"]));
    expect(threads.row("a")?.state).toBe("OPEN");

    asked[0]?.answer();
    await done;
    expect(threads.row("a")?.state).toBe("OPEN");
    await vi.waitFor(() => expect(asked.map((one) => one.state)).toEqual(["DONE", "OPEN"]));
    asked[1]?.answer();
    await undone;
    expect(threads.row("a")?.state).toBe("OPEN");
  });
});
