"""A sending as a job meets it: its rows read, its message composed, its stage written.

Belongs here: SQL of submissions and the blobs of their attachments. Never: network, a judgement
(rules/submission_life.py).
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import update

from database.blobs import Blobs
from database.commands import Claimed
from database.tables import SubmissionRow, table_of
from database.work import Work
from jobs.context import JobContext
from jobs.running import hold
from providers.protocol import Draft
from rules.envelope import Correspondent
from rules.happenings import MessageChanged
from rules.html import with_remote_images
from rules.mime_out import OutgoingAttachment, OutgoingMessage
from rules.return_tokens import Unsubscribing, reply_address, unsubscribe_address, unsubscribe_token
from rules.sender import DAY, MailKind
from rules.submission_life import Stage, Verdict, stage_of
from rules.words import (
    BulkSendId,
    ContactId,
    DeliveryState,
    EmailAddress,
    MailboxId,
    MessageId,
    SenderKind,
    SubmissionId,
    ThreadId,
    UserId,
    WorkspaceId,
)

_SENDING: Final = """
select s.id, s.workspace_id, s.message_id, s.user_id, s.mailbox_id, s.state, s.step, s.marker,
       s.remote_thread_id, s.draft_remote_id, s.draft_remote_message_id, s.attempts, s.created_at,
       s.send_at, s.undo_until, s.uncertain_since, s.via, s.kind, s.bulk_send_id, m.thread_id, t.contact_id
from submissions s
join messages m on m.id = s.message_id
join threads t on t.id = m.thread_id
where s.id = $1
"""

_MESSAGE: Final = """
select from_address, from_name, to_recipients, cc_recipients, bcc_recipients, subject, text, html,
       internet_message_id, in_reply_to, reference_ids
from messages where id = $1
"""

_REPLY_TO: Final = """
select b.reply_to, u.email from submissions s
left join bulk_sends b on b.id = s.bulk_send_id left join users u on u.id = s.user_id
where s.id = $1
"""

_FILES: Final = """
select name, content_type, size_bytes, blob_key, content_id, inline
from attachments where message_id = $1 order by position, id
"""

_ANSWERED: Final = """
select c.remote_id
from message_copies c join messages m on m.id = c.message_id
where c.mailbox_id = $1 and m.workspace_id = $2 and m.internet_message_id = $3 and c.deleted_at is null
limit 1
"""

_SENT_TODAY: Final = """
select sent_at from submissions
where mailbox_id = $1 and sent_at > $2 and via = 'MAILBOX'
"""


class StageMoved(Exception):
    """The submission is no longer at the stage that was read: somebody cancelled it, or it was confirmed."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A submission, as far as its job needs it."""

    id: SubmissionId
    workspace_id: WorkspaceId
    message_id: MessageId
    thread_id: ThreadId
    contact_id: ContactId
    user_id: UserId | None
    """Nobody, where an automation sends."""
    mailbox_id: MailboxId | None
    via: SenderKind
    kind: MailKind
    bulk_send_id: BulkSendId | None
    stage: Stage
    marker: str
    remote_thread_id: str | None
    draft: Draft | None
    attempts: int
    due_at: datetime
    """When it first fell, or falls, due."""
    uncertain_since: datetime | None
    created_at: datetime

    @property
    def changed(self) -> MessageChanged:
        return MessageChanged(self.message_id, self.thread_id, self.contact_id, self.mailbox_id)


