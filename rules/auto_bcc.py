"""Auto BCC: which mail for a user's address is logged, as what, and with whom. Rules B1 to B6.

Pure: the caller says how far the sender is to be believed (rules/authentication.py), what it looked up, and
gives the random bytes of a new address. The law: mail is logged as sent if a user of the address wrote it,
as received if it answers everybody in a conversation that is logged; anything else is refused while the SMTP
conversation is open, so that nobody ever gets a bounce from us.
Source: sync-rules, "Auto BCC".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from rules.addresses import domain_of, parse_addresses
from rules.attachments import LIMIT_CEILING_BYTES, states_of, total_bytes
from rules.blocklist import Blocklist
from rules.conversation import (
    ContactsByAddress,
    Conversation,
    KnownThread,
    contacts_among,
    first_created,
)
from rules.decision import LoggedMessage
from rules.envelope import Correspondent, Envelope
from rules.header_block import Fields
from rules.threading import parents, thread_to_join
from rules.words import AttachmentState, ContactId, Direction, EmailAddress, OversizePolicy, ThreadId

ENTROPY_BYTES: Final = 16
ROTATION_GRACE: Final = timedelta(days=5)
"""How long mail for a rotated address is taken: what a mail program has sent may be under way so long.

Source: RFC 5321 4.5.4.1 (a sender gives up after 4 to 5 days).
"""
FIELD_LIMIT: Final = 1_000
"""Header fields of a mail that is believed; a mail with more hides something."""

_LOCAL_PART: Final = re.compile(r"[0-9a-f]{32}")


class RefusalReason(StrEnum):
    """Why mail for an Auto BCC address is not logged; kept as a count a day, for its user."""

    UNCLEAR_SENDER = "UNCLEAR_SENDER"
    NOT_AUTHENTICATED = "NOT_AUTHENTICATED"
    UNKNOWN_SENDER = "UNKNOWN_SENDER"
    NOBODY_OUTSIDE = "NOBODY_OUTSIDE"
    BLOCKED = "BLOCKED"
    ATTACHMENT_TOO_LARGE = "ATTACHMENT_TOO_LARGE"


REPLIES: Final[Mapping[RefusalReason, str]] = {
    RefusalReason.UNCLEAR_SENDER: "550 5.6.0 The mail must have exactly one From address",
    RefusalReason.NOT_AUTHENTICATED: "550 5.7.26 Neither SPF nor DKIM aligns with the From address",
    RefusalReason.UNKNOWN_SENDER: "550 5.7.1 The From address may not log mail here",
    RefusalReason.NOBODY_OUTSIDE: "550 5.7.1 The mail has no recipient outside the workspace in To",
    RefusalReason.BLOCKED: "550 5.7.1 Mail of these addresses is never logged",
    RefusalReason.ATTACHMENT_TOO_LARGE: "552 5.3.4 The attachments exceed the workspace's limit",
}
"""What the sender's mail server is told; says nothing of what the workspace holds."""


@dataclass(frozen=True, slots=True)
class AutoBccSettings:
    """What of the workspace and the user decides."""

    own_addresses: frozenset[EmailAddress]
    """The user's login address, every mailbox of theirs and its aliases."""
    inbound_domains: frozenset[str] = frozenset()
    blocklist: Blocklist = field(default_factory=Blocklist)
    attachment_limit_bytes: int = LIMIT_CEILING_BYTES
    attachment_types: frozenset[str] | None = None
    oversize: OversizePolicy = OversizePolicy.SKIP_MESSAGE


@dataclass(frozen=True, slots=True)
class AutoBccFacts:
    """What was looked up, for the addresses and ids of this one mail."""

    user_addresses: frozenset[EmailAddress] = frozenset()
    """Of any user of the workspace."""
    auto_bcc_addresses: frozenset[EmailAddress] = frozenset()
    contacts: ContactsByAddress = field(default_factory=dict)
    logged: LoggedMessage | None = None
    """The message that the workspace holds under the mail's own Message-ID (D4)."""
    threads_by_reference: Mapping[str, KnownThread] = field(default_factory=dict)
    """By internet_message_id of their messages; private threads of other users are left out."""
    participants: Mapping[ThreadId, frozenset[EmailAddress]] = field(default_factory=dict)
    """Who wrote, or was written to, in those threads."""


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact that is to be made (B3, C7)."""

    address: EmailAddress
    name: str | None


@dataclass(frozen=True, slots=True)
class Logged:
    """The mail goes into a conversation. `track` follows the contact into the user's mailbox (B4)."""

    rule: str
    direction: Direction
    with_whom: Conversation | NewContact
    attachments: tuple[AttachmentState, ...]
    track: bool


@dataclass(frozen=True, slots=True)
class AlreadyLogged:
    """The workspace holds it: nothing is stored, and the sender gets the same 250 (D4)."""

    message: LoggedMessage
    track: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The mail is refused."""

    reason: RefusalReason

    @property
    def reply(self) -> str:
        return REPLIES[self.reason]


Verdict = Logged | AlreadyLogged | Refused


def new_local_part(entropy: bytes) -> str:
    """Return what stands before the @ of a new address, from ENTROPY_BYTES random bytes (B1)."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"an Auto BCC address takes {ENTROPY_BYTES} random bytes")
    return entropy.hex()


