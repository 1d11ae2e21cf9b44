/**
 * Drafts, kept in this browser for their writer: they outlive a reload, a crash and being offline. Uploaded files
 * are kept by their id, which the server remembers for a day. Sign-in secrets never come here.
 */
import { Store, useStore } from "../data/store";

export interface DraftFile {
  /** The upload's id at the server. */
  id: string;
  name: string;
  contentType: string;
  sizeBytes: number;
  uploadedAt: number;
  /** It goes along only while the text shows it. */
  inline?: boolean;
  /** By which name the text shows it; by its id where there is none. */
  shownAs?: string;
}

export interface DraftContact {
  id: string;
  name: string | null;
  emails: readonly string[];
}

export type DraftKind = "new" | "reply" | "replyAll" | "forward";

export interface Draft {
  /** "new:…", or "thread:…" with the conversation's id: one draft a conversation. */
  key: string;
  kind: DraftKind;
  threadId: string | null;
  contact: DraftContact | null;
  from: string | null;
  to: readonly string[];
  cc: readonly string[];
  bcc: readonly string[];
  subject: string;
  html: string;
  /** What is quoted below a forwarded or answered mail; shown folded, sent with it. */
  quote: string;
  files: readonly DraftFile[];
  /** Files of another mail which are still on their way into this draft. */
  returning: number;
  /** The names of files that were added and are not among `files`: on their way, or lost. */
  missing?: readonly string[];
  /** Renewed when its text is replaced from outside the editor. */
  edition: number;
  /** Chosen at the first try to send and renewed by every change after it, so that a retry never sends twice. */
  idempotencyKey: string | null;
  updatedAt: number;
}

const PREFIX = "bothways-drafts:";
const UPLOADS_LAST_MS = 23 * 3_600_000;
const IMAGE = /<img[^>]*\ssrc="cid:([^"]*)"[^>]*>/g;
const DRAFTS_LAST_MS = 60 * 86_400_000;

export const draftsStore = new Store<Readonly<Record<string, Draft>>>({});
/** The draft of a new mail that is open above the screen, by its key. */
export const openDraft = new Store<string | null>(null);

let owner: string | null = null;
let writing: number | undefined;

function write(): void {
  if (owner === null) return;
  try {
    localStorage.setItem(PREFIX + owner, JSON.stringify(draftsStore.get()));
  } catch (error) {
    // The browser's room is used up, or it keeps nothing: the draft lives as long as the page.
    if (!(error instanceof DOMException)) throw error;
  }
}

function read(key: string, now: number): Record<string, Draft> {
  let kept: Record<string, Draft>;
  try {
    kept = JSON.parse(localStorage.getItem(key) ?? "{}") as Record<string, Draft>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
  const fresh = Object.values(kept).filter((draft) => now - draft.updatedAt < DRAFTS_LAST_MS);
  return Object.fromEntries(fresh.map((draft) => [draft.key, withWhatIsKept(draft, now)]));
}

/** Without what the server has forgotten, or never got; what the writer added is said to be missing. */
function withWhatIsKept(draft: Draft, now: number): Draft {
  const files = draft.files.filter((file) => now - file.uploadedAt < UPLOADS_LAST_MS);
  const names = new Set(files.map((file) => file.shownAs ?? file.id));
  const lost = draft.files.filter((file) => !files.includes(file)).map((file) => file.name);
  return {
    ...draft,
    returning: 0,
    files,
    missing: [...(draft.missing ?? []), ...lost],
    html: draft.html.replace(IMAGE, (image, name: string) => (names.has(name) ? image : "")),
  };
}

/** Begins to keep the drafts of one user; another tab's changes come in as they are written. */
export function keepDraftsOf(userId: string): () => void {
  owner = userId;
  draftsStore.set(read(PREFIX + userId, Date.now()));
  const heard = (event: StorageEvent) => {
    if (event.key === PREFIX + userId) draftsStore.set(read(PREFIX + userId, Date.now()));
  };
  window.addEventListener("storage", heard);
  window.addEventListener("pagehide", write);
  return () => {
    write();
    window.removeEventListener("storage", heard);
    window.removeEventListener("pagehide", write);
    owner = null;
  };
}

function put(drafts: Readonly<Record<string, Draft>>): void {
  draftsStore.set(drafts);
  window.clearTimeout(writing);
  writing = window.setTimeout(write, 400);
}

export function emptyDraft(key: string, kind: DraftKind): Draft {
  return {
    key,
    kind,
    threadId: null,
    contact: null,
    from: null,
    to: [],
    cc: [],
    bcc: [],
    subject: "",
    html: "",
    quote: "",
    files: [],
    returning: 0,
    edition: 0,
    idempotencyKey: null,
    updatedAt: Date.now(),
  };
}

export function putDraft(draft: Draft): void {
  put({ ...draftsStore.get(), [draft.key]: { ...draft, updatedAt: Date.now() } });
}

/** Changes a draft; what is sent under its idempotency key changes, so the key goes. */
export function changeDraft(key: string, part: Partial<Omit<Draft, "key">>): void {
  const draft = draftsStore.get()[key];
  if (draft !== undefined) putDraft({ ...draft, idempotencyKey: null, ...part });
}

/** Notes which files are on their way, and which are not any more; what would be sent stays the same. */
export function noteMissing(key: string, come: readonly string[], gone: readonly string[]): void {
  const draft = draftsStore.get()[key];
  if (draft === undefined) return;
  const missing = [...(draft.missing ?? []), ...come];
  for (const name of gone) if (missing.includes(name)) missing.splice(missing.indexOf(name), 1);
  putDraft({ ...draft, missing });
}

export function dropDraft(key: string): void {
  const { [key]: dropped, ...rest } = draftsStore.get();
  if (dropped !== undefined) put(rest);
  if (openDraft.get() === key) openDraft.set(null);
}

export function useDraft(key: string | null): Draft | null {
  const drafts = useStore(draftsStore);
  return key === null ? null : (drafts[key] ?? null);
}

/** Whether there is anything in it that somebody would miss. */
export function isEmpty(draft: Draft): boolean {
  const text = draft.html.replace(/<[^>]*>/g, "").trim();
  const files = draft.files.filter((file) => file.inline !== true);
  return text === "" && files.length === 0 && !draft.html.includes("<img");
}

/** Opens a new mail, to a contact if one is given; a new mail that was begun is gone on with. */
export function composeNew(contact?: DraftContact): void {
  const begun = Object.values(draftsStore.get()).find(
    (draft) => draft.kind === "new" && (contact === undefined || draft.contact?.id === contact.id),
  );
  if (begun === undefined) {
    const key = `new:${crypto.randomUUID()}`;
    const draft = emptyDraft(key, "new");
    putDraft(contact === undefined ? draft : { ...draft, contact, to: contact.emails.slice(0, 1) });
    openDraft.set(key);
  } else {
    openDraft.set(begun.key);
  }
}
