"""Log a mail that arrived for an Auto BCC address: read, judged, stored with its contact in one commit.

Belongs here: the order of things and the rows. Never: SMTP, whether the sender is believed (inbound/), a rule
(rules/auto_bcc.py). The law: when `log` returns without a refusal, the mail is in the database and its raw
bytes in the blob store, for good, or they were before. A mail that comes twice, also at once, or that a
mailbox brings as well, is one message; a contact that two mails ask for at once is one contact.
"""

import hashlib
import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from database.auto_bcc_facts import auto_bcc_facts, auto_bcc_settings
from database.ids import new_id
from database.tables import (
    ContactAddressRow,
    ContactRow,
    QuarantineRow,
    TrackedContactRow,
    table_of,
)
from database.work import Work
from jobs.content import keep_read
from jobs.context import JobContext
from jobs.storing import Content, Incoming, Receiver, find_logged, store
from rules.auto_bcc import (
    AlreadyLogged,
    AutoBccFacts,
    Logged,
    NewContact,
    RefusalReason,
    Refused,
    judge,
)
from rules.conversation import Conversation, KnownContact
from rules.decision import Decision, Facts
from rules.envelope import Correspondent, Envelope
from rules.parsed import Automatic, ParsedMessage
from rules.words import (
    ContactId,
    ContactOrigin,
    EmailAddress,
    Origin,
    UserId,
    Visibility,
    WorkspaceId,
)

QUARANTINE_KEPT: Final = timedelta(days=90)

_ONE_AT_A_TIME: Final = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail whose sender is believed, and for which user's address it came. `raw` has CRLF lines."""

    workspace_id: WorkspaceId
    user_id: UserId
    address: EmailAddress
    sender: Correspondent
    raw: Path
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Case:
    """One mail, read."""

    arrival: Arrival
    envelope: Envelope
    content: Content
    visibility: Visibility
    user_addresses: frozenset[EmailAddress]
    verdict: Logged


async def log(context: JobContext, arrival: Arrival) -> Refused | None:
    """Log a mail; None where it is stored, now or before.

    Raises:
        DatabaseAway, DatabaseBusy, BlobTrouble, SandboxClosed: nothing is known; the sender is to try again.
    """
    folder = context.scratch / new_id().hex
    parts = folder / "parts"
    parts.mkdir(mode=0o700, parents=True)
    try:
        read = await context.sandbox.parse(arrival.raw, parts)
        envelope = _envelope(arrival, read.message, arrival.raw)
        known = await auto_bcc_settings(
            context.db, arrival.workspace_id, arrival.user_id, context.settings.inbound_domains
        )
        if known is None:
            return Refused(RefusalReason.UNKNOWN_SENDER)
        settings, visibility = known
        facts = await auto_bcc_facts(context.db, arrival.workspace_id, arrival.user_id, envelope)
        verdict = judge(envelope, arrival.address, facts, settings)
        context.passing("auto_bcc.judged")
        match verdict:
            case Refused():
                await quarantine(context, arrival.workspace_id, arrival.user_id, verdict.reason)
                return verdict
            case AlreadyLogged():
                async with context.db.work(arrival.workspace_id) as work:
                    if verdict.track:
                        await _track(work, arrival.user_id, verdict.message.thread.contact_id)
                return None
        decision = _decision(verdict)
        content = await keep_read(context, arrival.workspace_id, arrival.raw, read, decision, settings)
        context.passing("auto_bcc.kept")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    users = facts.user_addresses | settings.own_addresses
    await _store(context, _Case(arrival, envelope, content, visibility, users, verdict), facts)
    context.passing("auto_bcc.committed")
    return None


async def quarantine(
    context: JobContext, workspace_id: WorkspaceId, user_id: UserId, reason: RefusalReason
) -> None:
    """Count a refused mail for its user: when and why, never what it said."""
    rows = table_of(QuarantineRow)
    async with context.db.work(workspace_id) as work:
        await work.execute(
            insert(QuarantineRow)
            .values(
                id=new_id(),
                workspace_id=workspace_id,
                user_id=user_id,
                reason=reason.value,
                day=work.now.date(),
                count=1,
                first_at=work.now,
                last_at=work.now,
            )
            .on_conflict_do_update(
                constraint="quarantine_once", set_={"count": rows.c.count + 1, "last_at": work.now}
            )
        )
        await work.execute(
            delete(QuarantineRow).where(
                rows.c.user_id == user_id, rows.c.last_at < work.now - QUARANTINE_KEPT
            )
        )


