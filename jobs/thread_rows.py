"""A thread's own rows as messages enter it: its link to a mailbox, its counts, its participants.

Belongs here: what one more message means for the thread. Never: the message itself (jobs/storing.py).

A thread's row is locked for no key update: a message's insert holds it for key share, and so do those of
other workers, so that a stronger lock would wait for them while they wait for it, a deadlock.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from database.ids import new_id
from database.tables import ThreadLinkRow, ThreadRow, table_of
from database.work import Work
from rules.conversation import participant_kind
from rules.decision import Facts, people_of
from rules.envelope import Envelope
from rules.words import Direction, MailboxId, MessageId, ThreadId, ThreadState

PARTICIPANTS_LIMIT: Final = 100


# Written once, filled in by parameters: see jobs/storing.py.
_threads = table_of(ThreadRow).c
_LINK: Final = insert(table_of(ThreadLinkRow)).on_conflict_do_nothing()
_LOCKED: Final = (
    select(_threads.last_message_at, _threads.last_message_id, _threads.state, _threads.participants)
    .where(_threads.id == bindparam("thread"))
    .with_for_update(key_share=True)
)
_GROW: Final = (
    update(table_of(ThreadRow))
    .where(_threads.id == bindparam("thread"))
    .values(
        message_count=_threads.message_count + 1,
        **{
            name: bindparam(f"new_{name}", type_=_threads[name].type)
            for name in ("last_message_at", "last_message_id", "state", "participants")
        },
    )
)


@dataclass(frozen=True, slots=True)
class Grown:
    """The message that a thread grows by."""

    message_id: MessageId
    sent_at: datetime
    direction: Direction
    envelope: Envelope


async def link(work: Work, mailbox_id: MailboxId, thread_id: ThreadId, remote_thread_id: str) -> None:
    """Link a thread to a mailbox's own thread; a live link of that remote thread stays as it is."""
    values = {
        "id": new_id(),
        "workspace_id": work.workspace_id,
        "thread_id": thread_id,
        "mailbox_id": mailbox_id,
        "remote_thread_id": remote_thread_id,
        "created_at": work.now,
    }
    await work.execute(_LINK, values)


async def grow_thread(work: Work, thread_id: ThreadId, grown: Grown, facts: Facts) -> None:
    """Count a new message in its thread, with who is on it; an inbound one opens a thread that was done."""
    found = await work.execute(_LOCKED, {"thread": thread_id})
    row = found.one()
    newest = row.last_message_id is None or grown.sent_at >= row.last_message_at
    opened = grown.direction is Direction.INBOUND
    values = {
        "thread": thread_id,
        "new_last_message_at": grown.sent_at if newest else row.last_message_at,
        "new_last_message_id": grown.message_id if newest else row.last_message_id,
        "new_state": ThreadState.OPEN.value if opened else row.state,
        "new_participants": participants(row.participants, grown.envelope, facts),
    }
    await work.execute(_GROW, values)


def participants(known: list[dict[str, Any]], envelope: Envelope, facts: Facts) -> list[dict[str, Any]]:
    """Return the participants with everybody on the envelope but Bcc, first seen first."""
    seen = {one["address"] for one in known}
    hidden = {person.address for person in envelope.bcc}
    fresh: dict[str, dict[str, Any]] = {}
    for person in people_of(envelope):
        if person.address not in seen | hidden:
            kind = participant_kind(person.address, facts.user_addresses, facts.contacts)
            fresh.setdefault(
                person.address, {"address": person.address, "name": person.name, "kind": kind.value}
            )
    return (known + list(fresh.values()))[:PARTICIPANTS_LIMIT] if fresh else known
