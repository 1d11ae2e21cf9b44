"""Send one mail to many contacts: check everything that can be checked before anything is queued.

The job writes and sends (jobs/bulk.py); here every contact's mail is merged once, so that what a contact
lacks is said now and not by a half-finished send. A key that was used before answers with what it began
(S10).
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from strawberry import ID

from database.reads import facts, roots
from database.tables import BulkRecipientRow, BulkSendRow, SubmissionRow, table_of
from database.work import Work
from resolvers.access import governs, refusal, require_read
from resolvers.bulk_audience import (
    HOLDS_UP,
    MOST_SHOWN,
    Refused,
    carrier_of,
    contacts_of,
    obstacles_of,
    template_refusal,
)
from resolvers.bulk_drafting import BulkDraft, read_bulk_draft
from resolvers.context import Context, Info
from resolvers.drafting import Unusable
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules.happenings import BulkSendProgressed, RunBulkSend, SendBulkSubmission
from rules.merging import BadTemplate, Merger
from rules.words import BulkSendId, BulkState, Scope, SubmissionId
from schema.inputs import SendBulkEmailInput
from schema.results.bulk import (
    BulkWrongState,
    ChangeBulkSendResult,
    MergeFieldsMissing,
    MissingMergeField,
    SendBulkEmailResult,
)
from schema.results.refusals import IdempotencyConflict, NotFound
from schema.scalars import read_id
from schema.types.sending import BulkSend

_ONCE: Final = "bulk_sends_idempotency_key_once"
_NO_SUCH: Final = "There is no such bulk send of yours."


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
        return template_refusal(fault)
    except Refused as refused:
        return refused.answer  # type: ignore[no-any-return]  # every answer is a member of the union
    except IntegrityError as clash:
        if _ONCE not in str(clash.orig):
            raise
        async with context.db.work(context.viewer.workspace_id) as work:
            try:
                known = await _known(work, draft)
            except Refused as refused:
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
        everybody = await contacts_of(work, draft)
        carrier = await carrier_of(work, context, draft)
        contacts = await _complete(merger, draft, everybody)
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
        raise Refused(IdempotencyConflict(message=sentence, message_id=str(row.id)))  # type: ignore[arg-type]  # strawberry.ID is a str at run time
    return UUID(str(row.id))


async def _complete(merger: Merger, draft: BulkDraft, contacts: Sequence[Any]) -> Sequence[Any]:
    """Return whom it is for; what contacts lack holds it up, unless those are to be left out."""
    lacking = [one for one in await obstacles_of(merger, contacts) if one.kind in HOLDS_UP]
    if not lacking:
        return contacts
    if not draft.leave_out:
        raise Refused(
            MergeFieldsMissing(
                message=f"{len(lacking)} contacts lack something that the mail needs. Nothing was queued; "
                'complete them, leave them out, or write {{ field | default: "..." }}.',
                missing=[
                    MissingMergeField(contact_id=one.contact_id, name=one.missing or "")
                    for one in lacking[:MOST_SHOWN]
                ],
                count=len(lacking),
            )
        )
    left_out = {one.contact_id for one in lacking}
    complete = [contact for contact in contacts if str(contact.id) not in left_out]
    if not complete:
        raise Unusable(
            "input.leaveOutIncomplete", "Every one of these contacts lacks something; nobody is left."
        )
    return complete


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
