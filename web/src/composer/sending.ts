/** Hands a draft to the server, and takes it back. The key of a draft makes sending it again harmless. */
import { change, AskFailed, sentenceOf } from "../data/client";
import { cancelSend, sendEmail, type Message, type ThreadRow } from "../data/documents";
import type { ResultOf } from "../data/graphql";
import { toasts } from "../kit";
import { words } from "../words/composer";
import { messageTime } from "../words/times";
import { fetchFile } from "../conversation/files";
import { changeDraft, draftsStore, dropDraft, emptyDraft, openDraft, putDraft, type Draft } from "./drafts";
import { textToHtml } from "./quoting";
import { upload } from "./uploads";

const UNDO_SECONDS = 10;

type Answer = ResultOf<typeof sendEmail>["sendEmail"];
export type Sent = Extract<Answer, { __typename: "Message" }>;

export type SendOutcome =
  | { kind: "sent"; message: Message; thread: ThreadRow }
  | { kind: "kept" }
  | { kind: "refused"; sentence: string; freesAt?: string };

/** Drafts that left a moment ago, by message: undoing brings them back as they were. */
const left = new Map<string, Draft>();

/** Uploads the files of a mail that was taken back once more: an upload belongs to one mail for good. */
async function returnFiles(message: Message, key: string): Promise<void> {
  for (const file of message.attachments.filter((one) => one.state === "STORED")) {
    try {
      const content = await fetchFile(message.id, file);
      const again = new File([content], file.name, { type: file.contentType });
      const uploaded = await upload(again, () => undefined, new AbortController().signal);
      changeDraft(key, { files: [...(draftsStore.get()[key]?.files ?? []), uploaded] });
    } catch {
      // Whatever the reason: the writer must know that the file is no longer in the mail.
      toasts.show(words.notReturned(file.name), { tone: "bad" });
    }
    changeDraft(key, { returning: Math.max(0, (draftsStore.get()[key]?.returning ?? 0) - 1) });
  }
}

/** Opens the draft of a message that was taken back. */
export function restoreDraft(message: Message, threadId: string): void {
  const known = left.get(message.id);
  const made: Draft = known ?? {
    ...emptyDraft(`thread:${threadId}`, "reply"),
    threadId,
    to: message.to.map((one) => one.address),
    cc: message.cc.map((one) => one.address),
    bcc: message.bcc.map((one) => one.address),
    subject: message.subject,
    html: message.html ?? textToHtml(message.text ?? ""),
  };
  const returning = message.attachments.filter((one) => one.state === "STORED").length;
  putDraft({ ...made, files: [], returning, idempotencyKey: null });
  void returnFiles(message, made.key);
  if (made.kind === "new") openDraft.set(made.key);
}

async function undo(message: Message, threadId: string, onUndone: () => void): Promise<void> {
  try {
    const { cancelSend: answer } = await change(cancelSend, { messageId: message.id });
    if (answer.__typename === "Message") {
      restoreDraft(message, threadId);
      onUndone();
      toasts.show(words.takenBack);
    } else {
      toasts.show(answer.message, { tone: "bad" });
    }
  } catch (error) {
    toasts.show(sentenceOf(error), { tone: "bad" });
  }
}

function inputOf(draft: Draft, idempotencyKey: string, sendAt: string | null) {
  const target =
    draft.threadId === null ? { contactId: draft.contact?.id ?? null } : { threadId: draft.threadId };
  return {
    ...target,
    idempotencyKey,
    ...(draft.from === null ? {} : { from: draft.from }),
    to: [...draft.to],
    cc: [...draft.cc],
    bcc: [...draft.bcc],
    ...(draft.kind === "new" || draft.kind === "forward" ? { subject: draft.subject } : {}),
    html: draft.html + draft.quote,
    attachmentIds: draft.files.map((file) => file.id),
    ...(sendAt === null ? { undoSeconds: UNDO_SECONDS } : { sendAt }),
  };
}

/** Sends a draft now (with some seconds to undo it) or at `sendAt`. The draft stays until the server has the mail. */
export async function send(draft: Draft, sendAt: string | null, onUndone: () => void): Promise<SendOutcome> {
  // A time is part of what the key stands for.
  const key = sendAt === null ? (draft.idempotencyKey ?? crypto.randomUUID()) : crypto.randomUUID();
  if (sendAt === null && draftsStore.get()[draft.key] !== undefined)
    putDraft({ ...draft, idempotencyKey: key });
  let answer: Answer;
  try {
    ({ sendEmail: answer } = await change(sendEmail, { input: inputOf(draft, key, sendAt) }));
  } catch (error) {
    if (!(error instanceof AskFailed)) throw error;
    return { kind: "refused", sentence: error.trouble.kind === "away" ? words.away : error.trouble.message };
  }
  if (answer.__typename === "Message") return delivered(draft, answer, sendAt, onUndone);
  if (answer.__typename === "Reauthenticate" && answer.keptMessage !== null) {
    dropDraft(draft.key);
    toasts.show(words.keptWaiting, { seconds: 12 });
    return { kind: "kept" };
  }
  if (answer.__typename === "DailyLimitReached")
    return { kind: "refused", sentence: answer.message, freesAt: answer.freesAt };
  return { kind: "refused", sentence: answer.message };
}

function delivered(draft: Draft, message: Sent, sendAt: string | null, onUndone: () => void): SendOutcome {
  left.set(message.id, draft);
  dropDraft(draft.key);
  const text = sendAt === null ? words.sendingNews(UNDO_SECONDS) : words.scheduledNews(messageTime(sendAt));
  toasts.show(text, {
    seconds: UNDO_SECONDS,
    action: { label: words.undo, keys: "z", onChoose: () => void undo(message, message.thread.id, onUndone) },
  });
  return { kind: "sent", message, thread: message.thread };
}
