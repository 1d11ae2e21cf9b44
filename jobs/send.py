"""Carry a submission to its mailbox's provider, exactly once in effect.

The protocol: the intent is committed before each step that the provider sees, the draft is the
compare-and-swap token, and a step whose outcome is unknown is never repeated before a look at the provider
proved that it had no effect. What each outcome means is decided in rules/submission_life.py; this module only
carries it out, one stage a turn, so that a job which was killed anywhere goes on from the stage it finds.
Source: security, "Exactly-once effect on top"; R48 to R51.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from database.commands import Claimed
from jobs.context import JobContext
from jobs.mailboxes import Mailbox, find_mailbox, reach
from jobs.running import Again, Done, Outcome
from jobs.sendings import (
    Sending,
    StageMoved,
    answered,
    find_sending,
    outgoing,
    sent_within_a_day,
    write_stage,
    write_verdict,
)
from jobs.sent import record_sent
from jobs.workspace_sender import bulk_state, send_through_sender
from providers.protocol import Draft, MailProvider, SentCopy
from rules.errors import NeedsReconnect, ProviderTrouble, RefusalKind, Refused, Retryable, Scope
from rules.happenings import Command, SendBulkSubmission, SendSubmission
from rules.headers import UnsafeHeader
from rules.sender import daily_limit, daily_quota
from rules.submission_life import (
    Attempt,
    Finding,
    Happening,
    Stage,
    Verdict,
    judge,
    move,
    reconcile,
    uncertain,
)
from rules.words import BulkState, MailboxStatus, SenderKind

log = structlog.get_logger(__name__)

BULK_PAUSE: Final = timedelta(minutes=1)
FINAL: Final = (Stage.SENT, Stage.REFUSED, Stage.CANCELLED)


async def send(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Take the submission as far as it goes now."""
    assert isinstance(command, SendSubmission | SendBulkSubmission)
    sending = await find_sending(context, claimed.workspace_id, command.submission_id)
    if sending is None or sending.stage in FINAL:
        return Done()
    try:
        if sending.stage in (Stage.SCHEDULED, Stage.HELD):
            if sending.due_at > context.now():
                return Again(sending.due_at)
            sending = await _go_to(context, claimed, sending, move(sending.stage, Happening.FELL_DUE))
        if sending.stage is Stage.QUEUED and sending.bulk_send_id is not None:
            stands = await bulk_state(context, sending)
            if stands is BulkState.PAUSED:
                return Again(context.now() + BULK_PAUSE)
            if stands is BulkState.CANCELLED:
                await _go_to(context, claimed, sending, move(sending.stage, Happening.CANCEL))
                return Done()
        if sending.via is SenderKind.WORKSPACE_SENDER:
            return await send_through_sender(context, claimed, sending)
        return await _through_mailbox(context, claimed, sending)
    except StageMoved:
        return Again(context.now())


async def _through_mailbox(context: JobContext, claimed: Claimed, sending: Sending) -> Outcome:
    mailbox = None
    if sending.mailbox_id is not None:
        mailbox = await find_mailbox(context, claimed.workspace_id, sending.mailbox_id)
    shut = _shut(mailbox)
    if mailbox is None or shut is not None:
        if sending.stage in (Stage.SENDING, Stage.UNCERTAIN):
            return await _look_later(context, claimed, sending)
        return await _judge(context, claimed, sending, shut or _not_connected())
    try:
        async with reach(context, mailbox) as provider:
            return await _run(context, claimed, sending, mailbox, provider)
    except NeedsReconnect as lost:
        current = await find_sending(context, claimed.workspace_id, sending.id)
        if current is None or current.stage in FINAL:
            return Done()
        if current.stage in (Stage.SENDING, Stage.UNCERTAIN):
            return await _look_later(context, claimed, current)
        return await _judge(context, claimed, current, lost)


