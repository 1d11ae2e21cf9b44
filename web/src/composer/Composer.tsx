import { lazy, Suspense, useRef, useState, type DragEvent, type ReactNode } from "react";

import { prepare } from "../conversation/mail-html";
import { words as reading } from "../words/conversation";
import type { Message, ThreadRow } from "../data/documents";
import { useSession } from "../data/session";
import { goTo } from "../frame/route";
import { Button, classes, Icon, IconButton, Menu, Notice, toasts } from "../kit";
import { words } from "../words/composer";
import { messageTime } from "../words/times";
import { changeDraft, dropDraft, putDraft, type Draft } from "./drafts";
import { Editor } from "./Editor";
import { Files } from "./Files";
import { nameFor } from "./images";
import { withImages } from "./quoting";
import { ContactPicker, Recipients } from "./Recipients";
import { send } from "./sending";
import { missingFrom, useUploads } from "./useUploads";
import { doubts, obstacle, plainText, standing } from "./warnings";

const LaterDialog = lazy(() => import("./LaterDialog"));

interface ComposerProps {
  draft: Draft;
  /** The mailboxes that the conversation syncs through. */
  threadMailboxes?: readonly { id: string; address: string | null }[];
  placeholder: string;
  onSent: (message: Message, thread: ThreadRow) => void;
  onClose: () => void;
  onUndone: () => void;
}

