import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import {
  changeDraft,
  draftsStore,
  dropDraft,
  emptyDraft,
  isEmpty,
  keepDraftsOf,
  noteMissing,
  putDraft,
} from "../../src/composer/drafts";

const HOUR_MS = 3_600_000;

describe("drafts", () => {
  let end: () => void;

  beforeEach(() => {
    vi.useFakeTimers({ now: new Date("2026-03-01T09:00:00Z") });
    end = keepDraftsOf("ann");
  });
  afterEach(() => {
    end();
    vi.useRealTimers();
  });

  test("outlive a reload, for their own writer only", () => {
    putDraft({ ...emptyDraft("thread:1", "reply"), html: "<p>Almost done</p>" });
    end();
    const endBen = keepDraftsOf("ben");
    expect(draftsStore.get()).toEqual({});
    endBen();
    end = keepDraftsOf("ann");
    expect(draftsStore.get()["thread:1"]?.html).toBe("<p>Almost done</p>");
  });

  test("forget files that the server has forgotten meanwhile", () => {
    const file = {
      id: "f",
      name: "a.pdf",
      contentType: "application/pdf",
      sizeBytes: 3,
      uploadedAt: Date.now(),
    };
    putDraft({ ...emptyDraft("thread:1", "reply"), files: [file] });
    end();
    vi.advanceTimersByTime(24 * HOUR_MS);
    end = keepDraftsOf("ann");
    expect(draftsStore.get()["thread:1"]?.files).toEqual([]);
    expect(draftsStore.get()["thread:1"]?.missing).toEqual(["a.pdf"]);
  });

  test("say what had not arrived when the page was left, and do not show it", () => {
    putDraft({ ...emptyDraft("thread:1", "reply"), html: '<p>Look<img src="cid:n" alt="a.png"></p>' });
    noteMissing("thread:1", ["a.png", "b.txt"], []);
    noteMissing("thread:1", [], ["b.txt"]);
    end();
    end = keepDraftsOf("ann");
    expect(draftsStore.get()["thread:1"]?.missing).toEqual(["a.png"]);
    expect(draftsStore.get()["thread:1"]?.html).toBe("<p>Look</p>");
  });

  test("keep their idempotency key while a file comes and goes: what is sent is the same", () => {
    putDraft({ ...emptyDraft("thread:1", "reply"), idempotencyKey: "k1" });
    noteMissing("thread:1", ["a.png"], []);
    expect(draftsStore.get()["thread:1"]?.idempotencyKey).toBe("k1");
  });

  test("get a new idempotency key with every change, and keep it without one", () => {
    putDraft({ ...emptyDraft("thread:1", "reply"), idempotencyKey: "k1" });
    expect(draftsStore.get()["thread:1"]?.idempotencyKey).toBe("k1");
    changeDraft("thread:1", { html: "<p>Other words</p>" });
    expect(draftsStore.get()["thread:1"]?.idempotencyKey).toBeNull();
  });

  test("never come back once dropped, nor are they made by a late change", () => {
    putDraft(emptyDraft("thread:1", "reply"));
    dropDraft("thread:1");
    changeDraft("thread:1", { html: "<p>late</p>" });
    expect(draftsStore.get()).toEqual({});
  });

  test("are empty without words, files or images", () => {
    const draft = emptyDraft("thread:1", "reply");
    expect(isEmpty({ ...draft, html: "<p></p>" })).toBe(true);
    expect(isEmpty({ ...draft, html: "<p>x</p>" })).toBe(false);
  });
});
