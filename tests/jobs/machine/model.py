"""The rules of sync, told a second time, as a person would explain them: what the CRM should show.

It knows nothing of `rules/`, of rows, pages, cursors or faults: mailboxes are lists of mails, and a
connection reads its mailbox from time to time. `Model.read` is the whole decision.
Source: sync-rules D1 to D14, C1 to C7.
"""

from dataclasses import dataclass, field

CONTACTS, SENT_TO_CONTACTS, CRM_THREADS = "CONTACTS", "SENT_TO_CONTACTS", "CRM_THREADS"


@dataclass(frozen=True)
class Mail:
    """One mail as it lies in one mailbox. `parents`: the Message-IDs that it answers, the nearest first."""

    copy: str
    place: str
    """The provider's own thread."""
    id: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    """Known in the sender's own mailbox only."""
    parents: tuple[str, ...]

    @property
    def people(self) -> tuple[str, ...]:
        return (self.sender, *self.to, *self.cc, *self.bcc)


@dataclass(eq=False)
class Talk:
    """A conversation of the CRM."""

    contact: int
    mails: dict[str, str] = field(default_factory=dict)
    """INBOUND or OUTBOUND, by Message-ID."""
    links: set[tuple["Box", str]] = field(default_factory=set)

    def goes_on_in(self, box: "Box") -> bool:
        return any(linked is box for linked, _ in self.links)


@dataclass(eq=False)
class Box:
    """A connection: one user's link to one mailbox. `seen`: copies that were there before, or are decided."""

    address: str
    owner: str
    gmail: bool
    scope: str
    seen: set[str]
    shut: bool = False
    active: bool = False
    held: set[str] = field(default_factory=set)
    """Message-IDs of the mails whose copies the CRM knows."""


@dataclass
class Model:
    """What was done, and what the CRM shows for it."""

    users: dict[str, str] = field(default_factory=dict)
    """Who has, or had, an address."""
    contacts: list[tuple[str, ...]] = field(default_factory=list)
    """Each one's addresses, in the order they were created."""
    tracked: set[tuple[str, int]] = field(default_factory=set)
    blocked: dict[str, set[str]] = field(default_factory=dict)
    """By user; the workspace's under ""."""
    talks: list[Talk] = field(default_factory=list)
    written_here: dict[str, Box] = field(default_factory=dict)
    """Mails that the CRM sent, and through which connection."""

    def read(self, box: Box, mailbox: list[Mail]) -> None:
        """A connection reads its mailbox, oldest mail first; spam, trash and drafts are not in the list."""
        if not box.shut:
            for mail in mailbox:
                if mail.copy not in box.seen:
                    box.seen.add(mail.copy)
                    self._decide(box, mail)

    def _decide(self, box: Box, mail: Mail) -> None:
        outbound = mail.sender in self.users
        outside = [one for one in mail.people if one not in self.users]
        blocked = self.blocked.get("", set()) | self.blocked.get(box.owner, set())
        colleagues = box.gmail and outbound and self.users[mail.sender] != box.owner
        talk = self.talk_of(mail.id)
        if talk is not None:
            box.held.add(mail.id)
            if self.written_here.get(mail.id) is box:
                talk.links.add((box, mail.place))
        elif not outside or blocked.issuperset(outside) or colleagues:
            return
        elif (talk := self._linked(box, mail)) or (self._wanted(box, mail) and (talk := self._begun(mail))):
            talk.mails[mail.id] = "OUTBOUND" if outbound else "INBOUND"
            talk.links.add((box, mail.place))
            box.held.add(mail.id)

    def _linked(self, box: Box, mail: Mail) -> Talk | None:
        by_place = [talk for talk in self.talks if (box, mail.place) in talk.links]
        by_parent = [talk for one in mail.parents if (talk := self.talk_of(one)) and talk.goes_on_in(box)]
        return next(iter(by_place + by_parent), None)

    def _wanted(self, box: Box, mail: Mail) -> bool:
        inbound = mail.sender not in self.users
        if inbound and any((box.owner, one) in self.tracked for one in self.known(mail.sender)):
            return True
        if box.scope == CONTACTS:
            return bool(self.known(*((mail.sender,) if inbound else (*mail.to, *mail.cc, *mail.bcc))))
        return box.scope == SENT_TO_CONTACTS and not inbound and bool(self.known(*mail.to))

    def _begun(self, mail: Mail) -> Talk:
        """A conversation that it names and whose contact takes part; else a new one of the first created."""
        for parent in mail.parents:
            talk = self.talk_of(parent)
            if talk is not None and talk.contact in self.known(*mail.people):
                return talk
        first = (mail.sender,) if mail.sender not in self.users else mail.to
        talk = Talk(min(self.known(*first) or self.known(*mail.cc) or self.known(*mail.bcc)))
        self.talks.append(talk)
        return talk

    def known(self, *addresses: str) -> list[int]:
        """The contacts that these people are; a user is none."""
        wanted = set(addresses) - self.users.keys()
        return [number for number, theirs in enumerate(self.contacts) if wanted.intersection(theirs)]

    def talk_of(self, mail_id: str) -> Talk | None:
        """The conversation that a mail is in."""
        return next((talk for talk in self.talks if mail_id in talk.mails), None)

    def sent(self, box: Box, mail: Mail, talk: Talk) -> None:
        """The CRM sent a mail into a conversation through a connection."""
        talk.mails[mail.id] = "OUTBOUND"
        talk.links.add((box, mail.place))
        self.written_here[mail.id] = box
        box.held.add(mail.id)
        box.active = True

    def end(self, box: Box) -> None:
        """Disconnected or replaced: what was synced stays, the links end."""
        box.shut = True
        for talk in self.talks:
            talk.links = {link for link in talk.links if link[0] is not box}
