"""Decide whether one message of a mailbox syncs: rules D1 to D14, in order, the first that matches ends it.

Pure: `questions` says what must be looked up for a page of envelopes (a fixed number of queries, whatever
the page holds), the caller answers with `Facts`, and `decide` judges each envelope. Within a page, envelopes
go in the order of `in_order`, and what was just let in is added with `learn`, so that a page gives the same
result as the same messages coming one by one. An explanation is for the mailbox's owner
and never holds an address.
Source: sync-rules, "The decision".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from rules.addresses import domain_of
from rules.attachments import LIMIT_CEILING_BYTES, states_of, total_bytes
from rules.blocklist import Blocklist
from rules.conversation import (
    ContactsByAddress,
    Conversation,
    KnownContact,
    KnownThread,
    contacts_among,
    direction_of,
    primary_contact,
)
from rules.envelope import Correspondent, Envelope, Place
from rules.explanations import EXPLANATIONS
from rules.threading import linked_thread, parents, thread_to_join
from rules.words import (
    AttachmentState,
    ContactId,
    Direction,
    EmailAddress,
    MailboxStatus,
    MessageId,
    OversizePolicy,
    Provider,
    SkipReason,
    SyncScope,
    UserId,
)


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What the connection and its workspace are set to. `blocklist` joins the workspace's and the user's."""

    provider: Provider
    status: MailboxStatus
    connected_at: datetime
    owner: UserId
    own_addresses: frozenset[EmailAddress]
    """This mailbox's address and its send-as aliases."""
    scope: SyncScope
    activated: bool
    """The CRM has sent through this connection (L3)."""
    blocklist: Blocklist = field(default_factory=Blocklist)
    attachment_limit_bytes: int = LIMIT_CEILING_BYTES
    attachment_types: frozenset[str] | None = None
    oversize: OversizePolicy = OversizePolicy.SKIP_MESSAGE
    inbound_domains: frozenset[str] = frozenset()
    """Domains that Auto BCC addresses live, or lived, under."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What must be looked up before a page of envelopes can be decided."""

    addresses: frozenset[EmailAddress]
    internet_message_ids: frozenset[str]
    """Of the envelopes themselves and of what they answer: one query serves D4, D9 and threading."""
    remote_thread_ids: frozenset[str]
    markers: frozenset[str]


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """A message that the workspace already holds, and the thread it is in."""

    message_id: MessageId
    thread: KnownThread
    through_this_mailbox: bool
    """The CRM sent it through the connection that is being decided for."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The answers. Every mapping holds only what was asked for; private threads of other users are left out
    of `threads_by_reference`."""

    user_addresses: Mapping[EmailAddress, frozenset[UserId]] = field(default_factory=dict)
    auto_bcc_addresses: frozenset[EmailAddress] = frozenset()
    contacts: ContactsByAddress = field(default_factory=dict)
    tracked: frozenset[ContactId] = frozenset()
    """Contacts that Auto BCC tracks for the mailbox's owner (B4)."""
    logged: Mapping[str, LoggedMessage] = field(default_factory=dict)
    """By the internet_message_id of the message itself."""
    submitted: Mapping[str, LoggedMessage] = field(default_factory=dict)
    """By our own header, of submissions of this workspace."""
    linked: Mapping[str, KnownThread] = field(default_factory=dict)
    """By remote_thread_id: threads with a live link to this connection."""
    linked_references: Mapping[str, KnownThread] = field(default_factory=dict)
    """By internet_message_id of their messages: threads with a live link to this connection."""
    threads_by_reference: Mapping[str, KnownThread] = field(default_factory=dict)
    """By internet_message_id of their messages: any thread of the workspace."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one envelope. `rule` is the row that ended it."""

    synced: bool
    rule: str
    reason: SkipReason | None
    explanation: str
    direction: Direction
    links: bool = False
    """The envelope's remote thread is to be linked to the thread, if it is not yet."""
    conversation: Conversation | None = None
    already: LoggedMessage | None = None
    """Of ALREADY_SYNCED: the message that gets the provider's ids."""
    attachments: tuple[AttachmentState, ...] = ()
    """What becomes of each of the envelope's attachments, in order."""
    delayed: bool = False
    """Nothing is settled: it is to be decided again after re-authentication (D1)."""