def is_auto_bcc(local_part: str) -> bool:
    """Return whether what stands before an @ may be an Auto BCC address of this deployment."""
    return _LOCAL_PART.fullmatch(local_part) is not None


def may_be_auto_bcc(address: EmailAddress) -> bool:
    """Return whether an address has the form of an Auto BCC address, under whatever domain."""
    return _LOCAL_PART.fullmatch(address.rpartition("@")[0]) is not None


def only_sender(fields: Fields) -> Correspondent | None:
    """Return the author of a mail, if exactly one From field holds exactly one address, and nothing else.

    Source: R37; RFC 5322 3.6 (one From field); RFC 7489 6.6.1 (mail with several is not to be believed).
    """
    values = fields.get("from", ())
    if len(values) != 1 or sum(len(each) for each in fields.values()) > FIELD_LIMIT:
        return None
    read = parse_addresses(values[0])
    if len(read.correspondents) != 1 or read.refused or read.cut:
        return None
    return read.correspondents[0]


def judge(
    envelope: Envelope,
    arrived_for: EmailAddress,
    facts: AutoBccFacts,
    settings: AutoBccSettings,
) -> Verdict:
    """Return what becomes of a mail that arrived for an Auto BCC address, its one sender believed.

    Raises:
        ValueError: the envelope has no sender; `only_sender` comes first.
    """
    if envelope.sender is None:
        raise ValueError("a mail without one clear sender is refused before it is judged")
    outside = frozenset(
        _outside((envelope.sender, *envelope.to, *envelope.cc, *envelope.bcc), facts, settings)
    )
    if outside and all(settings.blocklist.blocks(address) for address in outside):
        return Refused(RefusalReason.BLOCKED)
    too_large = total_bytes(one.size_bytes for one in envelope.attachments) > settings.attachment_limit_bytes
    if envelope.sender.address in settings.own_addresses:
        verdict = _as_sent(envelope, outside, facts)
    else:
        verdict = _as_answer(envelope, arrived_for, facts)
    if isinstance(verdict, Logged):
        if too_large and settings.oversize is OversizePolicy.SKIP_MESSAGE:
            return Refused(RefusalReason.ATTACHMENT_TOO_LARGE)
        states = states_of(envelope.attachments, allowed=settings.attachment_types, too_large=too_large)
        return Logged(verdict.rule, verdict.direction, verdict.with_whom, states, verdict.track)
    return verdict


def _outside(
    people: Iterable[Correspondent], facts: AutoBccFacts, settings: AutoBccSettings
) -> Iterable[EmailAddress]:
    users = facts.user_addresses | settings.own_addresses
    for person in people:
        address = person.address
        inside = address in users or address in facts.auto_bcc_addresses
        if not inside and domain_of(address) not in settings.inbound_domains:
            yield address


def _as_sent(envelope: Envelope, outside: frozenset[EmailAddress], facts: AutoBccFacts) -> Verdict:
    """B2 and B3: one of the user's addresses wrote it."""
    if facts.logged is not None:
        return AlreadyLogged(facts.logged, track=True)
    contacts = {address: facts.contacts[address] for address in outside if facts.contacts.get(address)}
    taking_part = {one.contact_id for one in contacts_among((*envelope.to, *envelope.cc), contacts)}
    thread = thread_to_join(envelope, facts.threads_by_reference, taking_part)
    if thread is not None:
        return _logged("B2", Direction.OUTBOUND, Conversation(thread.thread_id, thread.contact_id))
    contact = _primary(envelope, contacts)
    if contact is not None:
        return _logged("B3", Direction.OUTBOUND, Conversation(None, contact))
    for person in envelope.to:
        if person.address in outside:
            return _logged("B3", Direction.OUTBOUND, NewContact(person.address, person.name))
    return Refused(RefusalReason.NOBODY_OUTSIDE)


def _primary(envelope: Envelope, contacts: ContactsByAddress) -> ContactId | None:
    """The contact that was created first among To, then among Cc (B3)."""
    for people in (envelope.to, envelope.cc):
        found = first_created(contacts_among(people, contacts))
        if found is not None:
            return found
    return None


def _as_answer(envelope: Envelope, arrived_for: EmailAddress, facts: AutoBccFacts) -> Verdict:
    """B5: a known participant answers everybody, the address among them."""
    assert envelope.sender is not None
    addressed = any(person.address == arrived_for for person in (*envelope.to, *envelope.cc))
    for parent in parents(envelope) if addressed else ():
        thread = facts.threads_by_reference.get(parent)
        if thread is not None and envelope.sender.address in facts.participants.get(
            thread.thread_id, frozenset()
        ):
            if facts.logged is not None:
                return AlreadyLogged(facts.logged, track=False)
            return _logged("B5", Direction.INBOUND, Conversation(thread.thread_id, thread.contact_id))
    return Refused(RefusalReason.UNKNOWN_SENDER)


def _logged(rule: str, direction: Direction, with_whom: Conversation | NewContact) -> Logged:
    return Logged(rule, direction, with_whom, (), track=direction is Direction.OUTBOUND)
