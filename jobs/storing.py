"""Put what the rules let in where it belongs, inside the caller's transaction, once.

Belongs here: rows of a synced message and of its thread. Never: network, a decision, a cursor.

The law of sameness: a message is one row per workspace (its internet_message_id), a copy is one row per
mailbox (the provider's id). Both are inserted with ON CONFLICT DO NOTHING and judged by what came back, so
two mailboxes that bring the same mail at the same moment, or a pull that is run again, store it once and tell
it once. A message comes with its thread, copy, link and unread mark in one statement, or not at all.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from database.ids import new_id
from database.tables import (
    AttachmentRow,
    MessageCopyRow,
    MessageRow,
    ThreadRow,
    UnreadRow,
    table_of,
)
from database.work import Work
from jobs.message_statement import STORE
from jobs.moments import place_in_time
from jobs.thread_rows import Grown, grow_thread, link, participants
from rules.conversation import KnownThread
from rules.decision import Decision, Facts, LoggedMessage
from rules.envelope import Correspondent, Envelope
from rules.errors import Retryable
from rules.happenings import MessageChanged, MessageSynced, Withdrawn
from rules.parsed import Bounce
from rules.visibility import wider_than
from rules.words import (
    AttachmentState,
    ContactId,
    Direction,
    MailboxId,
    MessageId,
    Origin,
    ThreadId,
    ThreadState,
    UserId,
    Visibility,
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who brought a message, as far as its rows need it: a mailbox, a user's Auto BCC address, or a
    conversation's own address, where it may be nobody's."""

    mailbox_id: MailboxId | None
    owner: UserId | None
    visibility: Visibility
    origin: Origin = Origin.MAILBOX


@dataclass(frozen=True, slots=True)
class KeptFile:
    """An attachment as it was kept, or the stub of one that was not."""

    name: str
    content_type: str
    size_bytes: int
    inline: bool
    content_id: str | None
    state: AttachmentState
    blob_key: str | None
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of a message's body."""

    text: str | None
    html: str | None
    snippet: str
    quoted_from: int | None
    warnings: tuple[str, ...]
    raw_key: str | None
    files: tuple[KeptFile, ...]
    bounce: Bounce | None = None
    """What it reports, where it is a delivery report."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that syncs: its envelope, why, and its content."""

    envelope: Envelope
    decision: Decision
    content: Content
    sender_proved: bool | None = None
    """Whether we proved who sent it; None where a mailbox's provider judges that."""


# Written once, filled in by parameters: composing statements for each mail cost a tenth of what a mail cost.
_ADD_COPY: Final = (
    insert(table_of(MessageCopyRow)).on_conflict_do_nothing().returning(table_of(MessageCopyRow).c.id)
)
_STILL_THERE: Final = (
    select(table_of(MessageRow).c.id)
    .where(table_of(MessageRow).c.id == bindparam("message"))
    .with_for_update(read=True, key_share=True)
)
_ADD_UNREAD: Final = insert(table_of(UnreadRow)).on_conflict_do_nothing().returning(table_of(UnreadRow).c.id)


class NotStored(Exception):
    """Somebody else had stored it: whatever of it the transaction has written must be taken back."""


async def store(
    work: Work, receiver: Receiver, incoming: Incoming, facts: Facts
) -> tuple[MessageId, KnownThread]:
    """Store a synced message with its thread, link, copy, unread mark and attachments, and tell it.

    Auto BCC has neither copy nor link: the provider's ids come with the mailbox's own copy (D4). Returns the
    message and its thread: those of the message that somebody else stored meanwhile, where there is one.

    Raises:
        NotStored: this mailbox's copy was stored before, by a worker whose claim had ended.
    """
    envelope, decision = incoming.envelope, incoming.decision
    assert decision.conversation is not None, "a message syncs into a conversation"
    known = decision.conversation.thread_id
    thread = KnownThread(known or ThreadId(new_id()), decision.conversation.contact_id)
    grown = Grown(MessageId(new_id()), await place_in_time(work, envelope), decision.direction, envelope)
    values = _message_values(work, receiver, incoming, thread, grown)
    values |= _around(receiver, incoming, thread, facts, begins=known is None)
    [stored] = await work.fetch(STORE, values)
    if not stored["messages"]:
        logged = await find_logged(work, envelope.internet_message_id)
        if logged is None:
            raise NotStored
        if receiver.mailbox_id is not None:
            await attach_copy(work, receiver, envelope, logged, links=True)
        return logged.message_id, logged.thread
    if receiver.mailbox_id is not None and not stored["copies"]:
        raise NotStored
    await _add_files(work, grown.message_id, incoming.content.files)
    if known is not None:
        await grow_thread(work, known, grown, facts)
    work.tell(MessageSynced(grown.message_id, thread.thread_id, thread.contact_id, receiver.mailbox_id))
    return grown.message_id, thread


