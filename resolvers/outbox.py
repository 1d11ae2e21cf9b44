"""Write an accepted mail: conversation, message, submission and files, with what follows from them.

Belongs here: rows. Whether the mail may be accepted was decided before (resolvers/sending.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import case, update

from database.reads import facts
from database.tables import AttachmentRow, MessageRow, SubmissionRow, ThreadRow, table_of
from database.work import Work
from resolvers.context import Context
from resolvers.drafting import Draft, Unusable
from rules.happenings import MessageSynced, SendSubmission
from rules.quoting import snippet_of
from rules.send_errors import REAUTHENTICATE_SENTENCE, SendError
from rules.sender import MailKind, SendingMailbox, individual_from, recipients_limit
from rules.submission_life import Beginning, Stage, begin
from rules.threading import reply_references, reply_subject
from rules.words import (
    ContactId,
    Direction,
    EmailAddress,
    MailboxId,
    MailboxStatus,
    MessageId,
    Origin,
    ParticipantKind,
    Provider,
    SenderKind,
    SubmissionId,
    ThreadId,
    ThreadState,
    UserId,
    Visibility,
)

MOST_PARTICIPANTS: Final = 100
Seen = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a mail needs of what is stored; rows as the statements of database/reads/facts.py give them."""

    user_id: UserId | None
    user_name: str | None
    mailbox: Any | None
    contact: Any
    thread: Any | None
    workspace_sender: Any | None = None
    """What carries the mail where no mailbox does (S1, S4)."""
    kind: MailKind = MailKind.INDIVIDUAL

    @property
    def mailbox_id(self) -> MailboxId | None:
        return None if self.mailbox is None else MailboxId(self.mailbox.id)

    @property
    def via(self) -> SenderKind:
        return SenderKind.WORKSPACE_SENDER if self.mailbox is None else SenderKind.MAILBOX

    @property
    def waits_for_user(self) -> bool:
        return self.mailbox is not None and self.mailbox.status != MailboxStatus.CONNECTED


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that was stored; `waits_for_user`: as refused, because its mailbox waits (S9)."""

    message_id: MessageId
    mailbox_id: MailboxId | None
    waits_for_user: bool


@dataclass(frozen=True, slots=True)
class _Answered:
    """What a reply answers: its threading headers, and who and what by default."""

    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    correspondent: EmailAddress | None = None
    subject: str | None = None


async def store(work: Work, context: Context, draft: Draft, found: Facts) -> Kept:
    """Store the mail, tell that it is in the conversation, and ask for it to be sent.

    Raises:
        Unusable: its From is not the mailbox's, or it has nobody or too many to go to.
    """
    sender = _sender(draft, found)
    answered = await _answered(work, found)
    to = draft.to or _by_default(draft, found, answered)
    _keep_to_recipients(found, len(to) + len(draft.cc) + len(draft.bcc))
    subject = _subject(draft, found, answered)
    people = await _people(work, [sender, *to, *draft.cc, *draft.bcc])
    message_id = MessageId(context.new_id())
    waits = found.waits_for_user
    beginning = begin(context.now, send_at=draft.send_at, undo=draft.undo)
    seen = [{**people[sender], "name": found.user_name}, *(people[one] for one in (*to, *draft.cc))]
    thread_id = await _thread(work, context, found, subject, message_id, seen)
    work.add(
        MessageRow(
            id=message_id,
            workspace_id=work.workspace_id,
            thread_id=thread_id,
            mailbox_id=found.mailbox_id,
            owner_id=found.user_id,
            visibility=Visibility.EVERYTHING if found.mailbox is None else found.mailbox.visibility,
            direction=Direction.OUTBOUND,
            origin=Origin.CRM,
            internet_message_id=f"{message_id}@{context.settings.message_id_domain}",
            in_reply_to=answered.in_reply_to,
            reference_ids=list(answered.references),
            from_address=sender,
            from_name=found.user_name,
            to_recipients=_recipients(people, to),
            cc_recipients=_recipients(people, draft.cc),
            bcc_recipients=_recipients(people, draft.bcc),
            subject=subject,
            snippet=snippet_of(draft.text, None),
            text=draft.text,
            html=draft.html,
            sent_at=context.now,
            synced_at=context.now,
        )
    )
    await work.flush()
    await _bind(work, draft, message_id)
    submission_id = await _submit(work, context, draft, found, message_id, beginning, waits)
    contact_id = ContactId(found.contact.id)
    work.tell(MessageSynced(message_id, thread_id, contact_id, found.mailbox_id))
    if not waits:
        work.ask(SendSubmission(submission_id), due_at=beginning.due_at)
    return Kept(message_id, found.mailbox_id, waits)


def _sender(draft: Draft, found: Facts) -> EmailAddress:
    mailbox = found.mailbox
    if mailbox is None:
        assert found.workspace_sender is not None, "something carries it"
        address = EmailAddress(found.workspace_sender.from_address)
        if draft.sender not in (None, address):
            raise Unusable(
                "input.from", "Without a mailbox, mail goes out from the workspace's address alone."
            )
        return address
    sending = SendingMailbox(
        Provider(mailbox.provider), EmailAddress(mailbox.address), tuple(mailbox.send_as)
    )
    sender = individual_from(sending, draft.sender)
    if sender is None:
        raise Unusable("input.from", "This is not a verified address of your mailbox.")
    return sender


async def _answered(work: Work, found: Facts) -> _Answered:
    if found.thread is None:
        return _Answered()
    names = {"thread": found.thread.id, "user": found.user_id}
    rows = (await work.execute(facts.ANSWERED, names)).all()
    parent = next((row for row in rows if row.internet_message_id), None)
    inbound = next((row for row in rows if row.direction == Direction.INBOUND), None)
    return _Answered(
        in_reply_to=parent.internet_message_id if parent else None,
        references=reply_references(parent.internet_message_id, tuple(parent.reference_ids))
        if parent
        else (),
        correspondent=EmailAddress(inbound.from_address) if inbound else None,
        subject=rows[0].subject if rows else None,
    )


def _by_default(draft: Draft, found: Facts, answered: _Answered) -> tuple[EmailAddress, ...]:
    """Return whom it goes to where nobody was named: the correspondent, or the contact's first address."""
    emails = found.contact.emails or []
    address = answered.correspondent or (EmailAddress(emails[0]) if emails else None)
    if draft.cc or draft.bcc:
        listed = {*draft.cc, *draft.bcc}
        if address in listed:
            return ()
    if address is None:
        raise Unusable("input.to", "The contact has no address; say whom it goes to.")
    return (address,)


