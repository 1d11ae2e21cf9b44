"""Keep a mail that came to a conversation's own address, or to the return path of a mail in it.

Belongs here: the order of things and the rows. Never: SMTP, what proves a sender (inbound/), a rule
(rules/replies.py). The law: when `keep` returns without a refusal, the mail is in the database and its raw
bytes in the blob store, for good, or they were before; a delivery report is shown on the mail it is about,
and not kept. A mail that comes twice, also at once, or that a mailbox brings as well, is one message.
"""

import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from database.ids import new_id
from database.reply_facts import ReplyHolder, ReplyThread, holder_of, reply_thread, thread_of_submission
from jobs.bounces import record_bounce
from jobs.content import keep_read
from jobs.context import JobContext
from jobs.handed_in import envelope_of, take_turns, without
from jobs.sandbox import SandboxedMessage
from jobs.storing import Incoming, Receiver, find_logged, mark_unread, store
from rules.authentication import Belief
from rules.conversation import Conversation
from rules.decision import Decision, Facts
from rules.envelope import Correspondent, Envelope
from rules.parsed import Automatic
from rules.replies import (
    UNPROVED,
    AlreadyKept,
    KeptReply,
    RefusedReply,
    ReplyRefusal,
    judge_reply,
)
from rules.words import Direction, EmailAddress, Origin, SubmissionId, ThreadId, WorkspaceId


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail for one of our signed addresses. `raw` has CRLF lines.

    One of `thread_id` and `submission_id` is set: it came to a reply address, or to a return path.
    """

    workspace_id: WorkspaceId
    thread_id: ThreadId | None
    submission_id: SubmissionId | None
    address: EmailAddress
    sender: Correspondent | None
    belief: Belief
    raw: Path
    received_at: datetime
    from_nobody: bool = False
    """Its envelope sender is empty: a mail server wrote it (RFC 5321 4.5.5)."""


async def keep(context: JobContext, reply: Reply) -> RefusedReply | None:
    """Keep a mail; None where it is stored, or shown, now or before.

    Raises:
        DatabaseAway, DatabaseBusy, BlobTrouble, SandboxClosed: nothing is known; the sender is to try again.
    """
    folder = context.scratch / new_id().hex
    parts = folder / "parts"
    parts.mkdir(mode=0o700, parents=True)
    try:
        read = await context.sandbox.parse(reply.raw, parts)
        if read.message.automatic is Automatic.BOUNCE:
            return await _keep_report(context, reply, read)
        if reply.sender is None:
            return RefusedReply(ReplyRefusal.UNCLEAR_SENDER)
        envelope = envelope_of(reply.sender, reply.received_at, read.message, reply.raw)
        thread = await _thread(context, reply, envelope)
        if thread is None:
            return RefusedReply(ReplyRefusal.GONE)
        reported = reply.submission_id is not None and reply.from_nobody
        verdict = judge_reply(envelope, reply.belief, thread.facts, thread.settings, reported=reported)
        context.passing("reply.judged")
        match verdict:
            case RefusedReply():
                return verdict
            case AlreadyKept():
                return None
        decision = _decision(verdict, thread)
        content = await keep_read(context, reply.workspace_id, reply.raw, read, decision, thread.settings)
        context.passing("reply.kept")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not verdict.proved:
        content = replace(content, warnings=(UNPROVED, *content.warnings))
    holder = await holder_of(context.db, reply.workspace_id, thread, envelope, verdict.author)
    await _store(context, reply, thread, holder, Incoming(envelope, decision, content, verdict.proved))
    context.passing("reply.committed")
    return None


async def _thread(context: JobContext, reply: Reply, envelope: Envelope) -> ReplyThread | None:
    thread_id = reply.thread_id
    if thread_id is None and reply.submission_id is not None:
        thread_id = await thread_of_submission(context.db, reply.workspace_id, reply.submission_id)
    if thread_id is None:
        return None
    return await reply_thread(context.db, reply.workspace_id, thread_id, envelope)


async def _keep_report(context: JobContext, reply: Reply, read: SandboxedMessage) -> RefusedReply | None:
    """Show a delivery report on the mail it is about; what came to a return path is about that one mail."""
    bounce = read.message.bounce
    if bounce is None:
        return RefusedReply(ReplyRefusal.NO_REPORT)
    async with context.db.work(reply.workspace_id) as work:
        shown = await record_bounce(work, bounce, reply.submission_id)
        context.passing("reply.report-uncommitted")
    # A report that only says "delayed", or comes again, is done with too.
    known = shown or reply.submission_id is not None
    return None if known else RefusedReply(ReplyRefusal.NO_REPORT)


def _decision(verdict: KeptReply, thread: ReplyThread) -> Decision:
    known = thread.facts.thread
    return Decision(
        synced=True,
        rule="C2",
        reason=None,
        explanation="",
        direction=verdict.direction,
        conversation=Conversation(known.thread_id, known.contact_id),
        attachments=verdict.attachments,
    )


async def _store(
    context: JobContext, reply: Reply, thread: ReplyThread, holder: ReplyHolder, incoming: Incoming
) -> None:
    envelope, facts = incoming.envelope, thread.facts
    receiver = Receiver(None, holder.owner, holder.visibility, Origin.REPLY_ADDRESS)
    # Whom it is unread for is said below: the owner is not always who reads it.
    shown = replace(without(envelope, reply.address), unread=False)
    kinds = Facts(user_addresses=dict.fromkeys(facts.users, frozenset()), contacts=facts.contacts)
    async with context.db.work(reply.workspace_id) as work:
        await take_turns(work, f"message:{envelope.internet_message_id}")
        if await find_logged(work, envelope.internet_message_id) is not None:
            return
        stored = await store(work, receiver, replace(incoming, envelope=shown), kinds)
        if incoming.decision.direction is Direction.INBOUND and not envelope.automatic:
            for reader in holder.readers:
                await mark_unread(work, reader, stored[1].thread_id, stored[0])
        context.passing("reply.uncommitted")
