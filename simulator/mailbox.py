"""One person's mailbox: copies of mails with labels, threads, drafts, and a numbered log of every change.

What belongs here: what any provider surface shows of a mailbox, in neutral words. A label is a system mark
(INBOX, SENT, DRAFT, SPAM, TRASH, UNREAD, STARRED, IMPORTANT) or the id of a label its owner made. What never:
anything a single provider's API says. The numbers come from the post office and rise over all mailboxes.
"""

from dataclasses import dataclass, field
from typing import Literal

ChangeKind = Literal["added", "deleted", "labels_added", "labels_removed", "touched"]
SYSTEM_LABELS = ("INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "CHAT")


class NotThere(LookupError):
    """The mailbox has no such copy, draft, thread or label."""


@dataclass
class Copy:
    """One mail as it lies in one mailbox; `content` names the immutable bytes in the content store."""

    id: str
    thread_id: str
    content: str
    labels: set[str]
    arrived_ms: int
    number: int
    internet_message_id: str
    base_subject: str
    size_bytes: int


@dataclass
class Change:
    """One entry of a mailbox's log; `labels` are those that moved, `labels_after` what the copy has since."""

    number: int
    kind: ChangeKind
    copy_id: str
    thread_id: str
    labels: list[str]
    labels_after: list[str]


@dataclass
class Draft:
    """A draft keeps its id while the copy behind it is replaced by every save."""

    id: str
    copy_id: str


@dataclass
class Label:
    """A label that the owner made."""

    id: str
    name: str


@dataclass
class Mailbox:
    """All mail of one account, and what happened to it."""

    copies: dict[str, Copy] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    number: int = 0
    forgotten_up_to: int = 0

    def add(self, copy: Copy) -> Change:
        """Put a copy in; its own number is the change's."""
        self.copies[copy.id] = copy
        return self._log(copy, copy.number, "added", [])

    def delete(self, copy_id: str, number: int) -> Change:
        """Take a copy out for good.

        Raises:
            NotThere: no such copy.
        """
        copy = self.copy(copy_id)
        del self.copies[copy_id]
        for draft in [draft for draft in self.drafts.values() if draft.copy_id == copy_id]:
            del self.drafts[draft.id]
        return self._log(copy, number, "deleted", [])

    def label(self, copy_id: str, names: set[str], number: int) -> Change | None:
        """Add labels; None where the copy has them all."""
        copy = self.copy(copy_id)
        fresh = names - copy.labels
        copy.labels |= fresh
        return self._log(copy, number, "labels_added", sorted(fresh)) if fresh else None

    def unlabel(self, copy_id: str, names: set[str], number: int) -> Change | None:
        """Remove labels; None where the copy has none of them."""
        copy = self.copy(copy_id)
        gone = names & copy.labels
        copy.labels -= gone
        return self._log(copy, number, "labels_removed", sorted(gone)) if gone else None

    def touch(self, copy_id: str, number: int) -> Change:
        """Note a change that is no label, such as a draft's new text.

        Raises:
            NotThere: no such copy.
        """
        return self._log(self.copy(copy_id), number, "touched", [])

    def forget_changes(self, up_to: int) -> None:
        """Drop the log up to a number, as a provider does after a week or so."""
        self.forgotten_up_to = max(self.forgotten_up_to, up_to)
        self.changes = [change for change in self.changes if change.number > self.forgotten_up_to]

    def copy(self, copy_id: str) -> Copy:
        """Return a copy.

        Raises:
            NotThere: no such copy.
        """
        if copy_id not in self.copies:
            raise NotThere(copy_id)
        return self.copies[copy_id]

    def thread(self, thread_id: str) -> list[Copy]:
        """Return the copies of a thread, oldest first.

        Raises:
            NotThere: no copy belongs to it.
        """
        found = [copy for copy in self.copies.values() if copy.thread_id == thread_id]
        if not found:
            raise NotThere(thread_id)
        return sorted(found, key=lambda copy: (copy.arrived_ms, copy.number))

    def newest_first(self) -> list[Copy]:
        """Return every copy, the latest arrival first."""
        return sorted(self.copies.values(), key=lambda copy: (copy.arrived_ms, copy.number), reverse=True)

    def thread_for(self, references: tuple[str, ...], subject: str, within: str | None = None) -> str | None:
        """Return the thread that a mail belongs to, or None where it begins one.

        A mail joins a thread when it names one of its mails and the base subject is the same.
        Source: https://developers.google.com/workspace/gmail/api/guides/threads
        """
        named = set(references)
        for copy in reversed(self.copies.values()):
            fits = copy.internet_message_id in named and copy.base_subject == subject
            if fits and within in (None, copy.thread_id):
                return copy.thread_id
        return None

    def _log(self, copy: Copy, number: int, kind: ChangeKind, labels: list[str]) -> Change:
        copy.number = self.number = number
        change = Change(number, kind, copy.id, copy.thread_id, labels, sorted(copy.labels))
        self.changes.append(change)
        return change