def questions(envelopes: Iterable[Envelope]) -> Questions:
    """Return everything that deciding these envelopes needs to know."""
    addresses: set[EmailAddress] = set()
    ids: set[str] = set()
    threads: set[str] = set()
    markers: set[str] = set()
    for envelope in envelopes:
        addresses.update(person.address for person in people_of(envelope))
        ids.update(parents(envelope))
        threads.add(envelope.remote_thread_id)
        if envelope.internet_message_id:
            ids.add(envelope.internet_message_id)
        if envelope.marker:
            markers.add(envelope.marker)
    return Questions(frozenset(addresses), frozenset(ids), frozenset(threads), frozenset(markers))


def in_order(envelopes: Iterable[Envelope]) -> list[Envelope]:
    """Return envelopes in the order they are to be decided in: as the provider received them.

    Of those that it received at the same moment (Outlook tells whole seconds), what answers more comes later.
    """
    return sorted(envelopes, key=lambda one: (one.received_at, len(parents(one)), one.remote_id))


def people_of(envelope: Envelope) -> tuple[Correspondent, ...]:
    """Return everybody on the envelope: From, To, Cc, Bcc."""
    sender = (envelope.sender,) if envelope.sender else ()
    return (*sender, *envelope.to, *envelope.cc, *envelope.bcc)


