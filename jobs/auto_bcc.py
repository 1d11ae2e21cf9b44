"""Log a mail that arrived for an Auto BCC address: read, judged, stored with its contact in one commit.

Belongs here: the order of things and the rows. Never: SMTP, whether the sender is believed (inbound/), a rule
(rules/auto_bcc.py). The law: when `log` returns without a refusal, the mail is in the database and its raw
bytes in the blob store, for good, or they were before. A mail that comes twice, also at once, or that a
mailbox brings as well, is one message; a contact that two mails ask for at once is one contact.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select
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
from jobs.handed_in import envelope_of, take_turns, without
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
        envelope = envelope_of(arrival.sender, arrival.received_at, read.message, arrival.raw)
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
        await take_turns(work, f"message:{case.envelope.internet_message_id}")
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
        shown = without(case.envelope, arrival.address)
        stored = await store(work, receiver, Incoming(shown, decision, case.content), kinds)
        if verdict.track:
            await _track(work, arrival.user_id, stored[1].contact_id)
        context.passing("auto_bcc.uncommitted")


async def _contact(work: Work, wanted: NewContact) -> ContactId:
    """Return the contact with an address, made now if there is none (B3, C4, C7)."""
    await take_turns(work, f"contact:{wanted.address}")
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