def _shut(mailbox: Mailbox | None) -> ProviderTrouble | None:
    """Return why a mailbox cannot send now (S9), or None."""
    if mailbox is None:
        return _not_connected()
    match mailbox.status:
        case MailboxStatus.CONNECTED:
            return None
        case MailboxStatus.REAUTHENTICATE:
            return NeedsReconnect("the mailbox waits for its user")
        case _:
            return _not_connected()


def _not_connected() -> Refused:
    return Refused("the mailbox is no longer connected", RefusalKind.FORBIDDEN)


async def _look_later(context: JobContext, claimed: Claimed, sending: Sending) -> Outcome:
    """The way is shut while an outcome is unknown: nothing can be looked at, and nothing may be repeated."""
    if sending.stage is Stage.SENDING:
        verdict = uncertain(sending.stage, context.now())
    else:
        since = sending.uncertain_since or context.now()
        verdict = reconcile(sending.stage, Finding.NEITHER, since, context.now())
    return await _write(context, claimed, sending, verdict)


async def _run(
    context: JobContext, claimed: Claimed, sending: Sending, mailbox: Mailbox, provider: MailProvider
) -> Outcome:
    """One turn per stage, until it is sent, or there is something to wait for."""
    found_unfinished = True
    while True:
        match sending.stage:
            case Stage.QUEUED:
                over = await _over_limit(context, sending, mailbox)
                if over is not None:
                    return await _judge(context, claimed, sending, over)
                sending = await _go_to(context, claimed, sending, move(sending.stage, Happening.DRAFT_BEGUN))
            case Stage.DRAFTING if found_unfinished:
                sending = await _begin_again(context, claimed, sending)
            case Stage.DRAFTING:
                step = await _draft(context, claimed, sending, provider)
                if not isinstance(step, Sending):
                    return step
                sending = step
            case Stage.DRAFTED:
                sending = await _go_to(context, claimed, sending, move(sending.stage, Happening.SEND_BEGUN))
            case Stage.SENDING if found_unfinished:
                return await _write(context, claimed, sending, uncertain(sending.stage, context.now()))
            case Stage.SENDING:
                return await _send(context, claimed, sending, provider)
            case Stage.UNCERTAIN:
                step = await _look(context, claimed, sending, provider)
                if not isinstance(step, Sending):
                    return step
                sending = step
            case _:
                return Done()
        found_unfinished = False


async def _begin_again(context: JobContext, claimed: Claimed, sending: Sending) -> Sending:
    """A job ended while it made the draft: that was an attempt, and it may have left one."""
    verdict = Verdict(move(sending.stage, Happening.OUTCOME_UNKNOWN), counts=True)
    await write_verdict(context, claimed, sending, verdict)
    return replace(sending, stage=verdict.stage, attempts=sending.attempts + 1)


async def _over_limit(context: JobContext, sending: Sending, mailbox: Mailbox) -> Retryable | None:
    limit = daily_limit(mailbox.provider)
    if limit is None:
        return None
    quota = daily_quota(await sent_within_a_day(context, sending), context.now(), limit)
    if quota.free:
        return None
    return Retryable("the day's mails are used up", quota.frees_at, Scope.SENDING)


async def _draft(
    context: JobContext, claimed: Claimed, sending: Sending, provider: MailProvider
) -> Sending | Outcome:
    try:
        message = await outgoing(context, sending)
        draft = await provider.create_draft(
            message,
            remote_thread_id=sending.remote_thread_id,
            answers=await answered(context, sending, message),
            again=sending.attempts > 0 or sending.draft is not None,
        )
        context.passing("send.draft-created")
    except UnsafeHeader as unsafe:
        return await _judge(context, claimed, sending, Refused(str(unsafe)))
    except NeedsReconnect:
        raise
    except ProviderTrouble as trouble:
        return await _judge(context, claimed, sending, trouble)
    return await _go_to(context, claimed, sending, move(sending.stage, Happening.DRAFT_STORED), draft)


