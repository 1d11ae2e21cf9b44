/** Brings the files of one mail into a draft of another; their content goes from the server to itself. */
import type { Attachment, Message } from "../data/documents";
import { toasts } from "../kit";
import { words } from "../words/composer";
import { changeDraft, draftsStore, type Draft, type DraftFile } from "./drafts";
import { contentIdsIn, replyQuote, withImages } from "./quoting";
import { copyFile, UploadFailed } from "./uploads";

/** Pictures of a quoted mail go along up to so much together, and never as more than half of what may go along. */
const QUOTED_BYTES = 5_000_000;

async function copied(file: Attachment): Promise<DraftFile | null> {
  try {
    const upload = await copyFile(file.id);
    return file.inline ? { ...upload, inline: true } : upload;
  } catch (error) {
    if (!(error instanceof UploadFailed)) throw error;
    toasts.show(words.notReturned(file.name), { tone: "bad" });
    return null;
  }
}

function stored(message: Message): Attachment[] {
  return message.attachments.filter((one) => one.state === "STORED");
}

function renamed(html: string, names: ReadonlyMap<string, string>): string {
  return names.size === 0 ? html : withImages(html, (name) => names.get(name) ?? name);
}

/** Makes the draft of a mail that is to be written anew: what its text shows comes first, the other files after. */
export async function bringBack(message: Message, make: (part: Partial<Draft>) => Draft): Promise<Draft> {
  const files = stored(message);
  const names = new Map<string, string>();
  const shown: DraftFile[] = [];
  for (const file of files.filter((one) => one.inline)) {
    const upload = await copied(file);
    if (upload === null) continue;
    shown.push(upload);
    if (file.contentId !== null) names.set(file.contentId, upload.id);
  }
  const others = files.filter((one) => !one.inline);
  const draft = make({ files: shown, returning: others.length });
  const kept = { ...draft, html: renamed(draft.html, names), quote: renamed(draft.quote, names) };
  // The caller puts the draft first; the files come into it.
  queueMicrotask(() => void bring(others, draft.key));
  return kept;
}

/** Brings a forwarded mail's files along with it. */
export function bringAlong(message: Message, key: string): void {
  for (const file of message.attachments.filter((one) => one.state !== "STORED"))
    toasts.show(words.notKept(file.name), { tone: "bad" });
  const files = stored(message);
  changeDraft(key, { returning: files.length });
  void bring(files, key);
}

async function bring(files: readonly Attachment[], key: string): Promise<void> {
  for (const file of files) {
    const upload = await copied(file);
    const draft = draftsStore.get()[key];
    if (draft === undefined) return;
    const names = new Map<string, string>();
    if (upload !== null && file.contentId !== null) names.set(file.contentId, upload.id);
    changeDraft(key, {
      files: upload === null ? draft.files : [...draft.files, upload],
      quote: renamed(draft.quote, names),
      returning: Math.max(0, draft.returning - 1),
    });
  }
}

/** Lets an answer's quote keep its pictures: they come behind the writer, who waits for none of them. */
export async function keepPictures(message: Message, key: string, limit: number): Promise<void> {
  const shown = contentIdsIn(message.html ?? "");
  const files = stored(message).filter((one) => one.inline && shown.has(one.contentId ?? ""));
  if (files.reduce((sum, one) => sum + one.sizeBytes, 0) > Math.min(QUOTED_BYTES, limit / 2)) return;
  const names = new Map<string, string>();
  const uploads: DraftFile[] = [];
  for (const file of files) {
    try {
      const upload = await copyFile(file.id);
      uploads.push({ ...upload, inline: true });
      names.set(file.contentId ?? "", upload.id);
    } catch (error) {
      if (!(error instanceof UploadFailed)) throw error;
    }
  }
  const draft = draftsStore.get()[key];
  // Sent, begun anew or left out meanwhile: the quote is what it was.
  if (draft === undefined || draft.quote !== replyQuote(message) || draft.idempotencyKey !== null) return;
  if (uploads.length > 0)
    changeDraft(key, { quote: replyQuote(message, names), files: [...draft.files, ...uploads] });
}
