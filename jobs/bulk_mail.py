"""Write one mail of a bulk send: a conversation with the contact, the message, its submission, its command.

Belongs here: rows, inside the caller's transaction. What the mail says was decided before.
"""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from database.ids import new_id
from database.tables import MessageRow, SubmissionRow, ThreadRow
from database.work import Work
from rules.happenings import MessageSynced, SendBulkSubmission
from rules.html_text import text_from_html
from rules.merging import Merged
from rules.quoting import snippet_of
from rules.sender import MailKind
from rules.submission_life import Stage
from rules.words import (
    ContactId,
    DeliveryState,
    Direction,
    MailboxId,
    MessageId,
    Origin,
    ParticipantKind,
    SenderKind,
    SubmissionId,
    ThreadId,
    ThreadState,
)


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom the mail is for."""

    contact_id: UUID
    name: str | None
    address: str


async def write_mail(
    work: Work, message_id_domain: str, bulk: asyncpg.Record, recipient: Addressee, said: Merged
) -> SubmissionId:
    """Store the mail, tell that it is in the conversation, and ask for it to be sent."""
    message_id, thread_id = MessageId(new_id()), ThreadId(new_id())
    mailbox_id = None if bulk["via"] == SenderKind.WORKSPACE_SENDER else bulk["mailbox_id"]
    sender = bulk["sender_address"] if mailbox_id is None else bulk["mailbox_address"]
    name = bulk["user_name"] or bulk["sender_name"]
    text = text_from_html(said.html or "") if said.text is None else said.text
    work.add(_thread(work, bulk, recipient, said, thread_id, message_id, sender, name))
    await work.flush()
    work.add(
        MessageRow(
            id=message_id,
            workspace_id=work.workspace_id,
            thread_id=thread_id,
            mailbox_id=mailbox_id,
            owner_id=bulk["user_id"],
            visibility=bulk["visibility"],
            direction=Direction.OUTBOUND,
            origin=Origin.CRM,
            internet_message_id=f"{message_id}@{message_id_domain}",
            from_address=sender or "",
            from_name=name,
            to_recipients=[{"address": recipient.address, "name": recipient.name}],
            subject=said.subject,
            snippet=snippet_of(text, None),
            text=text,
            html=said.html,
            sent_at=work.now,
            synced_at=work.now,
        )
    )
    await work.flush()
    submission_id = SubmissionId(new_id())
    work.add(_submission(work, bulk, submission_id, message_id, mailbox_id))
    await work.flush()
    contact_id = ContactId(recipient.contact_id)
    work.tell(MessageSynced(message_id, thread_id, contact_id, mailbox_id and MailboxId(mailbox_id)))
    work.ask(SendBulkSubmission(submission_id))
    return submission_id


def _submission(
    work: Work, bulk: asyncpg.Record, id: SubmissionId, message_id: MessageId, mailbox_id: UUID | None
) -> SubmissionRow:
    return SubmissionRow(
        id=id,
        workspace_id=work.workspace_id,
        message_id=message_id,
        user_id=bulk["user_id"],
        kind=MailKind.BULK,
        bulk_send_id=bulk["id"],
        mailbox_id=mailbox_id,
        via=bulk["via"],
        state=DeliveryState.QUEUED,
        step=Stage.QUEUED.step,
        # A client's keys are printable; no key of theirs is this one.
        idempotency_key=f"\x1fbulk:{id}",
        request_hash=b"",
        marker=str(id),
        created_at=work.now,
    )


def _thread(
    work: Work,
    bulk: asyncpg.Record,
    recipient: Addressee,
    said: Merged,
    thread_id: ThreadId,
    message_id: MessageId,
    sender: str | None,
    name: str | None,
) -> ThreadRow:
    people = [
        {"address": sender, "name": name, "kind": ParticipantKind.USER.value},
        {"address": recipient.address, "name": recipient.name, "kind": ParticipantKind.CONTACT.value},
    ]
    return ThreadRow(
        id=thread_id,
        workspace_id=work.workspace_id,
        contact_id=recipient.contact_id,
        subject=said.subject,
        message_count=1,
        last_message_id=message_id,
        last_message_at=work.now,
        # It waits for nobody until its contact answers; hundreds of them would bury the mail that does.
        state=ThreadState.DONE,
        participants=[one for one in people if one["address"]],
        created_at=work.now,
    )
