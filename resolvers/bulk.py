"""Send one mail to many contacts: check everything that can be checked before anything is queued.

The job writes and sends (jobs/bulk.py); here every contact's mail is merged once, so that what a contact
lacks is said now and not by a half-finished send. A key that was used before answers with what it began
(S10).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from strawberry import ID

from database.reads import facts, roots
from database.tables import BulkRecipientRow, BulkSendRow, SubmissionRow, table_of
from database.work import Work
from resolvers.access import governs, refusal, require_read
from resolvers.bulk_drafting import BulkDraft, read_bulk_draft
from resolvers.context import Context, Info
from resolvers.drafting import Unusable
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from resolvers.senders import NO_SENDER
from rules.happenings import BulkSendProgressed, RunBulkSend, SendBulkSubmission
from rules.merging import BadTemplate, Merger, MissingField, fields_of
from rules.sender import MailKind, SendingMailbox, sender_kind
from rules.words import BulkSendId, BulkState, EmailAddress, Provider, Scope, SenderKind, SubmissionId
from schema.inputs import SendBulkEmailInput
from schema.results.bulk import (
    BulkWrongState,
    ChangeBulkSendResult,
    MergeFieldsMissing,
    MissingMergeField,
    SendBulkEmailResult,
)
from schema.results.refusals import IdempotencyConflict, NotConnected, NotFound
from schema.scalars import read_id
from schema.types.sending import BulkSend

MOST_SHOWN: Final = 100
_ONCE: Final = "bulk_sends_idempotency_key_once"
_NO_SUCH: Final = "There is no such bulk send of yours."


@dataclass(frozen=True, slots=True)
class _Carrier:
    via: SenderKind
    mailbox_id: UUID | None
    reply_to: EmailAddress | None


class _Refused(Exception):
    """Ends the transaction without a trace."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


async def bulk_send(info: Info, id: ID) -> BulkSend | None:
    """Return a bulk send of the viewer's; for those who govern, any."""
    context = info.context
    require_read(context.viewer)
    return await _read(info, read_id(id))


async def send_bulk_email(info: Info, input: SendBulkEmailInput) -> SendBulkEmailResult:
    """Accept a mail to many, or say what is in its way."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    try:
        draft = read_bulk_draft(input, context.viewer.user_id)
        merger = Merger(draft.templates)
        bulk_id = await _accept(context, draft, merger)
    except Unusable as unusable:
        return unusable.refusal
    except BadTemplate as fault:
        part, _, told = str(fault).partition(": ")
        return Unusable(f"input.{part}", f"This template cannot be used: {told}.").refusal
    except _Refused as refused:
        return refused.answer  # type: ignore[no-any-return]  # every answer is a member of the union
    except IntegrityError as clash:
        if _ONCE not in str(clash.orig):
            raise
        async with context.db.work(context.viewer.workspace_id) as work:
            try:
                known = await _known(work, draft)
            except _Refused as refused:
                return refused.answer  # type: ignore[no-any-return]  # as above
        assert known is not None, "the bulk send that took the key is committed"
        bulk_id = known
    found = await _read(info, bulk_id)
    assert found is not None, "it was just stored"
    return found


async def _accept(context: Context, draft: BulkDraft, merger: Merger) -> UUID:
    async with context.db.work(context.viewer.workspace_id) as work:
        known = await _known(work, draft)
        if known is not None:
            return known
        contacts = await _contacts(work, draft)
        carrier = await _carrier(work, context, draft)
        await _report_missing(merger, contacts)
        bulk_id = BulkSendId(context.new_id())
        work.add(
            BulkSendRow(
                id=bulk_id,
                workspace_id=work.workspace_id,
                user_id=context.viewer.user_id,
                mailbox_id=carrier.mailbox_id,
                via=carrier.via,
                idempotency_key=draft.key,
                request_hash=draft.request_hash,
                reply_to=carrier.reply_to,
                subject=draft.templates.subject,
                text=draft.templates.text,
                html=draft.templates.html,
                total=len(contacts),
                created_at=context.now,
            )
        )
        await work.flush()
        rows = [
            {
                "id": context.new_id(),
                "workspace_id": work.workspace_id,
                "bulk_send_id": bulk_id,
                "contact_id": contact.id,
            }
            for contact in contacts
        ]
        await work.execute(insert(table_of(BulkRecipientRow)), rows)
        work.tell(BulkSendProgressed(bulk_id))
        work.ask(RunBulkSend(bulk_id))
    return bulk_id


async def _known(work: Work, draft: BulkDraft) -> UUID | None:
    names = {"workspace": work.workspace_id, "key": draft.key}
    row = (await work.execute(facts.KNOWN_BULK_SEND, names)).one_or_none()
    if row is None:
        return None
    if bytes(row.request_hash) != draft.request_hash:
        sentence = "This idempotency key belongs to another bulk send. Nothing was queued; use a new key."
        raise _Refused(IdempotencyConflict(message=sentence, message_id=str(row.id)))  # type: ignore[arg-type]  # strawberry.ID is a str at run time
    return UUID(str(row.id))


async def _carrier(work: Work, context: Context, draft: BulkDraft) -> _Carrier:
    """Decide what carries it (S2, S3); the workspace sender must be there where it is to."""
    names = {"workspace": work.workspace_id, "user": context.viewer.user_id}
    row = (await work.execute(facts.LIVE_MAILBOX_OF, names)).one_or_none()
    mailbox = row and SendingMailbox(Provider(row.provider), EmailAddress(row.address), tuple(row.send_as))
    if row is not None and sender_kind(MailKind.BULK, mailbox, draft.sender) is SenderKind.MAILBOX:
        return _Carrier(SenderKind.MAILBOX, row.id, None)
    sender = (await work.execute(facts.WORKSPACE_SENDER, {"workspace": work.workspace_id})).one_or_none()
    if sender is None:
        raise _Refused(NotConnected(message=NO_SENDER))
    return _Carrier(SenderKind.WORKSPACE_SENDER, None, draft.sender)


async def _contacts(work: Work, draft: BulkDraft) -> Sequence[Any]:
    names: dict[str, Any] = {"workspace": work.workspace_id, "most": draft.most + 1}
    if draft.contact_ids is not None:
        asked = await work.execute(facts.BULK_CONTACTS_BY_ID, {**names, "ids": list(draft.contact_ids)})
    else:
        asked = await work.execute(facts.BULK_CONTACTS_FOUND, {**names, "pattern": draft.pattern})
    contacts = asked.all()
    if draft.contact_ids is not None and len(contacts) != len(draft.contact_ids):
        raise Unusable("input.contactIds", "One of these is no contact of the workspace.")
    if not contacts:
        raise Unusable("input.search", "There is no such contact.")
    if len(contacts) > draft.most:
        raise Unusable("input.search", f"A bulk send is for {draft.most} contacts at most.")
    return contacts


async def _report_missing(merger: Merger, contacts: Sequence[Any]) -> None:
    """Merge every contact's mail once, in a thread of its own, so that nobody else waits for it."""
    missing = await asyncio.to_thread(_missing, merger, contacts)
    if missing:
        raise _Refused(
            MergeFieldsMissing(
                message=f"{len(missing)} contacts lack something that the mail needs. Nothing was queued; "
                'complete them, leave them out, or write {{ field | default: "..." }}.',
                missing=missing[:MOST_SHOWN],
                count=len(missing),
            )
        )