def learn(facts: Facts, envelope: Envelope, message_id: MessageId, thread: KnownThread) -> Facts:
    """Return the facts after a message was let in, for the next envelope of the same page."""
    logged, referenced = dict(facts.logged), dict(facts.linked_references)
    by_reference = dict(facts.threads_by_reference)
    if envelope.internet_message_id:
        logged[envelope.internet_message_id] = LoggedMessage(message_id, thread, False)
        referenced[envelope.internet_message_id] = thread
        by_reference[envelope.internet_message_id] = thread
    return replace(
        facts,
        logged=logged,
        linked={**facts.linked, envelope.remote_thread_id: thread},
        linked_references=referenced,
        threads_by_reference=by_reference,
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """One envelope with what the rows ask of it worked out once."""

    envelope: Envelope
    facts: Facts
    settings: SyncSettings
    direction: Direction
    external: frozenset[EmailAddress]
    contacts: dict[EmailAddress, tuple[KnownContact, ...]]
    """Of the external addresses only."""
    too_large: bool

    def contacts_of(self, people: Iterable[Correspondent]) -> list[KnownContact]:
        return contacts_among(people, self.contacts)

    @property
    def sender(self) -> tuple[Correspondent, ...]:
        return (self.envelope.sender,) if self.envelope.sender else ()

    def skip(self, rule: str, reason: SkipReason) -> Decision:
        return Decision(False, rule, reason, EXPLANATIONS[rule][reason], self.direction)

    def sync(self, rule: str, conversation: Conversation) -> Decision:
        return Decision(
            True,
            rule,
            None,
            EXPLANATIONS[rule][None],
            self.direction,
            links=True,
            conversation=conversation,
            attachments=states_of(
                self.envelope.attachments,
                allowed=self.settings.attachment_types,
                too_large=self.too_large,
            ),
        )

    def let_in(self, rule: str) -> Decision:
        """Sync into the conversation that C3 and C4 find, going on with a thread that References name."""
        contact = primary_contact(self.envelope, self.direction, self.contacts)
        assert contact is not None, f"{rule} matched without a contact"
        taking_part = {one.contact_id for one in self.contacts_of(people_of(self.envelope))}
        thread = thread_to_join(self.envelope, self.facts.threads_by_reference, taking_part)
        if thread is not None:
            return self.sync(rule, Conversation(thread.thread_id, thread.contact_id))
        return self.sync(rule, Conversation(None, contact))


def _case(envelope: Envelope, facts: Facts, settings: SyncSettings) -> _Case:
    users = facts.user_addresses.keys() | settings.own_addresses
    external = frozenset(
        person.address
        for person in people_of(envelope)
        if person.address not in users
        and person.address not in facts.auto_bcc_addresses
        and domain_of(person.address) not in settings.inbound_domains
    )
    return _Case(
        envelope=envelope,
        facts=facts,
        settings=settings,
        direction=direction_of(envelope.sender, users),
        external=external,
        contacts={address: facts.contacts[address] for address in external if facts.contacts.get(address)},
        too_large=total_bytes(one.size_bytes for one in envelope.attachments)
        > settings.attachment_limit_bytes,
    )


def _d1_not_connected(case: _Case) -> Decision | None:
    if case.settings.status is MailboxStatus.CONNECTED:
        return None
    waiting = case.settings.status is MailboxStatus.REAUTHENTICATE
    return replace(case.skip("D1", SkipReason.NOT_CONNECTED), delayed=waiting)


def _d2_before_connection(case: _Case) -> Decision | None:
    """Outlook tells whole seconds: what came in the very second of the connection must not be lost."""
    since = case.settings.connected_at
    if case.settings.provider is Provider.OUTLOOK:
        since = since.replace(microsecond=0)
    before = case.envelope.received_at < since
    return case.skip("D2", SkipReason.BEFORE_CONNECTION) if before else None


def _d3_not_mail(case: _Case) -> Decision | None:
    return None if case.envelope.place is Place.MAIL else case.skip("D3", SkipReason.NOT_MAIL)


def _d4_already_synced(case: _Case) -> Decision | None:
    """Our header is believed only on mail that a user wrote: anybody who got it could put it on theirs."""
    envelope, logged = case.envelope, None
    if envelope.marker and case.direction is Direction.OUTBOUND:
        logged = case.facts.submitted.get(envelope.marker)
    if logged is None and envelope.internet_message_id:
        logged = case.facts.logged.get(envelope.internet_message_id)
    if logged is None:
        return None
    skipped = case.skip("D4", SkipReason.ALREADY_SYNCED)
    return replace(skipped, already=logged, links=logged.through_this_mailbox)


def _d5_internal_only(case: _Case) -> Decision | None:
    return None if case.external else case.skip("D5", SkipReason.INTERNAL_ONLY)


def _d6_blocked(case: _Case) -> Decision | None:
    everybody = all(case.settings.blocklist.blocks(address) for address in case.external)
    return case.skip("D6", SkipReason.BLOCKED) if everybody else None


def _d7_from_another_user(case: _Case) -> Decision | None:
    if case.settings.provider is not Provider.GMAIL or case.envelope.sender is None:
        return None
    address = case.envelope.sender.address
    owners = case.facts.user_addresses.get(address, frozenset())
    mine = address in case.settings.own_addresses or case.settings.owner in owners
    return case.skip("D7", SkipReason.FROM_ANOTHER_USER) if owners and not mine else None


def _d8_too_large(case: _Case) -> Decision | None:
    refused = case.too_large and case.settings.oversize is OversizePolicy.SKIP_MESSAGE
    return case.skip("D8", SkipReason.ATTACHMENT_TOO_LARGE) if refused else None


def _d9_linked_thread(case: _Case) -> Decision | None:
    thread = linked_thread(case.envelope, case.facts.linked, case.facts.linked_references)
    return case.sync("D9", Conversation(thread.thread_id, thread.contact_id)) if thread else None


def _d10_tracked(case: _Case) -> Decision | None:
    if case.direction is not Direction.INBOUND:
        return None
    tracked = any(one.contact_id in case.facts.tracked for one in case.contacts_of(case.sender))
    return case.let_in("D10") if tracked else None


def _d11_contacts(case: _Case) -> Decision | None:
    if case.settings.scope is not SyncScope.CONTACTS:
        return None
    envelope = case.envelope
    inbound = case.direction is Direction.INBOUND
    people = case.sender if inbound else (*envelope.to, *envelope.cc, *envelope.bcc)
    return case.let_in("D11") if case.contacts_of(people) else None


def _d12_sent_to_contacts(case: _Case) -> Decision | None:
    sent = case.settings.scope is SyncScope.SENT_TO_CONTACTS and case.direction is Direction.OUTBOUND
    return case.let_in("D12") if sent and case.contacts_of(case.envelope.to) else None


def _d13_not_activated(case: _Case) -> Decision | None:
    waiting = case.settings.scope is SyncScope.CRM_THREADS and not case.settings.activated
    return case.skip("D13", SkipReason.NOT_ACTIVATED) if waiting else None


def _d14_otherwise(case: _Case) -> Decision:
    if case.settings.scope is SyncScope.CRM_THREADS:
        return case.skip("D14", SkipReason.NOT_CRM_THREAD)
    return case.skip("D14", SkipReason.NOT_A_CONTACT)


ROWS: Final[tuple[Callable[[_Case], Decision | None], ...]] = (
    _d1_not_connected,
    _d2_before_connection,
    _d3_not_mail,
    _d4_already_synced,
    _d5_internal_only,
    _d6_blocked,
    _d7_from_another_user,
    _d8_too_large,
    _d9_linked_thread,
    _d10_tracked,
    _d11_contacts,
    _d12_sent_to_contacts,
    _d13_not_activated,
)
"""The order is the documentation."""


def decide(envelope: Envelope, facts: Facts, settings: SyncSettings) -> Decision:
    """Return what becomes of one envelope; the first row that matches ends it."""
    case = _case(envelope, facts, settings)
    return next((verdict for row in ROWS if (verdict := row(case))), None) or _d14_otherwise(case)
