"""The end of a connection, whoever ends it: a person who disconnects, or an update that replaces it (L4, L5).

One transaction of the caller's: the status, the links, the sends that wait, the jobs, and the asking for the
release at the provider. A job that is under way loses its claim, so that nothing it still fetches is stored.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update

from database.tables import (
    CommandRow,
    MailboxRow,
    MessageRow,
    SubmissionRow,
    ThreadLinkRow,
    ThreadRow,
    table_of,
)
from database.work import Work
from rules.happenings import MailboxChanged, MessageChanged, ReleaseMailbox
from rules.mailbox_life import Duty, MailboxHappening
from rules.mailbox_life import move as move_mailbox
from rules.send_errors import SendError
from rules.submission_life import Happening, Stage
from rules.submission_life import move as move_sending
from rules.words import ContactId, MailboxId, MailboxStatus, MessageId, ThreadId, UserId

_WAITING: Final = (Stage.SCHEDULED, Stage.HELD, Stage.QUEUED)
_ENDED_SENTENCE: Final = (
    "The mailbox was disconnected before the mail left. Nothing was sent; connect one and send it again."
)


@dataclass(frozen=True, slots=True)
class EndedMailbox:
    """How many threads no longer sync through it, and how many waiting sends were refused and kept."""

    links: int
    refused: int


async def end_mailbox(
    work: Work, mailbox_id: UUID, owner: UUID, status: MailboxStatus, happening: MailboxHappening
) -> EndedMailbox:
    """End a connection. Raises: ForbiddenMailboxMove: it has ended before."""
    ended = move_mailbox(status, happening)
    mailboxes = table_of(MailboxRow)
    await work.execute(
        update(mailboxes)
        .where(mailboxes.c.id == mailbox_id)
        .values(
            status=ended.status.value,
            status_reason=None,
            ended_at=work.now,
            next_check_at=None,
            push_renew_at=None,
        )
    )
    links = await _end_links(work, mailbox_id) if Duty.END_LINKS in ended.duties else 0
    refused = await refuse_waiting(work, table_of(SubmissionRow).c.mailbox_id == mailbox_id)
    if Duty.VOID_JOBS in ended.duties:
        await _void_jobs(work, mailbox_id)
    if Duty.RELEASE_AT_PROVIDER in ended.duties:
        work.ask(ReleaseMailbox(MailboxId(mailbox_id)))
    work.tell(MailboxChanged(MailboxId(mailbox_id), UserId(owner)))
    return EndedMailbox(links, refused)


async def _end_links(work: Work, mailbox_id: UUID) -> int:
    links = table_of(ThreadLinkRow)
    ended = await work.execute(
        update(links)
        .where(links.c.mailbox_id == mailbox_id, links.c.ended_at.is_(None))
        .values(ended_at=work.now)
        .returning(links.c.thread_id)
    )
    return len({row.thread_id for row in ended})


async def refuse_waiting(work: Work, which: ColumnElement[bool]) -> int:
    """Refuse those submissions that have not begun to leave, kept to be sent again; how many.

    What may have left is looked for.
    """
    submissions, messages, threads = table_of(SubmissionRow), table_of(MessageRow), table_of(ThreadRow)
    ends_as = move_sending(Stage.QUEUED, Happening.REFUSE)
    refused = await work.execute(
        update(submissions)
        .where(
            which,
            submissions.c.state.in_([stage.value for stage in _WAITING]),
            messages.c.id == submissions.c.message_id,
            threads.c.id == messages.c.thread_id,
        )
        .values(
            state=ends_as.state.value,
            step=ends_as.step,
            error_code=SendError.REFUSED.value,
            error=_ENDED_SENTENCE,
            undo_until=None,
        )
        .returning(
            submissions.c.message_id, submissions.c.mailbox_id, messages.c.thread_id, threads.c.contact_id
        )
    )
    rows = refused.all()
    for row in rows:
        ids = (MessageId(row.message_id), ThreadId(row.thread_id), ContactId(row.contact_id))
        work.tell(MessageChanged(*ids, row.mailbox_id and MailboxId(row.mailbox_id)))
    return len(rows)


async def _void_jobs(work: Work, mailbox_id: UUID) -> None:
    """Forget what waits; take the claim from what runs, so that its next transaction writes nothing."""
    commands = table_of(CommandRow)
    keys = [f"{kind}:{mailbox_id}" for kind in ("pull", "watch", "set-aside", "verify")]
    voided = commands.c.key.in_(keys) | commands.c.key.like(f"read:{mailbox_id}:%")
    await work.execute(delete(commands).where(voided, commands.c.lease_until.is_(None)))
    await work.execute(update(commands).where(voided).values(fence=commands.c.fence + 1))
