/** What a writer should hear before a mail leaves: what stops it, and what may be a mistake. */
import type { Mailbox } from "../data/documents";
import { words } from "../words/composer";
import type { Draft } from "./drafts";

const ATTACHED =
  /\b(attach(ed|ment|ments|ing)?|enclosed|anbei|beigef[üu]gt|im anhang|ci-joint|adjunto|allegat[oi]|bijgevoegd|bifogat|vedlagt)\b/i;

export function plainText(html: string): string {
  return html.replace(/<br\s*\/?>|<\/p>/gi, "\n").replace(/<[^>]*>/g, "");
}

/** Why it cannot be sent as it is; null where it can. */
export function obstacle(draft: Draft, uploading: number): string | null {
  if (draft.kind === "new" && draft.contact === null) return words.noRecipients;
  if (draft.to.length + draft.cc.length + draft.bcc.length === 0) return words.noRecipients;
  if (uploading > 0) return words.uploadWait;
  if (
    plainText(draft.html).trim() === "" &&
    !draft.html.includes("<img") &&
    draft.files.every((file) => file.inline === true) &&
    draft.kind !== "forward"
  )
    return words.noContent;
  return null;
}

/** What is asked about once before sending. */
export function doubts(draft: Draft): string[] {
  const found: string[] = [];
  const files = draft.files.filter((file) => file.inline !== true);
  if (files.length === 0 && !draft.html.includes("<img") && ATTACHED.test(plainText(draft.html)))
    found.push(words.noFile);
  if (draft.kind === "new" && draft.subject.trim() === "") found.push(words.noSubject);
  return found;
}

/** What stands above the editor while writing. */
export function standing(
  mailbox: Mailbox | null,
  threadMailboxes: readonly { address: string | null; id: string }[],
): string[] {
  const found: string[] = [];
  const quota = mailbox?.quota ?? null;
  if (quota !== null && quota.used >= quota.limit * 0.9) found.push(words.nearLimit(quota.used, quota.limit));
  const lives = threadMailboxes[0];
  if (mailbox !== null && lives !== undefined && !threadMailboxes.some((one) => one.id === mailbox.id)) {
    found.push(words.wrongMailbox(mailbox.address ?? "", lives.address ?? ""));
  }
  return found;
}
