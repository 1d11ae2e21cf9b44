/** Begins the draft of an answer in a conversation. */
import { replyRecipients } from "../conversation/people";
import type { Message } from "../data/documents";
import { bringAlong, keepPictures } from "./bringing";
import { draftsStore, emptyDraft, putDraft, type DraftKind } from "./drafts";
import { forwardQuote, forwardSubject, replyQuote, replySubject } from "./quoting";

/** Begins or changes the conversation's draft; what was already written stays. `limit`: the bytes that may go along. */
export function beginReply(
  threadId: string,
  message: Message,
  kind: DraftKind,
  own: readonly string[],
  limit: number,
): void {
  const key = `thread:${threadId}`;
  const known = draftsStore.get()[key];
  const draft = known ?? emptyDraft(key, kind);
  if (known?.kind === kind) return;
  if (kind === "forward") {
    const subject = forwardSubject(message.subject);
    putDraft({
      ...draft,
      kind,
      threadId,
      to: [],
      cc: [],
      bcc: [],
      subject,
      quote: forwardQuote(message),
      idempotencyKey: null,
    });
    bringAlong(message, key);
    return;
  }
  const { to, cc } = replyRecipients(message, own, kind === "replyAll");
  putDraft({
    ...draft,
    kind,
    threadId,
    to,
    cc,
    subject: replySubject(message.subject),
    quote: replyQuote(message),
    idempotencyKey: null,
  });
  void keepPictures(message, key, limit);
}