/** Writing a mail, in a conversation or above the screen. */
export default function Composer({
  draft,
  threadMailboxes = [],
  placeholder,
  onSent,
  onClose,
  onUndone,
}: ComposerProps) {
  const session = useSession();
  const { uploads, add, drop, retry } = useUploads(draft.key, session.workspace.attachmentLimitBytes);
  const [phase, setPhase] = useState<"writing" | "sending" | "later">("writing");
  const [trouble, setTrouble] = useState<{ sentence: string; freesAt?: string } | null>(null);
  const [asked, setAsked] = useState<readonly string[]>([]);
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const edit = (part: Partial<Omit<Draft, "key">>) => {
    setTrouble(null);
    setAsked([]);
    changeDraft(draft.key, part);
  };
  const missing = missingFrom(draft, uploads);
  const arriving = uploads.filter((one) => one.failed === null).length + draft.returning;

  const submit = async (sendAt: string | null, sure = false) => {
    if (phase === "sending") return;
    const stops = obstacle(draft, arriving);
    if (stops !== null) {
      setTrouble({ sentence: stops });
      return;
    }
    const open = doubts(draft);
    if (!sure && open.length > 0 && asked.length === 0) {
      setAsked(open);
      return;
    }
    setPhase("sending");
    setTrouble(null);
    const outcome = await send(draft, sendAt, onUndone);
    setPhase("writing");
    if (outcome.kind === "sent") onSent(outcome.message, outcome.thread);
    else if (outcome.kind === "refused") setTrouble(outcome);
    else onClose();
  };
  const discard = () => {
    dropDraft(draft.key);
    onClose();
    toasts.show(words.discarded, {
      action: {
        label: words.undo,
        keys: "z",
        onChoose: () => {
          putDraft(draft);
          onUndone();
        },
      },
    });
  };
  const dropped = (event: DragEvent) => {
    setOver(false);
    const files = [...event.dataTransfer.files];
    // Dropped into the text, the editor has them.
    if (files.length === 0 || event.defaultPrevented) return;
    event.preventDefault();
    add(files);
  };
  const freesAt = trouble?.freesAt;
  return (
    <section
      aria-label={words.group}
      data-composer={draft.key}
      className="relative flex min-h-0 flex-1 flex-col"
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      {over && (
        <div className="pointer-events-none absolute inset-1 z-20 flex items-center justify-center rounded-md border-2 border-dashed border-accent bg-chosen/90 font-medium">
          {words.drop}
        </div>
      )}
      <Heads draft={draft} onEdit={edit} />
      <Warnings draft={draft} threadMailboxes={threadMailboxes} trouble={trouble?.sentence ?? null}>
        {freesAt !== undefined && (
          <Button onClick={() => void submit(freesAt, true)}>{words.sendThen(messageTime(freesAt))}</Button>
        )}
      </Warnings>
      {missing.length > 0 && (
        <div className="px-4 pt-2">
          <Notice
            tone="warn"
            action={<Button onClick={() => edit({ missing: [] })}>{words.missingSeen}</Button>}
          >
            {words.missing(missing)}
          </Notice>
        </div>
      )}
      {asked.length > 0 && (
        <div className="px-4 pt-2">
          <Notice
            tone="warn"
            action={<Button onClick={() => void submit(null, true)}>{words.sendAnyway}</Button>}
          >
            {asked.join(" ")}
          </Notice>
        </div>
      )}
      <Editor
        html={draft.html}
        placeholder={placeholder}
        focusFirst={draft.kind !== "forward" && (draft.kind !== "new" || draft.contact !== null)}
        onChange={(html) => edit({ html })}
        onSend={() => void submit(null)}
        onFiles={add}
        onImage={(file) => {
          const name = nameFor(file);
          add([file], name);
          return name;
        }}
        below={
          <>
            <Quote draft={draft} onDrop={() => edit({ quote: "" })} />
            <Files
              files={draft.files.filter((file) => file.inline !== true)}
              returning={draft.returning}
              uploads={uploads}
              onRemove={(file) => edit({ files: draft.files.filter((one) => one.id !== file.id) })}
              onDrop={drop}
              onRetry={retry}
            />
          </>
        }
        tools={
          <>
            <IconButton icon="clip" label={words.attach} onClick={() => picker.current?.click()} />
            <span className="flex-1" />
            <IconButton icon="trash" label={words.discard} onClick={discard} />
            <IconButton
              icon="clock"
              label={words.later}
              disabled={phase === "sending"}
              onClick={() => setPhase("later")}
            />
            <Button
              kind="primary"
              icon="send"
              busy={phase === "sending"}
              aria-keyshortcuts="Control+Enter Meta+Enter"
              onClick={() => void submit(null)}
            >
              {words.send}
            </Button>
          </>
        }
      />
      <input
        ref={picker}
        type="file"
        multiple
        aria-label={words.attach}
        className="hidden"
        onChange={(event) => {
          add([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <Suspense fallback={null}>
        {phase === "later" && (
          <LaterDialog
            onClose={() => setPhase("writing")}
            onChoose={(sendAt) => {
              setPhase("writing");
              void submit(sendAt, session.mailbox !== null && asked.length > 0);
            }}
          />
        )}
      </Suspense>
    </section>
  );
}

/** Whom it is for, from which address, about what. */
function Heads({ draft, onEdit }: { draft: Draft; onEdit: (part: Partial<Omit<Draft, "key">>) => void }) {
  const { mailbox, user } = useSession();
  const [more, setMore] = useState(draft.cc.length + draft.bcc.length > 0);
  const addresses = mailbox?.sendAs ?? [];
  const from = draft.from ?? addresses[0] ?? mailbox?.address ?? user.email;
  const isNew = draft.kind === "new";
  return (
    <div>
      {isNew && (
        <ContactPicker
          contact={draft.contact}
          onChoose={(contact) => onEdit({ contact, to: contact?.emails.slice(0, 1) ?? [] })}
        />
      )}
      {(!isNew || more) && (
        <Recipients
          label={words.to}
          addresses={draft.to}
          focusFirst={draft.kind === "forward"}
          onChange={(to) => onEdit({ to })}
        />
      )}
      {more && (
        <>
          <Recipients label={words.cc} addresses={draft.cc} onChange={(cc) => onEdit({ cc })} />
          <Recipients label={words.bcc} addresses={draft.bcc} onChange={(bcc) => onEdit({ bcc })} />
        </>
      )}
      <div className="flex min-h-9 items-center gap-2 border-b border-line px-4 text-sm">
        <span className="w-10 shrink-0 text-ink-3">{words.from}</span>
        {addresses.length > 1 ? (
          <Menu
            trigger={
              <button
                type="button"
                className="flex h-6 min-w-0 items-center gap-1 rounded-md px-1 hover:bg-hover"
              >
                <span className="truncate">{from}</span>
                <Icon name="down" size={12} />
              </button>
            }
            entries={addresses.map((address) => ({
              label: address,
              chosen: address === from,
              onChoose: () => onEdit({ from: address }),
            }))}
          />
        ) : (
          <span className="min-w-0 truncate">{from}</span>
        )}
        <span className="flex-1" />
        {!more && (
          <button
            type="button"
            className="h-6 shrink-0 rounded-md px-1.5 text-ink-2 hover:bg-hover"
            onClick={() => setMore(true)}
          >
            {words.cc} {words.bcc}
          </button>
        )}
      </div>
      {(isNew || draft.kind === "forward") && (
        <input
          aria-label={words.subject}
          placeholder={words.subject}
          dir="auto"
          maxLength={998}
          value={draft.subject}
          onChange={(event) => onEdit({ subject: event.target.value })}
          className="h-10 w-full border-b border-line bg-transparent px-4 text-base font-medium outline-none focus-visible:bg-canvas"
        />
      )}
    </div>
  );
}

interface WarningsProps {
  draft: Draft;
  threadMailboxes: readonly { id: string; address: string | null }[];
  trouble: string | null;
  children: ReactNode;
}

function Warnings({ draft, threadMailboxes, trouble, children }: WarningsProps) {
  const { mailbox } = useSession();
  const stands = standing(mailbox, draft.threadId === null ? [] : threadMailboxes);
  if (mailbox !== null && stands.length === 0 && trouble === null) return null;
  return (
    <div className="flex flex-col gap-1 px-4 pt-2">
      {mailbox === null && (
        <Notice tone="warn" action={<Button onClick={() => goTo("/settings/email")}>{words.connect}</Button>}>
          {words.notConnected}
        </Notice>
      )}
      {stands.map((sentence) => (
        <Notice key={sentence} tone="warn">
          {sentence}
        </Notice>
      ))}
      {trouble !== null && (
        <Notice tone="bad" action={children}>
          {trouble}
        </Notice>
      )}
    </div>
  );
}

/** What goes below the own words: folded, to be read or left out. */
function Quote({ draft, onDrop }: { draft: Draft; onDrop: () => void }) {
  const [shown, setShown] = useState(draft.kind === "forward");
  if (draft.quote === "") return null;
  return (
    <div className="mt-2 flex flex-col gap-1">
      <span className="flex items-center gap-1">
        <button
          type="button"
          aria-expanded={shown}
          aria-label={shown ? words.hideQuote : words.showQuote}
          className="h-6 rounded-md bg-hover px-2 text-xs leading-4 tracking-widest text-ink-2 hover:text-ink"
          onClick={() => setShown(!shown)}
        >
          •••
        </button>
        {draft.kind !== "forward" && (
          <button
            type="button"
            aria-label={words.dropQuote}
            title={words.dropQuote}
            className="flex size-6 items-center justify-center rounded-md text-ink-3 hover:bg-hover"
            onClick={onDrop}
          >
            <Icon name="close" size={12} />
          </button>
        )}
      </span>
      {shown && (
        <div
          dir="auto"
          className={classes(
            "wrap-words max-h-32 overflow-y-auto border-s-2 border-line ps-3 text-start text-sm whitespace-pre-line text-ink-2",
          )}
        >
          {plainText(
            prepare(
              withImages(draft.quote, () => null),
              new Map(),
              reading,
            ).body.innerHTML,
          )
            .replace(/&nbsp;/g, " ")
            .replace(/\n{3,}/g, "\n\n")
            .trim()}
        </div>
      )}
    </div>
  );
}
