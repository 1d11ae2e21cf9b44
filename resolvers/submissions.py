"""Undo a sending, or ask for it once more: compare-and-set on the submission, by its table of moves."""

from typing import Any, Final

from sqlalchemy import case, update
from strawberry import ID

from database.reads import facts, roots
from database.tables import MessageRow, SubmissionRow, table_of
from database.work import Work
from resolvers.access import NEEDS_USER, refusal
from resolvers.context import Context, Info
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from resolvers.sending import waiting
from rules.happenings import MessageChanged, SendSubmission
from rules.submission_life import Happening, Stage, may, may_be_retried, move, stage_of
from rules.words import (
    ContactId,
    DeliveryState,
    MailboxId,
    MailboxStatus,
    MessageId,
    Scope,
    SenderKind,
    SubmissionId,
    ThreadId,
)
from schema.results.refusals import Forbidden, NotConnected, NotFound, WrongState
from schema.results.sending import CancelSendResult, SendEmailResult
from schema.scalars import read_id

_NO_SUCH: Final = "There is no such mail of yours."


async def cancel_send(info: Info, message_id: ID) -> CancelSendResult:
    """Undo a sending that has not begun to leave (R51)."""
    context = info.context
    denied = _denied(context)
    if denied is not None:
        return denied
    async with context.db.work(context.viewer.workspace_id) as work:
        row = await _locked(work, context, message_id)
        if row is None:
            return NotFound(message=_NO_SUCH)
        stage = stage_of(DeliveryState(row.state), row.step)
        if not may(stage, Happening.CANCEL):
            sentence = "It has already left, or is just leaving." if stage is not Stage.CANCELLED else None
            return WrongState(message=sentence or "It was already cancelled.", state=stage.state)
        await _write(work, row, move(stage, Happening.CANCEL), undo_until=None)
    wanted = wanted_below(info, "message", context.viewer.workspace_id)
    answer: CancelSendResult = await read_one(
        context, "message", roots.MESSAGE, wanted, id=uuid(row.message_id)
    )
    return answer


async def retry_send(info: Info, message_id: ID) -> SendEmailResult:
    """Ask once more for a mail that was refused, or whose fate could not be proved."""
    context = info.context
    denied = _denied(context)
    if denied is not None:
        return denied
    async with context.db.work(context.viewer.workspace_id) as work:
        row = await _locked(work, context, message_id)
        if row is None:
            return NotFound(message=_NO_SUCH)
        stage = stage_of(DeliveryState(row.state), row.step)
        if not may_be_retried(stage, row.due_at):
            return WrongState(message="Only a mail that was refused can be sent again.", state=stage.state)
        by_mailbox = row.via == SenderKind.MAILBOX
        mailbox = await _mailbox_now(work, context) if by_mailbox else None
        if by_mailbox and mailbox is None:
            return NotConnected(message="Connect a mailbox first; mail goes out through it.")
        shut = mailbox is not None and mailbox.status != MailboxStatus.CONNECTED
        if not shut:
            if mailbox is not None and mailbox.id != row.mailbox_id:
                await _move(work, row, mailbox)
            await _write(
                work,
                row,
                move(stage, Happening.RETRY),
                attempts=0,
                error=None,
                error_code=None,
                send_at=context.now,
                uncertain_since=None,
            )
            work.ask(SendSubmission(SubmissionId(row.id)))
    if shut and mailbox is not None:
        return await waiting(info, mailbox.id, row.message_id)
    wanted = wanted_below(info, "message", context.viewer.workspace_id)
    answer: SendEmailResult = await read_one(
        context, "message", roots.MESSAGE, wanted, id=uuid(row.message_id)
    )
    return answer


def _denied(context: Context) -> Forbidden | None:
    denied = refusal(context.viewer, Scope.SEND)
    if denied is None and context.viewer.user_id is None:
        return Forbidden(message=NEEDS_USER)
    return denied


async def _locked(work: Work, context: Context, message_id: ID) -> Any:
    names = {"workspace": work.workspace_id, "user": context.viewer.user_id, "id": read_id(message_id)}
    return (await work.execute(facts.SENDING_LOCKED, names)).one_or_none()


async def _mailbox_now(work: Work, context: Context) -> Any:
    names = {"workspace": work.workspace_id, "user": context.viewer.user_id}
    return (await work.execute(facts.LIVE_MAILBOX_OF, names)).one_or_none()


async def _move(work: Work, row: Any, mailbox: Any) -> None:
    """Let the mail go out through the mailbox that its author has now (L4, L6)."""
    messages, submissions = table_of(MessageRow), table_of(SubmissionRow)
    address = messages.c.from_address
    await work.execute(
        update(messages)
        .where(messages.c.id == row.message_id)
        .values(
            mailbox_id=mailbox.id,
            from_address=case((address.in_(mailbox.send_as), address), else_=mailbox.address),
        )
    )
    link = await work.execute(facts.LINK_OF_THREAD, {"thread": row.thread_id, "mailbox": mailbox.id})
    await work.execute(
        update(submissions)
        .where(submissions.c.id == row.id)
        .values(mailbox_id=mailbox.id, remote_thread_id=link.scalar_one_or_none())
    )


async def _write(work: Work, row: Any, stage: Stage, **columns: Any) -> None:
    submissions = table_of(SubmissionRow)
    await work.execute(
        update(submissions)
        .where(submissions.c.id == row.id)
        .values(state=stage.state.value, step=stage.step, **columns)
    )
    mailbox_id = None if row.mailbox_id is None else MailboxId(row.mailbox_id)
    contact_id = ContactId(row.contact_id)
    work.tell(MessageChanged(MessageId(row.message_id), ThreadId(row.thread_id), contact_id, mailbox_id))
