"""The beginning of an erasure, whoever asks for it: what it takes, told beforehand, and the connection's end.

From the commit on nothing of it is read or sent any more and nobody reaches it; its rows go in the job that
is asked for here (jobs/erase.py).
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from database.endings import end_mailbox, refuse_waiting
from database.pool import Database
from database.tables import SubmissionRow, table_of
from database.work import Work
from rules.happenings import EraseMailbox, EraseUser, ReleaseMailbox
from rules.mailbox_life import MailboxHappening, may
from rules.words import MailboxId, MailboxStatus, UserId, WorkspaceId

_STAYS: Final = (
    "(exists (select from message_copies o join mailboxes ob on ob.id = o.mailbox_id "
    "where o.message_id = m.id and ob.erasing_since is null and ob.id <> all({mailboxes})) "
    "or ({user} is null and (m.mailbox_id is null or exists (select from mailboxes cb "
    "where cb.id = m.mailbox_id and cb.erasing_since is null and cb.id <> all({mailboxes})))))"
)
_COUNT: Final = (
    "with found as (select id from messages where mailbox_id = any({mailboxes}) union "  # noqa: S608 - our own
    "select message_id from message_copies where mailbox_id = any({mailboxes}) union "
    "select id from messages where owner_id = {user}), "
    f"judged as materialized (select m.id, m.thread_id, {_STAYS} as stays from found join messages m "
    "on m.id = found.id), "
    "emptied as (select t.id from threads t join (select thread_id, count(*) as leave from judged "
    "where not stays group by thread_id) g on g.thread_id = t.id where t.message_count <= g.leave) "
    "select (select count(*)::int from judged where not stays) as messages, "
    "(select count(*)::int from judged where stays) as messages_kept, "
    "(select count(*)::int from emptied) as threads, "
    "(select count(*)::int from attachments a join judged j on j.id = a.message_id where not j.stays) "
    "as attachments, "
    "(select count(*)::int from submissions s where (s.mailbox_id = any({mailboxes}) or s.user_id = {user}) "
    "and s.state in ('SCHEDULED', 'HELD', 'QUEUED')) as sends_refused"
)
_COUNT_IN_WORK: Final = text(
    _COUNT.format(mailboxes="cast(:mailboxes as uuid[])", user="cast(:user as uuid)")
)
_COUNT_IN_READ: Final = _COUNT.format(mailboxes="$1::uuid[]", user="$2::uuid")
_CANCEL_BULK: Final = text(
    "update bulk_sends set state = 'CANCELLED', ended_at = :now where state in ('RUNNING', 'PAUSED') "
    "and (mailbox_id = any(:mailboxes) or user_id = :user)"
)
_MARK_MAILBOXES: Final = text("update mailboxes set erasing_since = :now where id = any(:mailboxes)")
_MARK_USER: Final = text(
    "update users set erasing_since = :now, suspended_at = coalesce(suspended_at, :now) where id = :user"
)
_MAILBOXES_OF_USER: Final = text(
    "select id, user_id, status, erasing_since, tokens_sealed is not null as tokens from mailboxes "
    "where user_id = :user order by id for no key update"
)
_ONE_MAILBOX: Final = text(
    "select id, user_id, status, erasing_since, tokens_sealed is not null as tokens from mailboxes "
    "where id = :mailbox for no key update"
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure takes away, and what stays because others hold it."""

    messages: int
    messages_kept: int
    threads: int
    """Conversations that go whole."""
    attachments: int
    sends_refused: int


async def look_at_mailbox(db: Database, workspace_id: WorkspaceId, mailbox_id: UUID) -> Erasure:
    """Count what erasing a mailbox would take away."""
    return await _look(db, workspace_id, [mailbox_id], None)


async def look_at_user(db: Database, workspace_id: WorkspaceId, user_id: UUID) -> Erasure:
    """Count what erasing a user would take away."""
    rows = await db.fetch(workspace_id, "select id from mailboxes where user_id = $1", user_id)
    return await _look(db, workspace_id, [row["id"] for row in rows], user_id)


async def _look(
    db: Database, workspace_id: WorkspaceId, mailboxes: list[UUID], user_id: UUID | None
) -> Erasure:
    row = await db.fetchrow(workspace_id, _COUNT_IN_READ, mailboxes, user_id)
    assert row is not None, "counts have a row"
    return Erasure(**dict(row))


async def begin_mailbox_erasure(work: Work, mailbox_id: UUID, actor: str) -> Erasure:
    """End a mailbox's connection and ask for its erasure."""
    row = (await work.execute(_ONE_MAILBOX, {"mailbox": mailbox_id})).one()
    erasure = await _count(work, [mailbox_id], None)
    await _end(work, [row], None)
    work.ask(EraseMailbox(MailboxId(mailbox_id)))
    await work.audit(actor, "mailbox.erasing", mailbox=str(mailbox_id))
    return erasure


async def begin_user_erasure(work: Work, user_id: UUID, actor: str) -> Erasure:
    """Shut a user out, end their connections, and ask for their erasure."""
    rows = (await work.execute(_MAILBOXES_OF_USER, {"user": user_id})).all()
    erasure = await _count(work, [row.id for row in rows], user_id)
    await _end(work, rows, user_id)
    await work.execute(_MARK_USER, {"now": work.now, "user": user_id})
    await refuse_waiting(work, table_of(SubmissionRow).c.user_id == user_id)
    work.ask(EraseUser(UserId(user_id)))
    await work.audit(actor, "user.erasing", user=str(user_id))
    return erasure


async def end_mailboxes_of(work: Work, user_id: UUID) -> list[MailboxId]:
    """End what a user who is being erased connected in the very moment; all their mailboxes."""
    rows = (await work.execute(_MAILBOXES_OF_USER, {"user": user_id})).all()
    await _end(work, [row for row in rows if row.erasing_since is None], user_id)
    return [MailboxId(row.id) for row in rows]


async def _count(work: Work, mailboxes: list[UUID], user_id: UUID | None) -> Erasure:
    row = (await work.execute(_COUNT_IN_WORK, {"mailboxes": mailboxes, "user": user_id})).one()
    return Erasure(**row._mapping)


async def _end(work: Work, rows: Any, user_id: UUID | None) -> None:
    """End what is connected, have the provider told, and stop what would write more mail."""
    for row in rows:
        status = MailboxStatus(row.status)
        if may(status, MailboxHappening.DISCONNECT):
            await end_mailbox(work, row.id, row.user_id, status, MailboxHappening.DISCONNECT)
        elif row.tokens:
            work.ask(ReleaseMailbox(MailboxId(row.id)))
    leaving = {"mailboxes": [row.id for row in rows]}
    await work.execute(_MARK_MAILBOXES, {**leaving, "now": work.now})
    await work.execute(_CANCEL_BULK, {**leaving, "now": work.now, "user": user_id})
