/**
 * Imports in parts, so that there is a progress and a way to stop. Repeating a part changes nothing (the API
 * completes and never overwrites), so what may or may not have arrived is simply sent again.
 */
import { AskFailed, change } from "../data/client";
import { importContacts, type ContactInput, type ImportReport } from "./documents";

export const PART = 200;
const PART_BYTES = 400_000;
const TRIES = 6;

export interface Outcome {
  outcome: ImportReport["rows"][number]["outcome"];
  /** The contact that was made or completed; null where the row was of no use. */
  contactId: string | null;
  reason: string | null;
}

export interface Progress {
  done: number;
  created: number;
  updated: number;
  skipped: number;
  /** One a contact, in the order given, as far as it came. */
  outcomes: readonly Outcome[];
  waiting: boolean;
}

export type Ending = { kind: "done" | "stopped" } | { kind: "failed"; message: string };

type Send = (contacts: ContactInput[]) => Promise<ImportReport | { message: string }>;

async function send(contacts: ContactInput[]): Promise<ImportReport | { message: string }> {
  const { importContacts: answer } = await change(importContacts, { contacts });
  return answer;
}

/** Parts of at most `PART` contacts and about `PART_BYTES`, for a body may hold a megabyte. */
export function partsOf(contacts: readonly ContactInput[]): ContactInput[][] {
  const parts: ContactInput[][] = [];
  let bytes = 0;
  for (const contact of contacts) {
    const size = 3 * JSON.stringify(contact).length;
    const last = parts[parts.length - 1];
    if (last === undefined || last.length >= PART || bytes + size > PART_BYTES) {
      parts.push([contact]);
      bytes = size;
    } else {
      last.push(contact);
      bytes += size;
    }
  }
  return parts;
}

export async function runImport(
  contacts: readonly ContactInput[],
  tell: (progress: Progress) => void,
  signal: AbortSignal,
  {
    sendPart = send,
    pause = wait,
  }: { sendPart?: Send; pause?: (milliseconds: number) => Promise<void> } = {},
): Promise<Ending> {
  let progress: Progress = { done: 0, created: 0, updated: 0, skipped: 0, outcomes: [], waiting: false };
  for (const part of partsOf(contacts)) {
    for (let attempt = 1; ; attempt += 1) {
      if (signal.aborted) return { kind: "stopped" };
      try {
        const report = await sendPart(part);
        if (!("rows" in report)) return { kind: "failed", message: report.message };
        const rows = [...report.rows].sort((a, b) => a.index - b.index);
        progress = {
          done: progress.done + part.length,
          created: progress.created + report.created,
          updated: progress.updated + report.updated,
          skipped: progress.skipped + report.skipped,
          outcomes: [
            ...progress.outcomes,
            ...rows.map(({ outcome, contactId, reason }) => ({ outcome, contactId, reason })),
          ],
          waiting: false,
        };
        tell(progress);
        break;
      } catch (error) {
        if (!(error instanceof AskFailed)) throw error;
        if (error.trouble.kind !== "away" || attempt === TRIES) {
          return { kind: "failed", message: error.trouble.message };
        }
        tell({ ...progress, waiting: true });
        await pause(1000 * 2 ** attempt);
      }
    }
  }
  return { kind: "done" };
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, milliseconds));
}