def _keep_to_recipients(found: Facts, count: int) -> None:
    """Refuse what whoever carries the mail would refuse for the number of its recipients."""
    provider = None if found.mailbox is None else Provider(found.mailbox.provider)
    limit = recipients_limit(provider)
    if count > limit:
        way = "by the workspace's sender" if provider is None else f"through {provider.value.title()}"
        raise Unusable(
            "input.to",
            f"A mail {way} has {limit} recipients at most, To, Cc and Bcc together; this one has {count}. "
            "Nothing was queued; send it to fewer at a time.",
        )


def _subject(draft: Draft, found: Facts, answered: _Answered) -> str:
    if draft.subject is not None:
        return draft.subject
    return "" if found.thread is None else reply_subject(answered.subject or "")[:998]


async def _people(work: Work, addresses: Iterable[EmailAddress]) -> dict[EmailAddress, Seen]:
    """Return who each address is to the workspace, as a thread keeps it."""
    names = {"workspace": work.workspace_id, "addresses": list(dict.fromkeys(addresses))}
    asked = await work.execute(facts.KINDS, names)
    people: dict[EmailAddress, Seen] = {}
    for row in asked:
        kind = ParticipantKind.CONTACT if row.is_contact else ParticipantKind.OTHER
        kind = ParticipantKind.USER if row.is_user else kind
        people[EmailAddress(row.address)] = {"address": row.address, "name": row.name, "kind": kind.value}
    return people


