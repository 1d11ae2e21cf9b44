"""A thread's own rows as messages enter it: its link to a mailbox, its counts, its participants.

Belongs here: what one more message means for the thread. Never: the message itself (jobs/storing.py).

A thread's row is locked for no key update: a message's insert holds it for key share, and so do those of
other workers, so that a stronger lock would wait for them while they wait for it, a deadlock.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from database.ids import new_id
from database.tables import ThreadLinkRow, ThreadRow, table_of
from database.work import Work
from rules.conversation import participant_kind
from rules.decision import Facts, people_of
from rules.envelope import Envelope
from rules.words import Direction, MailboxId, MessageId, ThreadId, ThreadState

PARTICIPANTS_LIMIT: Final = 100


async def link(work: Work, mailbox_id: MailboxId, thread_id: ThreadId, remote_thread_id: str) -> None:
    """Link a thread to a mailbox's own thread; a live link of that remote thread stays as it is."""
    await work.execute(
        insert(ThreadLinkRow)
        .values(
            id=new_id(),
            workspace_id=work.workspace_id,
            thread_id=thread_id,
            mailbox_id=mailbox_id,
            remote_thread_id=remote_thread_id,
            created_at=work.now,
        )
        .on_conflict_do_nothing()
    )


async def grow_thread(
    work: Work, thread_id: ThreadId, message_id: MessageId, sent_at: datetime, direction: Direction
) -> None:
    """Count a new message in its thread; an inbound one opens a thread that was done."""
    threads = table_of(ThreadRow).c
    found = await work.execute(
        select(threads.last_message_at, threads.last_message_id)
        .where(threads.id == thread_id)
        .with_for_update(key_share=True)
    )
    row = found.one()
    newest = row.last_message_id is None or sent_at >= row.last_message_at
    values: dict[str, Any] = {"message_count": threads.message_count + 1}
    if newest:
        values |= {"last_message_at": sent_at, "last_message_id": message_id}
    if direction is Direction.INBOUND:
        values["state"] = ThreadState.OPEN.value
    await work.execute(update(ThreadRow).where(threads.id == thread_id).values(values))


async def add_participants(work: Work, thread_id: ThreadId, envelope: Envelope, facts: Facts) -> None:
    """Add everybody on the envelope but Bcc to the thread's participants, first seen first."""
    threads = table_of(ThreadRow).c
    locked = select(threads.participants).where(threads.id == thread_id).with_for_update(key_share=True)
    found = await work.execute(locked)
    known: list[dict[str, Any]] = list(found.scalar_one())
    seen = {one["address"] for one in known}
    hidden = {person.address for person in envelope.bcc}
    fresh: dict[str, dict[str, Any]] = {}
    for person in people_of(envelope):
        if person.address not in seen | hidden:
            kind = participant_kind(person.address, facts.user_addresses, facts.contacts)
            fresh.setdefault(
                person.address, {"address": person.address, "name": person.name, "kind": kind.value}
            )
    if not fresh:
        return
    grown = (known + list(fresh.values()))[:PARTICIPANTS_LIMIT]
    await work.execute(update(ThreadRow).where(threads.id == thread_id).values(participants=grown))
