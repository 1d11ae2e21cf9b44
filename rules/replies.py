"""Mail that comes back to a conversation's own address: whether it is kept, and whose word it is.

Pure: the caller says what was proved of the sender (rules/authentication.py) and what it looked up. The law:
the address is a secret that only a mail of this conversation told, so it says which conversation is meant,
whoever writes (C2), and never who writes. What it was proved to be is stored with the mail:

- proved: kept, as whom From names, from whatever address;
- not proved, From a user of the workspace: refused, as nobody may speak for a colleague;
- not proved, and From's domain publishes DMARC `p=reject`: refused, as that domain asks;
- not proved, from somebody who takes part in the conversation: kept and marked as not proved, since most
  small domains prove nothing and their answers must not be lost; nothing else follows from its From;
- not proved, from anybody else: refused.

A mail of ours that comes back unanswered is a loop and is refused; one that is logged already is done (D4).
Source: sync-rules C1, C2, D4; RFC 7489 6.3, 6.6; RFC 3834 2 (loops); issue "Kinds of sending".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from rules.attachments import LIMIT_CEILING_BYTES, states_of, total_bytes
from rules.authentication import Belief
from rules.blocklist import Blocklist
from rules.conversation import ContactsByAddress, KnownThread, direction_of
from rules.decision import LoggedMessage
from rules.envelope import Envelope
from rules.words import AttachmentState, Direction, EmailAddress, OversizePolicy, UserId

UNPROVED: Final = "Nothing proves that this mail comes from the address it names."
"""What the reader of a mail is told whose sender was not proved."""


class ReplyRefusal(StrEnum):
    """Why a mail to one of our signed addresses is refused."""

    UNCLEAR_SENDER = "UNCLEAR_SENDER"
    NOT_AUTHENTICATED = "NOT_AUTHENTICATED"
    DOMAIN_REFUSES = "DOMAIN_REFUSES"
    BLOCKED = "BLOCKED"
    ATTACHMENT_TOO_LARGE = "ATTACHMENT_TOO_LARGE"
    LOOP = "LOOP"
    NO_REPORT = "NO_REPORT"
    GONE = "GONE"


REPLIES: Final[Mapping[ReplyRefusal, str]] = {
    ReplyRefusal.UNCLEAR_SENDER: "550 5.6.0 The mail must have exactly one From address",
    ReplyRefusal.NOT_AUTHENTICATED: "550 5.7.26 Neither SPF nor DKIM aligns with the From address",
    ReplyRefusal.DOMAIN_REFUSES: "550 5.7.26 The From address's domain asks to refuse mail it did not sign",
    ReplyRefusal.BLOCKED: "550 5.7.1 Mail of this address is never logged",
    ReplyRefusal.ATTACHMENT_TOO_LARGE: "552 5.3.4 The attachments exceed the workspace's limit",
    ReplyRefusal.LOOP: "554 5.4.6 This mail was sent from here",
    ReplyRefusal.NO_REPORT: "550 5.7.1 The report names no mail of ours",
    ReplyRefusal.GONE: "550 5.1.1 There is no such address",
}
"""What the sender's mail server is told; says nothing of what the workspace holds."""


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """What of the workspace decides."""

    blocklist: Blocklist = field(default_factory=Blocklist)
    attachment_limit_bytes: int = LIMIT_CEILING_BYTES
    attachment_types: frozenset[str] | None = None
    oversize: OversizePolicy = OversizePolicy.SKIP_MESSAGE


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What was looked up for this one mail."""

    thread: KnownThread
    taking_part: frozenset[EmailAddress] = frozenset()
    """Who wrote, or was written to, in the conversation, and every address of its contact."""
    users: Mapping[EmailAddress, UserId] = field(default_factory=dict)
    """Users of the workspace among the mail's addresses."""
    contacts: ContactsByAddress = field(default_factory=dict)
    logged: LoggedMessage | None = None
    """The message that the workspace holds under the mail's own Message-ID (D4)."""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """The mail goes into the conversation. `author` is the user who wrote it, where one did."""

    direction: Direction
    attachments: tuple[AttachmentState, ...]
    proved: bool
    author: UserId | None


@dataclass(frozen=True, slots=True)
class AlreadyKept:
    """The workspace holds it: nothing is stored, and the sender gets the same 250 (D4)."""


@dataclass(frozen=True, slots=True)
class RefusedReply:
    """The mail is refused."""

    reason: ReplyRefusal

    @property
    def reply(self) -> str:
        return REPLIES[self.reason]


Judgement = KeptReply | AlreadyKept | RefusedReply


def judge_reply(
    envelope: Envelope, belief: Belief, facts: ReplyFacts, settings: ReplySettings, *, reported: bool = False
) -> Judgement:
    """Return what becomes of a mail for a conversation.

    `reported`: a mail server wrote it to the return path of one mail, which only servers on that mail's way
    know. Raises: ValueError: the envelope has no sender, or DNS has not answered; both come first.
    """
    if envelope.sender is None or belief is Belief.LATER:
        raise ValueError("a mail is judged when its sender is clear and DNS has answered")
    sender = envelope.sender.address
    if envelope.marker is not None:
        return RefusedReply(ReplyRefusal.LOOP)
    if facts.logged is not None:
        return AlreadyKept()
    if settings.blocklist.blocks(sender):
        return RefusedReply(ReplyRefusal.BLOCKED)
    proved = belief is Belief.BELIEVED
    author = facts.users.get(sender)
    if not proved:
        if belief is Belief.DOMAIN_REFUSES:
            return RefusedReply(ReplyRefusal.DOMAIN_REFUSES)
        known = sender in facts.taking_part or (reported and envelope.automatic)
        if author is not None or not known:
            return RefusedReply(ReplyRefusal.NOT_AUTHENTICATED)
    too_large = total_bytes(one.size_bytes for one in envelope.attachments) > settings.attachment_limit_bytes
    if too_large and settings.oversize is OversizePolicy.SKIP_MESSAGE:
        return RefusedReply(ReplyRefusal.ATTACHMENT_TOO_LARGE)
    states = states_of(envelope.attachments, allowed=settings.attachment_types, too_large=too_large)
    return KeptReply(direction_of(envelope.sender, facts.users), states, proved, author)
