import { beforeEach, describe, expect, test } from "vitest";

import { Threads } from "../../src/inbox/threads";
import { threadRow } from "./rows";

const AT = ["2026-03-01T09:00:00.000Z", "2026-03-01T10:00:00.000Z", "2026-03-01T11:00:00.000Z"] as const;

describe("a list of conversations", () => {
  let threads: Threads;
  const all = () => threads.lists.all.get();

  beforeEach(() => {
    threads = new Threads("ann");
    for (const folder of ["all", "unread"] as const) {
      threads.lists[folder].update((list) => ({ ...list, phase: "ready" }));
    }
    threads.take(threadRow("old", AT[0]));
    threads.take(threadRow("new", AT[1]));
  });

  test("news goes above what is there while the list stands at its top", () => {
    threads.take(threadRow("old", AT[2], { unreadCount: 1 }));
    expect(all().ids).toEqual(["old", "new"]);
    expect(all().waiting).toEqual([]);
  });

  test("nothing moves while the list is scrolled; the news waits and is counted once", () => {
    threads.setScrolled("all", true);
    threads.take(threadRow("old", AT[2]));
    threads.take(threadRow("old", "2026-03-01T11:00:01.000Z"));
    expect(all().ids).toEqual(["new", "old"]);
    expect(all().waiting).toEqual(["old"]);
    threads.setScrolled("all", false);
    expect(all().ids).toEqual(["old", "new"]);
    expect(all().waiting).toEqual([]);
  });

  test("a change that is no news leaves the row in its place", () => {
    threads.take(threadRow("old", AT[0], { private: true }));
    expect(all().ids).toEqual(["new", "old"]);
    expect(threads.row("old")?.private).toBe(true);
  });

  test("what is done leaves, and undoing puts it back where its time says", () => {
    threads.take(threadRow("newest", AT[2]));
    threads.patch("new", { state: "DONE" });
    expect(all().ids).toEqual(["newest", "old"]);
    threads.patch("new", { state: "OPEN" });
    expect(all().ids).toEqual(["newest", "new", "old"]);
  });

  test("what was just read stays in Unread", () => {
    threads.take(threadRow("mail", AT[2], { unreadCount: 1 }));
    threads.patch("mail", { unreadCount: 0 });
    expect(threads.lists.unread.get().ids).toContain("mail");
  });

  test("what is withdrawn is forgotten everywhere", () => {
    threads.hear({ __typename: "Withdrawn", id: "e1", at: AT[2], threadId: "old", messageId: null });
    expect(all().ids).toEqual(["new"]);
    expect(threads.row("old")).toBeUndefined();
  });
});