def _around(
    receiver: Receiver, incoming: Incoming, thread: KnownThread, facts: Facts, *, begins: bool
) -> dict[str, Any]:
    """What belongs to the message: its thread where it begins one, its copy, its link, its unread mark."""
    envelope, decision = incoming.envelope, incoming.decision
    inbound = decision.direction is Direction.INBOUND
    return {
        "begins_thread": begins,
        "contact_id": thread.contact_id,
        "state": ThreadState.OPEN.value,
        "participants": _written(participants([], envelope, facts) if begins else []),
        "copy_id": new_id(),
        "remote_id": envelope.remote_id,
        "remote_thread_id": envelope.remote_thread_id,
        "unread": envelope.unread,
        "links": decision.links and receiver.mailbox_id is not None,
        "link_id": new_id(),
        "marks_unread": inbound and envelope.unread and receiver.owner is not None,
        "mark_id": new_id(),
    }


def _message_values(
    work: Work,
    receiver: Receiver,
    incoming: Incoming,
    thread: KnownThread,
    grown: Grown,
) -> dict[str, Any]:
    envelope, content = incoming.envelope, incoming.content
    outbound = incoming.decision.direction is Direction.OUTBOUND
    return {
        "id": grown.message_id,
        "workspace_id": work.workspace_id,
        "thread_id": thread.thread_id,
        "mailbox_id": receiver.mailbox_id,
        "owner_id": receiver.owner,
        "visibility": receiver.visibility.value,
        "direction": incoming.decision.direction.value,
        "origin": receiver.origin.value,
        "sender_proved": incoming.sender_proved,
        "internet_message_id": envelope.internet_message_id,
        "in_reply_to": envelope.in_reply_to,
        "reference_ids": list(envelope.references),
        "from_address": envelope.sender.address if envelope.sender else "",
        "from_name": envelope.sender.name if envelope.sender else None,
        "to_recipients": _as_json(envelope.to),
        "cc_recipients": _as_json(envelope.cc),
        "bcc_recipients": _as_json(envelope.bcc if outbound else ()),
        "subject": envelope.subject,
        "snippet": content.snippet,
        "text": content.text,
        "html": content.html,
        "quoted_from": content.quoted_from,
        "sent_at": grown.sent_at,
        "received_at": envelope.received_at,
        "now": work.now,
        "warnings": list(content.warnings),
        "raw_key": content.raw_key,
    }


def _as_json(people: tuple[Correspondent, ...]) -> str:
    """Return header addresses as the message row keeps them."""
    return _written([{"address": person.address, "name": person.name} for person in people])


def _written(value: object) -> str:
    return orjson.dumps(value).decode()


async def _add_files(work: Work, message_id: MessageId, files: tuple[KeptFile, ...]) -> None:
    for position, file in enumerate(files):
        work.add(
            AttachmentRow(
                id=new_id(),
                workspace_id=work.workspace_id,
                message_id=message_id,
                name=file.name,
                content_type=file.content_type,
                size_bytes=file.size_bytes,
                inline=file.inline,
                content_id=file.content_id,
                position=position,
                state=file.state.value,
                blob_key=file.blob_key,
                sha256=file.sha256,
                created_at=work.now,
            )
        )


async def _add_copy(work: Work, receiver: Receiver, envelope: Envelope, message_id: MessageId) -> bool:
    values = {
        "id": new_id(),
        "workspace_id": work.workspace_id,
        "message_id": message_id,
        "mailbox_id": receiver.mailbox_id,
        "remote_id": envelope.remote_id,
        "remote_thread_id": envelope.remote_thread_id,
        "unread": envelope.unread,
    }
    added = await work.execute(_ADD_COPY, values)
    return added.first() is not None


