/** The bulk mail that is being written: one at a time, kept for this tab until it is sent or thrown away. */
import { Store } from "../data/store";
import type { BulkInput } from "./documents";
import { textOf } from "./templates";

export interface Chosen {
  id: string;
  name: string | null;
  email: string;
}

export type AudienceKind = "everybody" | "search" | "chosen";

export interface BulkDraft {
  audience: AudienceKind;
  search: string;
  chosen: readonly Chosen[];
  /** Where answers go; "" is the workspace's own address, null what suits the reader's mailbox. */
  from: string | null;
  subject: string;
  html: string;
  leaveOut: boolean;
  /** Chosen at the first try to send and renewed by every change after it, so that a retry sends nothing twice. */
  key: string | null;
}

export const EMPTY: BulkDraft = {
  audience: "chosen",
  search: "",
  chosen: [],
  from: null,
  subject: "",
  html: "",
  leaveOut: false,
  key: null,
};

const PLACE = "bothways-bulk";

function kept(): BulkDraft {
  try {
    return { ...EMPTY, ...(JSON.parse(sessionStorage.getItem(PLACE) ?? "{}") as Partial<BulkDraft>) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof DOMException)) throw error;
    return EMPTY;
  }
}

export const bulkDraft = new Store<BulkDraft>(kept());

bulkDraft.subscribe(() => {
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(bulkDraft.get()));
  } catch (error) {
    // The browser keeps nothing, or its room is used up: the draft lives as long as the page.
    if (!(error instanceof DOMException)) throw error;
  }
});

export function changeDraft(change: Partial<BulkDraft>): void {
  bulkDraft.update((draft) => ({ ...draft, key: null, ...change }));
}

export function clearDraft(): void {
  bulkDraft.set(EMPTY);
}

/** Begins a bulk mail to these contacts. */
export function writeTo(chosen: readonly Chosen[]): void {
  bulkDraft.set({ ...EMPTY, audience: "chosen", chosen });
}

export function hasAudience(draft: BulkDraft): boolean {
  if (draft.audience === "chosen") return draft.chosen.length > 0;
  return draft.audience === "everybody" || draft.search.trim() !== "";
}

export function isWritten(draft: BulkDraft): boolean {
  return draft.subject.trim() !== "" && draft.html.trim() !== "";
}

export function isEmpty(draft: BulkDraft): boolean {
  return draft.subject === "" && draft.html === "" && draft.chosen.length === 0 && draft.search === "";
}

/** What the API is asked with; `usual` is where answers go when nothing was chosen. */
export function inputOf(draft: BulkDraft, usual: string | null): BulkInput {
  const from = draft.from ?? usual;
  return {
    idempotencyKey: draft.key ?? "preview",
    ...(draft.audience === "chosen"
      ? { contactIds: draft.chosen.map((contact) => contact.id) }
      : { search: draft.audience === "everybody" ? "" : draft.search.trim() }),
    from: from === "" ? null : from,
    subject: draft.subject.trim(),
    text: textOf(draft.html),
    html: draft.html,
    leaveOutIncomplete: draft.leaveOut,
  };
}