async def find_sending(
    context: JobContext, workspace_id: WorkspaceId, submission_id: SubmissionId
) -> Sending | None:
    """Return a submission's row; None where its contact was erased."""
    row = await context.db.fetchrow(workspace_id, _SENDING, submission_id)
    if row is None:
        return None
    draft = None
    if row["draft_remote_id"] is not None:
        draft = Draft(
            row["draft_remote_id"], row["draft_remote_message_id"] or "", row["remote_thread_id"] or ""
        )
    mailbox_id = row["mailbox_id"]
    return Sending(
        id=SubmissionId(row["id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        message_id=MessageId(row["message_id"]),
        thread_id=ThreadId(row["thread_id"]),
        contact_id=ContactId(row["contact_id"]),
        user_id=None if row["user_id"] is None else UserId(row["user_id"]),
        mailbox_id=None if mailbox_id is None else MailboxId(mailbox_id),
        via=SenderKind(row["via"]),
        kind=MailKind(row["kind"]),
        bulk_send_id=None if row["bulk_send_id"] is None else BulkSendId(row["bulk_send_id"]),
        stage=stage_of(DeliveryState(row["state"]), row["step"]),
        marker=row["marker"],
        remote_thread_id=row["remote_thread_id"],
        draft=draft,
        attempts=row["attempts"],
        due_at=row["send_at"] or row["undo_until"] or row["created_at"],
        uncertain_since=row["uncertain_since"],
        created_at=row["created_at"],
    )


async def sent_within_a_day(context: JobContext, sending: Sending) -> list[datetime]:
    """Return when the mails of the mailbox's rolling day were sent (S7)."""
    rows = await context.db.fetch(sending.workspace_id, _SENT_TODAY, sending.mailbox_id, context.now() - DAY)
    return [row["sent_at"] for row in rows]


async def write_stage(
    context: JobContext, work: Work, claimed: Claimed, sending: Sending, stage: Stage, **columns: Any
) -> None:
    """Move a submission from the stage it was read at to another, in the caller's transaction.

    Raises:
        StaleClaim: another worker has the command.
        StageMoved: the row is at another stage by now.
    """
    await hold(context, work, claimed)
    rows = table_of(SubmissionRow).c
    moved = await work.execute(
        update(SubmissionRow)
        .where(
            rows.id == sending.id,
            rows.state == sending.stage.state.value,
            rows.step == sending.stage.step,
        )
        .values(state=stage.state.value, step=stage.step, **columns)
        .returning(rows.id)
    )
    if moved.first() is None:
        raise StageMoved(str(sending.id))


async def write_verdict(
    context: JobContext, claimed: Claimed, sending: Sending, verdict: Verdict, **columns: Any
) -> None:
    """Write what an outcome means, and tell it where a person would see a difference."""
    stage = verdict.stage
    values: dict[str, Any] = {
        "error_code": verdict.code.value if verdict.code else None,
        "error": verdict.error,
        "attempts": sending.attempts + int(verdict.counts),
        **columns,
    }
    if stage is Stage.UNCERTAIN and sending.uncertain_since is None:
        values["uncertain_since"] = context.now()
    if verdict.without_thread:
        values["remote_thread_id"] = None
    async with context.db.work(sending.workspace_id) as work:
        await write_stage(context, work, claimed, sending, stage, **values)
        work.tell(sending.changed)


async def outgoing(context: JobContext, sending: Sending) -> OutgoingMessage:
    """Return the message as it goes out; the same each time."""
    row = await context.db.fetchrow(sending.workspace_id, _MESSAGE, sending.message_id)
    files = await context.db.fetch(sending.workspace_id, _FILES, sending.message_id)
    assert row is not None, "a submission has a message"
    return OutgoingMessage(
        sender=Correspondent(EmailAddress(row["from_address"]), row["from_name"]),
        to=_people(row["to_recipients"]),
        cc=_people(row["cc_recipients"]),
        bcc=_people(row["bcc_recipients"]),
        subject=row["subject"],
        message_id=row["internet_message_id"],
        sent_at=max(sending.due_at, sending.created_at),
        marker=sending.marker,
        boundary=f"bothways-{sending.id.hex}",
        text=row["text"],
        html=None if row["html"] is None else with_remote_images(row["html"]),
        in_reply_to=row["in_reply_to"],
        references=tuple(row["reference_ids"]),
        attachments=tuple(_file(context.blobs, file) for file in files),
        automatic=sending.kind is MailKind.WORKFLOW,
        reply_to=await _reply_to(context, sending, row["from_name"]),
        unsubscribe_url=_unsubscribe_url(context, sending),
        unsubscribe_address=_unsubscribe_address(context, sending),
    )


async def _reply_to(context: JobContext, sending: Sending, name: str | None) -> Correspondent | None:
    """Return where answers are to go, so that they come back into the conversation; None: to the From."""
    if sending.via is SenderKind.MAILBOX:
        return None
    returns = context.settings.returns
    if returns.reply_domain is not None:
        address = reply_address(returns.secret, sending.thread_id, returns.reply_domain)
        return Correspondent(address, name)
    row = await context.db.fetchrow(sending.workspace_id, _REPLY_TO, sending.id)
    own = None if row is None else row["reply_to"] or row["email"]
    return None if own is None else Correspondent(EmailAddress(own))


def _unsubscribe_address(context: JobContext, sending: Sending) -> EmailAddress | None:
    returns = context.settings.returns
    if sending.kind is not MailKind.BULK or returns.reply_domain is None:
        return None
    return unsubscribe_address(returns.secret, sending.id, returns.reply_domain)


def _unsubscribe_url(context: JobContext, sending: Sending) -> str | None:
    if sending.kind is not MailKind.BULK:
        return None
    returns = context.settings.returns
    token = unsubscribe_token(returns.secret, Unsubscribing(sending.workspace_id, sending.id))
    return f"{returns.public_url}/unsubscribe/{token}"


async def answered(context: JobContext, sending: Sending, message: OutgoingMessage) -> str | None:
    """Return where the message that this one answers lies in its mailbox; None where it does not."""
    if message.in_reply_to is None:
        return None
    found: str | None = await context.db.fetchval(
        sending.workspace_id, _ANSWERED, sending.mailbox_id, sending.workspace_id, message.in_reply_to
    )
    return found


def _people(people: list[dict[str, Any]]) -> tuple[Correspondent, ...]:
    return tuple(Correspondent(EmailAddress(one["address"]), one.get("name")) for one in people)


def _file(blobs: Blobs, row: asyncpg.Record) -> OutgoingAttachment:
    return OutgoingAttachment(
        name=row["name"],
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        open=_opener(blobs, row["blob_key"]),
        content_id=row["content_id"] if row["inline"] else None,
    )


def _opener(blobs: Blobs, key: str) -> Callable[[], AsyncIterator[bytes]]:
    return lambda: blobs.stream(key)
