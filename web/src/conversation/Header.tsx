import type { Conversation } from "../data/documents";
import { useSession } from "../data/session";
import { goTo } from "../frame/route";
import { assign, mark, markDone } from "../inbox/changes";
import { useInboxData } from "../inbox/context";
import { Button, Icon, IconButton, Menu, type MenuEntry } from "../kit";
import { words } from "../words/conversation";
import { nameOf } from "./people";

/** Who sees the conversation, in words. */
function Visibility({ thread }: { thread: Conversation }) {
  const levels = thread.syncing.map((mailbox) => mailbox.visibility);
  const text = thread.private
    ? words.privateNow
    : levels.includes("METADATA")
      ? words.sharedMetadata
      : levels.includes("SUBJECT")
        ? words.sharedSubject
        : words.sharedAll;
  const short = thread.private ? words.privateWord : text;
  return (
    <span title={text} className="flex items-center gap-1 text-xs text-ink-3">
      <Icon name={thread.private ? "lock" : "eye"} size={13} />
      {short}
    </span>
  );
}

export function Header({
  thread,
  aside,
  onAside,
}: {
  thread: Conversation;
  aside: boolean;
  onAside: () => void;
}) {
  const { threads, conversations } = useInboxData();
  const { user, workspace } = useSession();
  const { id, assignee } = thread;
  const done = thread.state === "DONE";
  const shown = thread.participants
    .slice(0, 3)
    .map((one) => (one.address === user.email ? words.you : nameOf(one)));
  const rest = thread.participants.length - shown.length;
  const give = (to: { id: string; name: string } | null) => {
    conversations.takeThread({ id, assignee: to });
    void assign(threads, [id], to);
  };
  const entries: (MenuEntry | null)[] = [
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
      onChoose: () => {
        conversations.takeThread({ id, private: !thread.private });
        void mark(threads, [id], { private: !thread.private }).then(() => conversations.load(id));
      },
    },
    null,
    ...workspace.users.map((one) => ({
      label: words.assignTo(one.name),
      chosen: one.id === assignee?.id,
      onChoose: () => give(one),
    })),
    { label: words.assignNobody, chosen: assignee === null, onChoose: () => give(null) },
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
        <div className="flex flex-wrap items-center gap-x-3">
          <span className="min-w-0 truncate text-xs text-ink-2">
            <bdi>{shown.join(", ")}</bdi>
            {rest > 0 && ` ${words.others(rest)}`}
          </span>
          <Visibility thread={thread} />
          <span className="text-xs text-ink-3 max-sm:hidden">
            {assignee === null
              ? words.unassigned
              : assignee.id === user.id
                ? words.assignedMe
                : words.assignedTo(assignee.name)}
          </span>
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