async def _send(context: JobContext, claimed: Claimed, sending: Sending, provider: MailProvider) -> Outcome:
    assert sending.draft is not None, "only a draft is sent"
    try:
        copy = await provider.send_draft(sending.draft)
        context.passing("send.accepted")
    except NeedsReconnect as lost:
        await _judge(context, claimed, sending, lost)
        raise
    except ProviderTrouble as trouble:
        return await _judge(context, claimed, sending, trouble)
    return await _accepted(context, claimed, sending, move(sending.stage, Happening.ACCEPTED), copy)


async def _look(
    context: JobContext, claimed: Claimed, sending: Sending, provider: MailProvider
) -> Sending | Outcome:
    """Look at the provider for what became of a request whose outcome is unknown."""
    now, since = context.now(), sending.uncertain_since or context.now()
    try:
        copy = await _find(context, sending, provider)
        if copy is not None:
            sent = move(sending.stage, Happening.FOUND_IN_SENT)
            return await _accepted(context, claimed, sending, sent, copy)
        there = sending.draft is not None and await provider.draft_exists(sending.draft)
    except NeedsReconnect:
        raise
    except ProviderTrouble as trouble:
        log.info("could not look for a sending", submission=str(sending.id), reason=str(trouble))
        return await _judge(context, claimed, sending, _as_retryable(trouble))
    finding = Finding.DRAFT_STILL_THERE if there else Finding.NEITHER
    verdict = reconcile(sending.stage, finding, since, now)
    if verdict.stage is Stage.DRAFTED:
        await write_verdict(context, claimed, sending, verdict, uncertain_since=None)
        return replace(sending, stage=verdict.stage, uncertain_since=None)
    return await _write(context, claimed, sending, verdict)


def _as_retryable(trouble: ProviderTrouble) -> Retryable:
    return trouble if isinstance(trouble, Retryable) else Retryable(str(trouble))


async def _find(context: JobContext, sending: Sending, provider: MailProvider) -> SentCopy | None:
    row = await context.db.fetchrow(
        sending.workspace_id, "select internet_message_id from messages where id = $1", sending.message_id
    )
    return await provider.find_sent(
        marker=sending.marker,
        internet_message_id=row["internet_message_id"] if row else "",
        since=sending.created_at,
        remote_thread_id=sending.remote_thread_id,
    )


async def _accepted(
    context: JobContext, claimed: Claimed, sending: Sending, stage: Stage, copy: SentCopy
) -> Outcome:
    async with context.db.work(sending.workspace_id) as work:
        await write_stage(
            context,
            work,
            claimed,
            sending,
            stage,
            sent_at=work.now,
            sent_remote_id=copy.remote_id,
            remote_thread_id=copy.remote_thread_id,
            error=None,
            error_code=None,
        )
        await record_sent(work, sending, copy)
        context.passing("send.sent-uncommitted")
    context.passing("send.sent")
    return Done()


async def _go_to(
    context: JobContext, claimed: Claimed, sending: Sending, stage: Stage, draft: Draft | None = None
) -> Sending:
    """Commit the next stage. A person sees SENDING once, not each step of it."""
    columns = {}
    if draft is not None:
        columns = {
            "draft_remote_id": draft.remote_id,
            "draft_remote_message_id": draft.remote_message_id,
        }
    async with context.db.work(sending.workspace_id) as work:
        await write_stage(context, work, claimed, sending, stage, **columns)
        if stage.state is not sending.stage.state:
            work.tell(sending.changed)
    context.passing(f"send.{stage.lower()}")
    return replace(sending, stage=stage, draft=draft or sending.draft)


async def _judge(
    context: JobContext, claimed: Claimed, sending: Sending, trouble: ProviderTrouble
) -> Outcome:
    attempt = Attempt(sending.stage, sending.attempts, sending.due_at)
    verdict = judge(attempt, trouble, context.now(), context.dice())
    return await _write(context, claimed, sending, verdict)


async def _write(context: JobContext, claimed: Claimed, sending: Sending, verdict: Verdict) -> Outcome:
    await write_verdict(context, claimed, sending, verdict)
    return _when(verdict.due_at)


def _when(due_at: datetime | None) -> Outcome:
    return Done() if due_at is None else Again(due_at)
