/** Hands a draft to the server, and takes it back. The key of a draft makes sending it again harmless. */
import { change, AskFailed, sentenceOf } from "../data/client";
import { cancelSend, sendEmail, type Message, type ThreadRow } from "../data/documents";
import type { ResultOf } from "../data/graphql";
import { toasts } from "../kit";
import { words } from "../words/composer";
import { messageTime } from "../words/times";
import { bringBack } from "./bringing";
import { draftsStore, dropDraft, emptyDraft, isEmpty, openDraft, putDraft, type Draft } from "./drafts";
import { goesAlong, settled } from "./images";
import { split, textToHtml } from "./quoting";

const UNDO_SECONDS = 10;

type Answer = ResultOf<typeof sendEmail>["sendEmail"];
export type Sent = Extract<Answer, { __typename: "Message" }>;

export type SendOutcome =
  | { kind: "sent"; message: Message; thread: ThreadRow }
  | { kind: "kept" }
  | { kind: "refused"; sentence: string; freesAt?: string };

/** Drafts that left a moment ago, by message: undoing brings them back as they were. */
const left = new Map<string, Draft>();

/** Opens the draft of a message that was taken back. */
export async function restoreDraft(message: Message, threadId: string): Promise<void> {
  const draft = await bringBack(message, (part) => ({
    ...(left.get(message.id) ?? {
      ...emptyDraft(`thread:${threadId}`, "reply"),
      threadId,
      to: message.to.map((one) => one.address),
      cc: message.cc.map((one) => one.address),
      bcc: message.bcc.map((one) => one.address),
      subject: message.subject,
      ...split(message.html ?? textToHtml(message.text ?? "")),
    }),
    ...part,
    idempotencyKey: null,
  }));
  // What was begun in its place meanwhile is not lost: it stands below.
  const begun = draftsStore.get()[draft.key];
  const below = begun === undefined || isEmpty(begun) ? null : begun;
  putDraft({
    ...draft,
    html: draft.html + (below?.html ?? ""),
    files: [...draft.files, ...(below?.files ?? [])],
    edition: (begun?.edition ?? draft.edition) + 1,
  });
  if (draft.kind === "new") openDraft.set(draft.key);
}

async function undo(message: Message, threadId: string, onUndone: () => void): Promise<void> {
  try {
    const { cancelSend: answer } = await change(cancelSend, { messageId: message.id });
    if (answer.__typename === "Message") {
      await restoreDraft(message, threadId);
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
    // An answer without one is named by the server, after the conversation.
    ...(draft.subject === "" && draft.threadId !== null ? {} : { subject: draft.subject }),
    html: draft.html + draft.quote,
    attachmentIds: draft.files.filter((file) => goesAlong(draft, file)).map((file) => file.id),
    ...(sendAt === null ? { undoSeconds: UNDO_SECONDS } : { sendAt }),
  };
}

/** Sends a draft now (with some seconds to undo it) or at `sendAt`. The draft stays until the server has the mail. */
export async function send(
  written: Draft,
  sendAt: string | null,
  onUndone: () => void,
): Promise<SendOutcome> {
  const draft = settled(written);
  // A time is part of what the key stands for.
  const key = sendAt === null ? (draft.idempotencyKey ?? crypto.randomUUID()) : crypto.randomUUID();
  if (sendAt === null && draftsStore.get()[draft.key] !== undefined)
    putDraft({ ...written, idempotencyKey: key });
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
