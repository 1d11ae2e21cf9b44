import type { Conversation, ThreadRow } from "../data/documents";
import { useSession } from "../data/session";
import { goTo } from "../frame/route";
import { assign, mark, markDone } from "../inbox/changes";
import { useInboxData } from "../inbox/context";
import { Button, classes, Icon, IconButton, Menu, type IconName, type MenuEntry } from "../kit";
import { words } from "../words/conversation";
import { useNameOf, useOwnAddresses } from "./people";

/** A conversation; or its row of the list, which knows neither who takes part nor who brings it. */
type Shown = ThreadRow & Partial<Pick<Conversation, "participants" | "syncing">>;

/** Who sees the conversation, in words. */
function seenBy(thread: Shown): string {
  const levels = thread.syncing?.map((mailbox) => mailbox.visibility) ?? [];
  if (thread.private) return words.privateNow;
  if (levels.includes("METADATA")) return words.sharedMetadata;
  return levels.includes("SUBJECT") ? words.sharedSubject : words.sharedAll;
}

/** A fact of the conversation that can be changed where it stands. */
function Fact({
  icon,
  label,
  text,
  about,
  short,
  entries,
}: {
  icon: IconName;
  label: string;
  text: string;
  about?: string;
  /** What stands there where a phone has no room. */
  short?: string | undefined;
  entries: MenuEntry[];
}) {
  return (
    <Menu
      trigger={
        <button
          type="button"
          title={about ?? label}
          className="-mx-1 flex h-6 max-w-full shrink-0 items-center gap-1 rounded-md px-1 text-xs text-ink-3 hover:bg-hover hover:text-ink"
        >
          <span className="sr-only">{label}: </span>
          <Icon name={icon} size={13} />
          <span className={classes("truncate", short !== undefined && "max-sm:hidden")}>{text}</span>
          {short !== undefined && (
            <span aria-hidden="true" className="sm:hidden">
              {short}
            </span>
          )}
          <Icon name="down" size={10} />
        </button>
      }
      entries={entries}
    />
  );
}

export function Header({ thread, aside, onAside }: { thread: Shown; aside: boolean; onAside: () => void }) {
  const { threads, conversations } = useInboxData();
  const { user, workspace } = useSession();
  const nameOf = useNameOf();
  const own = useOwnAddresses();
  const { id, assignee } = thread;
  const done = thread.state === "DONE";
  const people = thread.participants ?? [];
  const shown = people.slice(0, 3).map((one) => (own.includes(one.address) ? words.you : nameOf(one)));
  const rest = people.length - shown.length;
  const give = (to: { id: string; name: string } | null) => {
    conversations.takeThread({ id, assignee: to });
    void assign(threads, [id], to);
  };
  const share = (hidden: boolean) => {
    if (hidden === thread.private) return;
    conversations.takeThread({ id, private: hidden });
    void mark(threads, [id], { private: hidden }).then(() => conversations.load(id));
  };
  const whose: MenuEntry[] = [
    ...workspace.users.map((one) => ({
      label: words.assignTo(one.name),
      chosen: one.id === assignee?.id,
      onChoose: () => give(one),
    })),
    { label: words.assignNobody, chosen: assignee === null, onChoose: () => give(null) },
  ];
  const sees: MenuEntry[] = [
    { label: words.sharedAll, icon: "eye", chosen: !thread.private, onChoose: () => share(false) },
    { label: words.privateWord, icon: "lock", chosen: thread.private, onChoose: () => share(true) },
  ];
  const entries: MenuEntry[] = [
    {
      label: words.markUnread,
      icon: "mail",
      keys: "u",
      onChoose: () => {
        goTo("/");
        void mark(threads, [id], { read: false });
      },
    },
    {
      label: thread.private ? words.makeShared : words.makePrivate,
      icon: thread.private ? "eye" : "lock",
      onChoose: () => share(!thread.private),
    },
  ];
  return (
    <header className="flex items-start gap-2 border-b border-line px-3 py-2.5 sm:px-6">
      <IconButton
        icon="back"
        label={words.backToInbox}
        keys="Esc"
        className="-ms-1 lg:hidden"
        onClick={() => goTo("/")}
      />
      <div className="min-w-0 flex-1">
        <h1
          dir="auto"
          className="truncate text-start text-lg font-semibold tracking-tight"
          title={thread.subject}
        >
          {thread.subject || words.noSubject}
        </h1>
        <div className="flex flex-wrap items-center gap-x-3 xl:flex-nowrap">
          <span className="min-w-0 truncate text-xs text-ink-2">
            <bdi>
              {shown.length > 0 ? shown.join(", ") : (thread.contact.name ?? thread.contact.emails[0])}
            </bdi>
            {rest > 0 && ` ${words.others(rest)}`}
          </span>
          {thread.syncing !== undefined && (
            <Fact
              icon={thread.private ? "lock" : "eye"}
              label={words.whoSees}
              text={thread.private ? words.privateWord : seenBy(thread)}
              about={seenBy(thread)}
              short={seenBy(thread) === words.sharedAll ? words.sharedShort : undefined}
              entries={sees}
            />
          )}
          <Fact
            icon="user"
            label={words.whose}
            text={
              assignee === null
                ? words.unassigned
                : assignee.id === user.id
                  ? words.assignedMe
                  : words.assignedTo(assignee.name)
            }
            entries={whose}
          />
        </div>
      </div>
      <Button
        icon={done ? "reopen" : "done"}
        className="max-sm:w-8 max-sm:px-0"
        aria-label={done ? words.reopen : words.done}
        onClick={() => {
          conversations.takeThread({ id, state: done ? "OPEN" : "DONE" });
          markDone(threads, [id], !done);
          if (!done) goTo("/");
        }}
      >
        <span className="max-sm:hidden">{done ? words.reopen : words.done}</span>
      </Button>
      <IconButton icon="info" data-about="" label={words.about} keys="i" pressed={aside} onClick={onAside} />
      <Menu trigger={<IconButton icon="more" label={words.more} />} entries={entries} />
    </header>
  );
}
