import { memo, type MouseEvent } from "react";

import type { ThreadRow } from "../data/documents";
import { Avatar, classes, Icon } from "../kit";
import { words } from "../words/inbox";
import { fullTime, shortTime } from "../words/times";
import { useSwipe, type Swipe } from "./useSwipe";

export const ROW_HEIGHT = 80;

export function nameOfThread(row: Pick<ThreadRow, "contact">): string {
  return row.contact.name ?? row.contact.emails[0] ?? words.nobody;
}

function DeliveryMark({ state }: { state: string | undefined }) {
  if (state === "REFUSED")
    return (
      <span className="flex items-center gap-1 text-xs font-medium text-bad">
        <Icon name="warning" size={13} />
        {words.refusedRow}
      </span>
    );
  if (state === "UNCERTAIN") return <span className="text-xs text-warn">{words.uncertain}</span>;
  if (state === "SCHEDULED")
    return (
      <span className="flex items-center gap-1 text-xs text-ink-2">
        <Icon name="clock" size={13} />
        {words.scheduled}
      </span>
    );
  if (state === "HELD" || state === "QUEUED" || state === "SENDING")
    return <span className="text-xs text-ink-2">{words.sending}</span>;
  return null;
}

function Snippet({ row }: { row: ThreadRow }) {
  const last = row.lastMessage;
  if (last === null) return null;
  if (last.snippet === null) return <span className="text-ink-3 italic">{words.hidden}</span>;
  return (
    <>
      {last.direction === "OUTBOUND" && (
        <Icon name="reply" size={13} className="me-1 inline-block -translate-y-px text-ink-3" />
      )}
      {last.snippet}
    </>
  );
}

export interface RowProps {
  row: ThreadRow;
  id: string;
  place: number;
  total: number;
  cursor: boolean;
  opened: boolean;
  chosen: boolean;
  choosing: boolean;
  fresh: boolean;
  top: number;
  /** The minute it is, so that "10:42" becomes "Tue" by itself. */
  now: Date;
  onOpen: (id: string, event: MouseEvent) => void;
  onChoose: (id: string, range: boolean) => void;
  onNear: (id: string) => void;
  /** Drawn aside by a finger: done, or back in the inbox. */
  onSwipe: (id: string) => void;
}

/** One conversation of the list: who, about what, the last words, when, and what is special about it. */
export const Row = memo(function Row(props: RowProps) {
  const { row, id, opened, chosen, choosing, fresh, now, onOpen, onChoose, onNear, onSwipe } = props;
  const swipe = useSwipe(() => onSwipe(row.id));
  const name = nameOfThread(row);
  const unread = row.unreadCount > 0;
  const files = row.lastMessage?.attachments.some((file) => !file.inline) ?? false;
  return (
    // The list has the focus and answers the keys; a row answers the pointer.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen || (!choosing && opened)}
      aria-posinset={props.place + 1}
      aria-setsize={props.total}
      onClick={(event) => {
        if (!swipe.drew()) onOpen(row.id, event);
      }}
      onPointerEnter={() => onNear(row.id)}
      {...swipe.handlers}
      style={{ transform: `translateY(${props.top}px)`, height: ROW_HEIGHT }}
      className={classes("group absolute inset-x-0 top-0 touch-pan-y px-1.5", fresh && "animate-fade")}
    >
      {swipe.by !== 0 && <Underneath swipe={swipe} done={row.state === "DONE"} />}
      <div
        style={swipe.by === 0 ? undefined : { transform: `translateX(${swipe.by}px)` }}
        className={classes(
          "relative flex h-[77px] cursor-default gap-3 rounded-md px-2.5 py-2",
          swipe.by !== 0 && "bg-canvas shadow-2",
          swipe.by === 0 && (chosen || opened ? "bg-chosen" : "hover:bg-hover"),
          props.cursor && "ring-2 ring-accent/70 ring-inset",
        )}
      >
        <span className="relative mt-0.5 size-8 shrink-0">
          <Avatar
            name={name}
            size={32}
            className={classes(choosing ? "hidden" : "pointer-fine:group-hover:hidden")}
          />
          <RowBox name={name} checked={chosen} shown={choosing} onChange={() => onChoose(row.id, false)} />
        </span>
        <span className="flex min-w-0 flex-1 flex-col">
          <span className="flex items-baseline gap-2">
            <span
              dir="auto"
              className={classes(
                "min-w-0 flex-1 truncate text-start",
                unread ? "font-semibold" : "font-medium text-ink-2",
              )}
            >
              {name}
              {row.messageCount > 1 && (
                <span className="figures ms-1.5 text-xs font-normal text-ink-3">{row.messageCount}</span>
              )}
            </span>
            <DeliveryMark state={row.lastMessage?.delivery?.state} />
            <time
              dateTime={row.lastMessageAt}
              title={fullTime(row.lastMessageAt)}
              className={classes("shrink-0 text-xs", unread ? "font-medium text-accent" : "text-ink-3")}
            >
              {shortTime(row.lastMessageAt, now)}
            </time>
          </span>
          <span className="flex items-center gap-1.5">
            <span
              dir="auto"
              className={classes(
                "min-w-0 flex-1 truncate text-start text-sm",
                unread ? "font-medium text-ink" : "text-ink-2",
              )}
            >
              {row.subject || words.noSubject}
            </span>
            {row.private && <Mark icon="lock" label={words.privateRow} />}
            {files && <Mark icon="clip" label={words.attachment} />}
            {unread && (
              <span className="size-2 shrink-0 rounded-full bg-accent">
                <span className="sr-only">{words.unreadRow}</span>
              </span>
            )}
          </span>
          <span dir="auto" className="truncate text-start text-sm text-ink-3">
            <Snippet row={row} />
          </span>
        </span>
      </div>
    </div>
  );
});

/** What letting go will do; seen below the row that is drawn aside. */
function Underneath({ swipe, done }: { swipe: Swipe; done: boolean }) {
  return (
    <div
      aria-hidden="true"
      className={classes(
        "absolute inset-x-1.5 top-0 flex h-[77px] items-center gap-2 rounded-md px-5 text-sm font-semibold",
        swipe.by < 0 && "flex-row-reverse",
        swipe.enough ? "bg-good text-paper" : "bg-good-soft text-good",
      )}
    >
      <Icon name={done ? "reopen" : "done"} size={18} />
      {done ? words.reopen : words.markDone}
    </div>
  );
}

function Mark({ icon, label }: { icon: "lock" | "clip"; label: string }) {
  return (
    <span className="text-ink-3">
      <Icon name={icon} size={13} />
      <span className="sr-only">{label}</span>
    </span>
  );
}

/** For the pointer only: the list's `x` does the same, and an option may hold no controls. */
function RowBox({
  name,
  checked,
  shown,
  onChange,
}: {
  name: string;
  checked: boolean;
  shown: boolean;
  onChange: () => void;
}) {
  return (
    <span
      aria-hidden="true"
      title={words.choose(name)}
      onClick={(event) => {
        event.stopPropagation();
        onChange();
      }}
      className={classes(
        "absolute inset-0 items-center justify-center",
        shown ? "flex" : "hidden pointer-fine:group-hover:flex",
      )}
    >
      <span
        className={classes(
          "flex size-5 items-center justify-center rounded-[5px] border",
          checked ? "border-accent bg-accent text-on-accent" : "border-line-strong bg-paper",
        )}
      >
        {checked && <Icon name="done" size={13} />}
      </span>
    </span>
  );
}