def _recipients(people: dict[EmailAddress, Seen], addresses: Iterable[EmailAddress]) -> list[Seen]:
    return [{"address": one, "name": people[one]["name"]} for one in addresses]


async def _thread(
    work: Work, context: Context, found: Facts, subject: str, message_id: MessageId, seen: list[Seen]
) -> ThreadId:
    """Store a new conversation, or add to the one that goes on."""
    if found.thread is None:
        thread_id = ThreadId(context.new_id())
        work.add(
            ThreadRow(
                id=thread_id,
                workspace_id=work.workspace_id,
                contact_id=found.contact.id,
                subject=subject,
                message_count=1,
                last_message_id=message_id,
                last_message_at=context.now,
                state=ThreadState.OPEN,
                participants=_merged([], seen),
                created_at=context.now,
            )
        )
        await work.flush()
        return thread_id
    threads = table_of(ThreadRow).c
    known = orjson.loads(found.thread.participants)
    last_at: datetime = max(found.thread.last_message_at, context.now)
    await work.execute(
        update(table_of(ThreadRow))
        .where(threads.id == found.thread.id)
        .values(
            message_count=threads.message_count + 1,
            last_message_id=message_id,
            last_message_at=last_at,
            participants=_merged(known, seen),
        )
    )
    return ThreadId(found.thread.id)


def _merged(known: list[Seen], seen: list[Seen]) -> list[Seen]:
    people = {one["address"]: one for one in known}
    for one in seen:
        people.setdefault(one["address"], one)
    return list(people.values())[:MOST_PARTICIPANTS]


async def _bind(work: Work, draft: Draft, message_id: MessageId) -> None:
    """Make the uploads the message's, in the order given; an image that the HTML shows goes inline."""
    attachments = table_of(AttachmentRow)
    image = attachments.c.content_type.like("image/%")
    for position, id in enumerate(draft.attachment_ids):
        name = draft.shown.get(id)
        inline = {} if name is None else {"inline": image, "content_id": case((image, name))}
        await work.execute(
            update(attachments)
            .where(attachments.c.id == id)
            .values(message_id=message_id, position=position, expires_at=None, **inline)
        )


async def _submit(
    work: Work,
    context: Context,
    draft: Draft,
    found: Facts,
    message_id: MessageId,
    beginning: Beginning,
    waits: bool,
) -> SubmissionId:
    submission_id = SubmissionId(context.new_id())
    stage = Stage.REFUSED if waits else beginning.stage
    work.add(
        SubmissionRow(
            id=submission_id,
            workspace_id=work.workspace_id,
            message_id=message_id,
            user_id=found.user_id,
            kind=found.kind,
            mailbox_id=found.mailbox_id,
            via=found.via,
            state=stage.state,
            step=stage.step,
            idempotency_key=draft.key,
            request_hash=draft.request_hash,
            marker=str(submission_id),
            remote_thread_id=await _remote_thread(work, found),
            error_code=SendError.REAUTHENTICATE if waits else None,
            error=REAUTHENTICATE_SENTENCE if waits else None,
            created_at=context.now,
            send_at=draft.send_at,
            undo_until=beginning.undo_until,
        )
    )
    await work.flush()
    return submission_id


async def _remote_thread(work: Work, found: Facts) -> str | None:
    """Return the provider's own id of the conversation in this mailbox, so that a reply stays in it (S11)."""
    if found.thread is None or found.mailbox is None:
        return None
    names: dict[str, UUID] = {"thread": found.thread.id, "mailbox": found.mailbox.id}
    remote: str | None = (await work.execute(facts.LINK_OF_THREAD, names)).scalar_one_or_none()
    return remote
