import { useEffect, useMemo, useState } from "react";

import type { Message } from "../data/documents";
import { useNow, useSession } from "../data/session";
import { Avatar, classes, Icon, IconButton, Menu, Notice, toasts } from "../kit";
import type { DraftKind } from "../composer/drafts";
import { words } from "../words/conversation";
import { fullTime, messageTime } from "../words/times";
import { Attachments } from "./Attachments";
import { DeliveryLine } from "./DeliveryLine";
import { objectUrl } from "./files";
import { MailFrame } from "./MailFrame";
import { nameOf, useNameOf, useOwnAddresses } from "./people";
import { TextBody } from "./TextBody";

/** The mail's own images, by the name its HTML calls them. */
function useInline(message: Message): ReadonlyMap<string, string> {
  const [inline, setInline] = useState<ReadonlyMap<string, string>>(new Map());
  const files = message.attachments;
  const wanted = useMemo(
    () =>
      files.filter(
        (file) => file.contentId !== null && file.state === "STORED" && (message.html ?? "").includes("cid:"),
      ),
    [files, message.html],
  );
  useEffect(() => {
    let late = false;
    for (const file of wanted) {
      objectUrl(message.id, file).then(
        (url) => late || setInline((before) => new Map(before).set(file.contentId ?? "", url)),
        // The image stays an empty box; the file can still be asked for below.
        () => undefined,
      );
    }
    return () => void (late = true);
  }, [wanted, message.id]);
  return inline;
}

function Body({ message, atOnce }: { message: Message; atOnce: boolean }) {
  const inline = useInline(message);
  if (message.text === null && message.html === null)
    return <p className="text-sm text-ink-3 italic">{words.hidden}</p>;
  if (message.html !== null)
    return (
      <MailFrame
        messageId={message.id}
        html={message.html}
        inline={inline}
        name={nameOf(message.from)}
        atOnce={atOnce}
      />
    );
  return <TextBody text={message.text ?? ""} quotedFrom={message.quotedFrom} />;
}

function Addresses({
  label,
  people,
}: {
  label: string;
  people: readonly { name: string | null; address: string }[];
}) {
  if (people.length === 0) return null;
  return (
    <>
      <dt className="text-ink-3">{label}</dt>
      <dd className="wrap-words" dir="auto">
        {people.map((one) => (one.name === null ? one.address : `${one.name} <${one.address}>`)).join(", ")}
      </dd>
    </>
  );
}

function Details({ message }: { message: Message }) {
  return (
    <dl className="animate-fade mt-1 mb-3 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 rounded-md bg-canvas p-3 text-sm">
      <Addresses label={words.from} people={[message.from]} />
      <Addresses label={words.to} people={message.to} />
      <Addresses label={words.cc} people={message.cc} />
      <Addresses label={words.bcc} people={message.bcc} />
      <dt className="text-ink-3">{words.date}</dt>
      <dd>{fullTime(message.sentAt)}</dd>
      {message.internetMessageId !== null && (
        <>
          <dt className="text-ink-3">{words.messageId}</dt>
          <dd className="wrap-words">{message.internetMessageId}</dd>
        </>
      )}
    </dl>
  );
}

export interface MessageViewProps {
  message: Message;
  threadId: string;
  open: boolean;
  current: boolean;
  /** Whether the reader looks at it first; the others draw their mail when they come near. */
  first: boolean;
  onToggle: () => void;
  onWrite: (kind: DraftKind, message: Message) => void;
}