async def attach_copy(
    work: Work, receiver: Receiver, envelope: Envelope, logged: LoggedMessage, *, links: bool
) -> None:
    """Give a message that is already logged the provider's ids of one more copy (D4); nothing is told.

    The header's id of the copy is the one the world answers to, so a message that the CRM wrote takes it over
    where the provider replaced ours.

    Raises:
        Retryable: the message was erased since it was looked up; looked at again, the mail is new.
    """
    assert receiver.owner is not None, "a mailbox is somebody's"
    if (await work.execute(_STILL_THERE, {"message": logged.message_id})).first() is None:
        raise Retryable("the message was erased in that moment")
    if not await _add_copy(work, receiver, envelope, logged.message_id):
        return
    await _narrow(work, receiver, logged)
    if links and receiver.mailbox_id is not None:
        await link(work, receiver.mailbox_id, logged.thread.thread_id, envelope.remote_thread_id)
    await adopt_message_id(work, logged.message_id, envelope.internet_message_id)
    inbound_here = receiver.owner not in await _written_by(work, logged.message_id)
    if envelope.unread and inbound_here:
        await mark_unread(work, receiver.owner, logged.thread.thread_id, logged.message_id)
        work.tell(
            MessageChanged(
                logged.message_id, logged.thread.thread_id, logged.thread.contact_id, receiver.mailbox_id
            )
        )


async def _narrow(work: Work, receiver: Receiver, logged: LoggedMessage) -> None:
    """Of mail that two mailboxes hold the narrower choice counts; what others saw of it is withdrawn."""
    messages, thread = table_of(MessageRow).c, logged.thread
    assert receiver.owner is not None, "a mailbox is somebody's"
    narrowed = await work.execute(
        update(MessageRow)
        .where(
            messages.id == logged.message_id,
            messages.visibility.in_([one.value for one in wider_than(receiver.visibility)]),
        )
        .values(visibility=receiver.visibility.value)
        .returning(messages.id)
    )
    if narrowed.first() is None:
        return
    work.tell(Withdrawn(thread.thread_id, receiver.owner, logged.message_id))
    work.tell(MessageChanged(logged.message_id, thread.thread_id, thread.contact_id, receiver.mailbox_id))


async def _written_by(work: Work, message_id: MessageId) -> set[UUID | None]:
    found = await work.execute(
        select(table_of(MessageRow).c.owner_id).where(
            table_of(MessageRow).c.id == message_id,
            table_of(MessageRow).c.direction == Direction.OUTBOUND.value,
        )
    )
    return set(found.scalars())


async def adopt_message_id(work: Work, message_id: MessageId, real_id: str | None) -> None:
    """Record the Message-ID that the provider really used for a mail of ours; a taken id is left alone."""
    if real_id is None:
        return
    messages = table_of(MessageRow).c
    taken = select(messages.id).where(
        messages.workspace_id == work.workspace_id, messages.internet_message_id == real_id
    )
    await work.execute(
        update(MessageRow)
        .where(
            messages.id == message_id,
            messages.origin == Origin.CRM.value,
            messages.internet_message_id.is_distinct_from(real_id),
            ~taken.exists(),
        )
        .values(internet_message_id=real_id)
    )


async def find_logged(work: Work, internet_message_id: str | None) -> LoggedMessage | None:
    """Return the workspace's message with a Message-ID, if there is one."""
    if internet_message_id is None:
        return None
    messages, threads = table_of(MessageRow).c, table_of(ThreadRow).c
    found = await work.execute(
        select(messages.id, messages.thread_id, threads.contact_id)
        .join(ThreadRow, threads.id == messages.thread_id)
        .where(
            messages.workspace_id == work.workspace_id,
            messages.internet_message_id == internet_message_id,
        )
    )
    row = found.first()
    if row is None:
        return None
    thread = KnownThread(ThreadId(row.thread_id), ContactId(row.contact_id))
    return LoggedMessage(MessageId(row.id), thread, through_this_mailbox=False)


async def mark_unread(work: Work, user_id: UserId, thread_id: ThreadId, message_id: MessageId) -> bool:
    """Mark a message unread for a user; whether that is news."""
    values = {
        "id": new_id(),
        "workspace_id": work.workspace_id,
        "user_id": user_id,
        "thread_id": thread_id,
        "message_id": message_id,
    }
    added = await work.execute(_ADD_UNREAD, values)
    return added.first() is not None


async def own_copy(
    work: Work, mailbox_id: MailboxId, message_id: MessageId, remote_id: str, remote_thread_id: str
) -> None:
    """Record the Sent copy of a message that the CRM wrote; the feed may have been first."""
    values = {
        "id": new_id(),
        "workspace_id": work.workspace_id,
        "message_id": message_id,
        "mailbox_id": mailbox_id,
        "remote_id": remote_id,
        "remote_thread_id": remote_thread_id,
        "unread": False,
    }
    await work.execute(_ADD_COPY, values)
