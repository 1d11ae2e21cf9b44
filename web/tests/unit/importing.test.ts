import { describe, expect, it } from "vitest";

import type { ContactInput, ImportReport } from "../../src/contacts/documents";
import { partsOf, PART, runImport, type Progress } from "../../src/contacts/importing";
import { AskFailed } from "../../src/data/client";

const contact = (place: number): ContactInput => ({
  name: null,
  company: null,
  emails: [`p${place}@x.test`],
});
const people = Array.from({ length: 2 * PART + 1 }, (_, place) => contact(place));

function report(part: readonly ContactInput[]): ImportReport {
  const rows = part.map((_, index) => ({
    index,
    outcome: "CREATED" as const,
    contactId: `c${index}`,
    reason: null,
  }));
  return { __typename: "ImportReport", created: part.length, updated: 0, skipped: 0, rows };
}

async function run(
  sendPart: (part: ContactInput[]) => Promise<ImportReport | { message: string }>,
  stop?: number,
) {
  const told: Progress[] = [];
  const controller = new AbortController();
  const pauses: number[] = [];
  const ending = await runImport(
    people,
    (progress) => {
      told.push(progress);
      if (progress.done === stop) controller.abort();
    },
    controller.signal,
    { sendPart, pause: (milliseconds) => Promise.resolve(void pauses.push(milliseconds)) },
  );
  return { ending, told, pauses };
}

describe("an import", () => {
  it("goes in parts of a size that fits a request, in order, leaving nobody out", () => {
    const parts = partsOf(people);
    expect(parts.map((part) => part.length)).toEqual([PART, PART, 1]);
    expect(parts.flat()).toEqual(people);
    const long = { name: "x".repeat(200), company: "y".repeat(200), emails: ["z@x.test"] };
    const bodies = partsOf(Array.from({ length: 1000 }, () => long)).map(
      (part) => JSON.stringify(part).length,
    );
    expect(Math.max(...bodies)).toBeLessThan(1_000_000);
  });

  it("tells how far it is and ends done", async () => {
    const { ending, told } = await run((part) => Promise.resolve(report(part)));
    expect(ending).toEqual({ kind: "done" });
    expect(told.map((one) => one.done)).toEqual([PART, 2 * PART, 2 * PART + 1]);
    expect(told.at(-1)?.created).toBe(people.length);
    expect(told.at(-1)?.outcomes).toHaveLength(people.length);
  });

  it("repeats a part while the server is away, waiting longer each time, and counts it once", async () => {
    let calls = 0;
    const { ending, told, pauses } = await run((part) => {
      calls += 1;
      if (calls <= 2) throw new AskFailed({ kind: "away", message: "away" });
      return Promise.resolve(report(part));
    });
    expect(ending.kind).toBe("done");
    expect(pauses).toEqual([2000, 4000]);
    expect(told.filter((one) => one.waiting)).toHaveLength(2);
    expect(told.at(-1)?.created).toBe(people.length);
  });

  it("stops between parts", async () => {
    const { ending, told } = await run((part) => Promise.resolve(report(part)), PART);
    expect(ending).toEqual({ kind: "stopped" });
    expect(told).toHaveLength(1);
  });

  it.each([
    ["a refusal in the answer", () => Promise.resolve({ message: "No." })],
    ["a refused request", () => Promise.reject(new AskFailed({ kind: "refused", message: "No." }))],
    ["a server that stays away", () => Promise.reject(new AskFailed({ kind: "away", message: "No." }))],
  ])("ends failed at %s", async (_, sendPart) => {
    const { ending } = await run(sendPart);
    expect(ending).toEqual({ kind: "failed", message: "No." });
  });
});