/** One message: folded to a line, or open with its content, its files and how its sending stands. */
export function MessageView(props: MessageViewProps) {
  const { message, threadId, open, current, first, onToggle, onWrite } = props;
  const { user } = useSession();
  const own = useOwnAddresses();
  const now = useNow(60);
  const [details, setDetails] = useState(false);
  const mine =
    own.includes(message.from.address) ||
    (message.direction === "OUTBOUND" && message.mailbox?.owner.id === user.id);
  const nameOf = useNameOf();
  const name = nameOf(message.from);
  const files = message.attachments.filter((file) => !file.inline || message.html === null);
  const time = (
    <time dateTime={message.sentAt} title={fullTime(message.sentAt)} className="shrink-0 text-xs text-ink-3">
      {messageTime(message.sentAt, now)}
    </time>
  );
  const unsettled = message.delivery !== null && message.delivery.state !== "SENT";
  if (!open) {
    return (
      <article id={`message-${message.id}`} aria-label={words.mailContent(name)}>
        <button
          type="button"
          aria-expanded={false}
          onClick={onToggle}
          className={classes(
            "flex w-full items-center gap-3 rounded-md px-3 py-2 text-start hover:bg-hover sm:px-4",
            current && "ring-2 ring-accent/60 ring-inset",
          )}
        >
          <Avatar name={name} size={28} />
          <span
            dir="auto"
            className={classes(
              "w-32 shrink-0 truncate text-start text-sm max-sm:w-24",
              message.read ? "text-ink-2" : "font-semibold",
            )}
          >
            {mine ? words.you : name}
          </span>
          <span dir="auto" className="min-w-0 flex-1 truncate text-start text-sm text-ink-3">
            {message.snippet ?? words.hidden}
          </span>
          {files.length > 0 && <Icon name="clip" size={13} className="text-ink-3" />}
          {unsettled && <Icon name="clock" size={13} className="text-warn" />}
          {time}
        </button>
      </article>
    );
  }
  return (
    <article
      id={`message-${message.id}`}
      aria-label={words.mailContent(name)}
      className={classes(
        "rounded-md border bg-paper px-3 py-3 shadow-1 sm:px-4",
        current ? "border-accent/60" : "border-line",
      )}
    >
      <header className="flex items-center gap-3">
        <Avatar name={name} size={32} />
        <span className="min-w-0 flex-1">
          <button
            type="button"
            aria-expanded
            onClick={onToggle}
            title={words.fold}
            className="block min-h-6 max-w-full truncate rounded text-start font-medium"
          >
            <bdi>{mine ? `${name} (${words.you})` : name}</bdi>
          </button>
          <button
            type="button"
            aria-expanded={details}
            onClick={() => setDetails(!details)}
            className="flex min-h-6 max-w-full items-center gap-1 rounded text-start text-xs text-ink-3 hover:text-ink"
          >
            <span className="truncate">
              {words.to}{" "}
              {[...message.to, ...message.cc]
                .map((one) => (own.includes(one.address) ? words.you : nameOf(one)))
                .join(", ")}
            </span>
            <Icon name={details ? "up" : "down"} size={12} />
            <span className="sr-only">{words.details}</span>
          </button>
        </span>
        {time}
        <IconButton
          icon="reply"
          label={words.reply}
          keys="r"
          onClick={() => onWrite("reply", message)}
          className="max-sm:hidden"
        />
        <Menu
          trigger={<IconButton icon="more" label={words.more} />}
          entries={[
            { label: words.reply, icon: "reply", keys: "r", onChoose: () => onWrite("reply", message) },
            {
              label: words.replyAll,
              icon: "replyAll",
              keys: "a",
              onChoose: () => onWrite("replyAll", message),
            },
            { label: words.forward, icon: "forward", keys: "f", onChoose: () => onWrite("forward", message) },
            null,
            {
              label: words.copyText,
              icon: "copy",
              disabled: message.text === null,
              onChoose: () =>
                void navigator.clipboard.writeText(message.text ?? "").then(() => toasts.show(words.copied)),
            },
          ]}
        />
      </header>
      {details && <Details message={message} />}
      <div className="mt-3 flex flex-col gap-2">
        {message.warnings.map((warning) => (
          <Notice key={warning} tone="warn">
            {warning}
          </Notice>
        ))}
        <Body message={message} atOnce={first} />
      </div>
      <Attachments messageId={message.id} files={files} />
      <DeliveryLine message={message} threadId={threadId} />
    </article>
  );
}
