"""What is true once a mail of ours lies in Sent, however we learned it: by answer, by a look, or by feed.

The law: whoever learns it first writes it; whoever comes later changes nothing. The feed may show the Sent
copy before the send request has even answered.
"""

from sqlalchemy import select, update

from database.tables import MailboxRow, MessageRow, SubmissionRow, ThreadRow, table_of
from database.work import Work
from jobs.mailboxes import Mailbox
from jobs.sendings import Sending
from jobs.storing import adopt_message_id, own_copy
from jobs.thread_rows import link
from providers.protocol import SentCopy
from rules.conversation import KnownThread
from rules.envelope import Envelope
from rules.happenings import MailboxChanged, MessageChanged
from rules.submission_life import Happening, Stage, may, move, stage_of
from rules.words import (
    ContactId,
    DeliveryState,
    MailboxId,
    MessageId,
    ThreadId,
    UserId,
)


async def record_sent(work: Work, sending: Sending, copy: SentCopy) -> None:
    """Record what follows from acceptance: copy, link, real Message-ID, L3; the stage is the caller's."""
    assert sending.mailbox_id is not None, "sent through a mailbox"
    thread = KnownThread(sending.thread_id, sending.contact_id)
    await _record(work, sending.mailbox_id, sending.message_id, thread, copy)
    if sending.user_id is not None:
        await activate(work, sending.mailbox_id, sending.user_id)
    work.tell(sending.changed)


async def _record(
    work: Work, mailbox_id: MailboxId, message_id: MessageId, thread: KnownThread, copy: SentCopy
) -> None:
    await own_copy(work, mailbox_id, message_id, copy.remote_id, copy.remote_thread_id)
    await link(work, mailbox_id, thread.thread_id, copy.remote_thread_id)
    await adopt_message_id(work, message_id, copy.internet_message_id)


async def activate(work: Work, mailbox_id: MailboxId, user_id: UserId) -> None:
    """The first mail that the CRM sends through a mailbox activates it (L3)."""
    mailboxes = table_of(MailboxRow).c
    activated = await work.execute(
        update(MailboxRow)
        .where(mailboxes.id == mailbox_id, mailboxes.activated_at.is_(None))
        .values(activated_at=work.now)
        .returning(mailboxes.id)
    )
    if activated.first() is not None:
        work.tell(MailboxChanged(mailbox_id, user_id))


async def confirm_copy(work: Work, mailbox: Mailbox, envelope: Envelope) -> None:
    """The feed shows the Sent copy of one of our submissions: it was sent, whatever we knew of it."""
    if envelope.marker is None:
        return
    rows, messages, threads = table_of(SubmissionRow).c, table_of(MessageRow).c, table_of(ThreadRow).c
    found = await work.execute(
        select(
            rows.id,
            rows.state,
            rows.step,
            rows.user_id,
            messages.id.label("message_id"),
            messages.thread_id,
            threads.contact_id,
        )
        .join(MessageRow, messages.id == rows.message_id)
        .join(ThreadRow, threads.id == messages.thread_id)
        .where(rows.marker == envelope.marker, rows.mailbox_id == mailbox.id)
        .with_for_update(of=table_of(SubmissionRow))
    )
    row = found.first()
    if row is None:
        return
    stage = stage_of(DeliveryState(row.state), row.step)
    if stage is Stage.SENT or not may(stage, Happening.FOUND_IN_SENT):
        return
    sent = move(stage, Happening.FOUND_IN_SENT)
    await work.execute(
        update(SubmissionRow)
        .where(rows.id == row.id)
        .values(
            state=sent.state.value,
            step=sent.step,
            sent_at=envelope.received_at,
            sent_remote_id=envelope.remote_id,
            error=None,
            error_code=None,
        )
    )
    await activate(work, mailbox.id, UserId(row.user_id))
    work.tell(
        MessageChanged(
            MessageId(row.message_id), ThreadId(row.thread_id), ContactId(row.contact_id), mailbox.id
        )
    )