def _envelope(arrival: Arrival, message: ParsedMessage, raw: Path) -> Envelope:
    """A mail without a Message-ID is known by its bytes, so that one that is sent again is one message."""
    with raw.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Envelope(
        remote_id="",
        remote_thread_id="",
        received_at=arrival.received_at,
        sent_at=message.sent_at or arrival.received_at,
        sender=arrival.sender,
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        subject=message.subject,
        internet_message_id=message.internet_message_id or f"{digest}@auto-bcc.invalid",
        in_reply_to=message.in_reply_to,
        references=message.references,
        unread=True,
        size_bytes=raw.stat().st_size,
        attachments=tuple(one.outline for one in message.attachments),
        automatic=message.automatic is not Automatic.NO,
    )


def _decision(verdict: Logged, contact: ContactId | None = None) -> Decision:
    with_whom = verdict.with_whom
    if isinstance(with_whom, NewContact):
        conversation = Conversation(None, contact) if contact is not None else None
    else:
        conversation = with_whom
    return Decision(
        synced=True,
        rule=verdict.rule,
        reason=None,
        explanation="",
        direction=verdict.direction,
        conversation=conversation,
        attachments=verdict.attachments,
    )


async def _store(context: JobContext, case: _Case, facts: AutoBccFacts) -> None:
    arrival, verdict = case.arrival, case.verdict
    receiver = Receiver(None, arrival.user_id, case.visibility, Origin.AUTO_BCC)
    async with context.db.work(arrival.workspace_id) as work:
        # The same mail, handed in twice at once, takes turns, and so does a contact that two mails ask for.
        await _take_turns(work, f"message:{case.envelope.internet_message_id}")
        logged = await find_logged(work, case.envelope.internet_message_id)
        if logged is not None:
            if verdict.track:
                await _track(work, arrival.user_id, logged.thread.contact_id)
            return
        contact: ContactId | None = None
        contacts = dict(facts.contacts)
        if isinstance(verdict.with_whom, NewContact):
            contact = await _contact(work, verdict.with_whom)
            contacts[verdict.with_whom.address] = (KnownContact(contact, work.now),)
        decision = _decision(verdict, contact)
        kinds = Facts(
            user_addresses={address: frozenset() for address in case.user_addresses}, contacts=contacts
        )
        shown = _without(case.envelope, arrival.address)
        stored = await store(work, receiver, Incoming(shown, decision, case.content), kinds)
        assert stored is not None, "a mail without a mailbox has no copy that could be there before"
        if verdict.track:
            await _track(work, arrival.user_id, stored[1].contact_id)
        context.passing("auto_bcc.uncommitted")


def _without(envelope: Envelope, address: EmailAddress) -> Envelope:
    """The envelope as colleagues may see it: the user's own secret address is nobody's business."""

    def others(people: tuple[Correspondent, ...]) -> tuple[Correspondent, ...]:
        return tuple(person for person in people if person.address != address)

    return replace(envelope, to=others(envelope.to), cc=others(envelope.cc), bcc=others(envelope.bcc))


async def _take_turns(work: Work, what: str) -> None:
    await work.execute(_ONE_AT_A_TIME, {"what": f"{work.workspace_id}:{what}"})


async def _contact(work: Work, wanted: NewContact) -> ContactId:
    """Return the contact with an address, made now if there is none (B3, C4, C7)."""
    await _take_turns(work, f"contact:{wanted.address}")
    contacts, addresses = table_of(ContactRow).c, table_of(ContactAddressRow).c
    found = await work.execute(
        select(contacts.id)
        .join(ContactAddressRow, addresses.contact_id == contacts.id)
        .where(addresses.workspace_id == work.workspace_id, addresses.address == wanted.address)
        .order_by(contacts.created_at, contacts.id)
        .limit(1)
    )
    known = found.scalar_one_or_none()
    if known is not None:
        return ContactId(known)
    contact_id = ContactId(new_id())
    work.add(
        ContactRow(
            id=contact_id,
            workspace_id=work.workspace_id,
            name=wanted.name,
            origin=ContactOrigin.AUTO_BCC,
            created_at=work.now,
        )
    )
    work.add(
        ContactAddressRow(
            id=new_id(), workspace_id=work.workspace_id, contact_id=contact_id, address=wanted.address
        )
    )
    return contact_id


async def _track(work: Work, user_id: UserId, contact_id: ContactId) -> None:
    await work.execute(
        insert(TrackedContactRow)
        .values(
            id=new_id(),
            workspace_id=work.workspace_id,
            user_id=user_id,
            contact_id=contact_id,
            since=work.now,
        )
        .on_conflict_do_nothing()
    )