def _missing(merger: Merger, contacts: Sequence[Any]) -> list[MissingMergeField]:
    missing = []
    for contact in contacts:
        name = None
        if contact.address is None:
            name = ""
        else:
            try:
                merger.fill(fields_of(contact.name, contact.address, contact.company))
            except MissingField as lacking:
                name = str(lacking)
        if name is not None:
            missing.append(MissingMergeField(contact_id=str(contact.id), name=name))  # type: ignore[arg-type]  # as above
    return missing


async def pause_bulk_send(info: Info, id: ID) -> ChangeBulkSendResult:
    """Stop a bulk send; what is under way may still leave."""
    return await _change(info, id, (BulkState.RUNNING,), BulkState.PAUSED)


async def resume_bulk_send(info: Info, id: ID) -> ChangeBulkSendResult:
    """Let a bulk send that waits go on."""
    return await _change(info, id, (BulkState.PAUSED,), BulkState.RUNNING)


async def cancel_bulk_send(info: Info, id: ID) -> ChangeBulkSendResult:
    """End a bulk send; what has not left never will."""
    return await _change(info, id, (BulkState.RUNNING, BulkState.PAUSED), BulkState.CANCELLED)


async def _change(
    info: Info, id: ID, from_states: tuple[BulkState, ...], to_state: BulkState
) -> ChangeBulkSendResult:
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    async with context.db.work(context.viewer.workspace_id) as work:
        names = {
            "workspace": work.workspace_id,
            "id": read_id(id),
            "user": context.viewer.user_id,
            "governs": governs(context.viewer),
        }
        row = (await work.execute(facts.BULK_SEND_LOCKED, names)).one_or_none()
        if row is None:
            return NotFound(message=_NO_SUCH)
        state = BulkState(row.state)
        if state not in from_states:
            return BulkWrongState(message=f"This bulk send is {state.lower()}.", bulk_state=state)
        await _write(work, context, BulkSendId(row.id), to_state)
    found = await _read(info, row.id)
    assert found is not None, "it was there a moment ago"
    return found


async def _write(work: Work, context: Context, bulk_id: BulkSendId, state: BulkState) -> None:
    rows, submissions = table_of(BulkSendRow).c, table_of(SubmissionRow).c
    ended_at = context.now if state is BulkState.CANCELLED else None
    await work.execute(
        update(BulkSendRow)
        .where(rows.id == bulk_id)
        .values(state=state.value, paused_because=None, ended_at=ended_at)
    )
    if state is not BulkState.PAUSED:
        # What waits is let go at once, or learns that it was cancelled.
        waiting = await work.execute(
            table_of(SubmissionRow)
            .select()
            .with_only_columns(submissions.id)
            .where(submissions.bulk_send_id == bulk_id, submissions.state == "QUEUED")
        )
        for id in waiting.scalars():
            work.ask(SendBulkSubmission(SubmissionId(id)))
        work.ask(RunBulkSend(bulk_id))
    work.tell(BulkSendProgressed(bulk_id))


async def _read(info: Info, id: UUID | None) -> BulkSend | None:
    context = info.context
    wanted = wanted_below(info, "bulk_send", context.viewer.workspace_id)
    found: BulkSend | None = await read_one(context, "bulk_send", roots.BULK_SEND, wanted, id=uuid(id))
    return found
