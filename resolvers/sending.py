"""Send a mail: check it, store message, submission, event and command in one transaction, answer at once.

The provider is never asked here: the job sends, and what becomes of it is live. What was accepted once is the
answer to the same key for good (S10, R47): the unique key of the submission decides between requests that
race, whoever loses reads the winner's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from database.reads import facts, roots
from database.work import Work
from resolvers.access import NEEDS_USER, refusal
from resolvers.context import Context, Info
from resolvers.drafting import Draft, Unusable, read_draft
from resolvers.looking import wanted_below
from resolvers.outbox import Facts, Kept, store
from resolvers.reading import read_one, uuid
from resolvers.senders import NO_SENDER
from rules.sender import MailKind, attachments_fit, daily_limit, daily_quota
from rules.words import MailboxStatus, Provider, Scope, UserId
from schema.inputs import SendEmailInput, SendWorkflowEmailInput
from schema.results.refusals import (
    AttachmentTooLarge,
    DailyLimitReached,
    Forbidden,
    IdempotencyConflict,
    NotConnected,
    NotFound,
    Reauthenticate,
)
from schema.results.sending import SendEmailResult

_ONCE: Final = "submissions_idempotency_key_once"
NO_MAILBOX: Final = (
    "Connect a mailbox first; mail goes out through it. Without one it goes out by the workspace's own "
    "sender, which no admin has set up."
)


Look = Callable[[Work], Awaitable[Facts]]
"""Reads what the mail needs, in its transaction; refuses what must not be queued."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The key was used before."""

    message_id: UUID
    request_hash: bytes


class _Refused(Exception):
    """Ends the transaction without a trace."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


async def send_email(info: Info, input: SendEmailInput) -> SendEmailResult:
    """Accept a mail for sending, or refuse it."""
    context = info.context
    viewer = context.viewer
    denied = refusal(viewer, Scope.SEND)
    if denied is not None:
        return denied
    if viewer.user_id is None:
        return Forbidden(message=NEEDS_USER)
    try:
        draft = read_draft(input, viewer.user_id, context.now)
    except Unusable as unusable:
        return unusable.refusal
    user_id = viewer.user_id
    return await _send(info, draft, lambda work: _facts(work, context, user_id, draft))


async def send_workflow_email(info: Info, input: SendWorkflowEmailInput) -> SendEmailResult:
    """Accept a mail of an automation, or refuse it; a workspace's key may ask, too."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    given = SendEmailInput(
        idempotency_key=input.idempotency_key,
        contact_id=input.contact_id,
        thread_id=input.thread_id,
        subject=input.subject,
        text=input.text,
        html=input.html,
        send_at=input.send_at,
    )
    try:
        draft = read_draft(given, context.viewer.user_id, context.now)
    except Unusable as unusable:
        return unusable.refusal
    return await _send(info, draft, lambda work: _workflow_facts(work, context, draft))


async def _send(info: Info, draft: Draft, look: Look) -> SendEmailResult:
    context = info.context
    try:
        kept = await _accept(context, look, draft)
    except _Refused as refused:
        return refused.answer  # type: ignore[no-any-return]  # every answer is a member of the union
    except Unusable as unusable:
        return unusable.refusal
    except IntegrityError as clash:
        if _ONCE not in str(clash.orig):
            raise
        kept = await _winner(context, draft.key)
    return await _answer(info, draft, kept)


async def _accept(context: Context, look: Look, draft: Draft) -> Kept | _Known:
    async with context.db.work(context.viewer.workspace_id) as work:
        known = await _known(work, draft.key)
        if known is not None:
            return known
        found = await look(work)
        # Whoever used the same key first may have had the turn before.
        return await _known(work, draft.key) or await store(work, context, draft, found)


async def _known(work: Work, key: str) -> _Known | None:
    asked = await work.execute(facts.KNOWN_SENDING, {"workspace": work.workspace_id, "key": key})
    row = asked.one_or_none()
    return None if row is None else _Known(row.message_id, bytes(row.request_hash))


async def _winner(context: Context, key: str) -> _Known:
    async with context.db.work(context.viewer.workspace_id) as work:
        known = await _known(work, key)
    assert known is not None, "the submission that took the key is committed"
    return known


async def _facts(work: Work, context: Context, user_id: UserId, draft: Draft) -> Facts:
    """Read what the mail needs, in the user's turn; refuse what must not be queued."""
    names = {"workspace": work.workspace_id, "user": user_id, "now": context.now}
    sender = (await work.execute(facts.SENDER, names)).one_or_none()
    await work.execute(facts.TAKE_TURNS, {"user": str(user_id)})
    mailbox = (await work.execute(facts.LIVE_MAILBOX_OF, names)).one_or_none()
    if sender is None:
        raise _Refused(NotConnected(message=NO_MAILBOX))
    workspace_sender = None if mailbox is not None else await _workspace_sender(work, NO_MAILBOX)
    contact, thread = await _whom(work, names, draft)
    sizes = await _uploads(work, names, draft)
    if not attachments_fit(sizes, sender.attachment_limit_bytes):
        raise _Refused(_too_large(sender.attachment_limit_bytes, sum(sizes)))
    if mailbox is not None and mailbox.status == MailboxStatus.CONNECTED:
        await _keep_to_limit(work, mailbox, draft, names)
    return Facts(user_id, sender.name, mailbox, contact, thread, workspace_sender)


async def _workflow_facts(work: Work, context: Context, draft: Draft) -> Facts:
    """Read what a mail of an automation needs: no mailbox, and perhaps no user (S4)."""
    names = {"workspace": work.workspace_id, "user": context.viewer.user_id, "now": context.now}
    sender = (await work.execute(facts.SENDER, names)).one_or_none()
    contact, thread = await _whom(work, names, draft)
    workspace_sender = await _workspace_sender(work, NO_SENDER)
    name = None if sender is None else sender.name
    user_id = None if sender is None else context.viewer.user_id
    return Facts(user_id, name, None, contact, thread, workspace_sender, MailKind.WORKFLOW)


async def _workspace_sender(work: Work, otherwise: str) -> Any:
    """Return the workspace's sender; it carries what no mailbox does (S1)."""
    found = await work.execute(facts.WORKSPACE_SENDER, {"workspace": work.workspace_id})
    row = found.one_or_none()
    if row is None:
        raise _Refused(NotConnected(message=otherwise))
    return row


async def _whom(work: Work, names: dict[str, Any], draft: Draft) -> tuple[Any, Any | None]:
    """Return the contact, and the conversation that goes on, where one does."""
    thread = contact = None
    if draft.thread_id is not None:
        thread = (await work.execute(facts.THREAD_LOCKED, {**names, "id": draft.thread_id})).one_or_none()
    contact_id = thread.contact_id if thread is not None else draft.contact_id
    if contact_id is not None:
        contact = (await work.execute(facts.CONTACT, {**names, "id": contact_id})).one_or_none()
    if contact is None:
        raise _Refused(NotFound(message="There is no such contact or conversation."))
    return contact, thread


def _too_large(limit_bytes: int, size_bytes: int) -> AttachmentTooLarge:
    return AttachmentTooLarge(
        message="The attachments are too large together; send fewer, or smaller ones.",
        limit_bytes=limit_bytes,
        size_bytes=size_bytes,
    )


async def _uploads(work: Work, names: dict[str, Any], draft: Draft) -> list[int]:
    if not draft.attachment_ids:
        return []
    asked = await work.execute(facts.UPLOADS_LOCKED, {**names, "ids": list(draft.attachment_ids)})
    sizes = {row.id: int(row.size_bytes) for row in asked}
    for place, id in enumerate(draft.attachment_ids):
        if id not in sizes:
            raise Unusable(
                f"input.attachmentIds.{place}",
                "This was not uploaded by you, was already sent, or has expired.",
            )
    return list(sizes.values())


async def _keep_to_limit(work: Work, mailbox: Any, draft: Draft, names: dict[str, Any]) -> None:
    """Refuse what is over the provider's day (S7); what is scheduled for later counts when it goes."""
    limit = daily_limit(Provider(mailbox.provider))
    now = names["now"]
    if limit is None or (draft.send_at is not None and draft.send_at > now):
        return
    asked = await work.execute(facts.DAY_OF_MAILBOX, {"mailbox": mailbox.id, "now": now})
    quota = daily_quota([row.at for row in asked], now, limit)
    if not quota.free:
        assert quota.frees_at is not None, "a used up day frees"
        raise _Refused(
            DailyLimitReached(
                message=f"{quota.limit} mails went out through this mailbox in 24 hours, which is the limit. "
                "Nothing was queued; send it later, or schedule it.",
                limit=quota.limit,
                used=quota.used,
                frees_at=quota.frees_at,
            )
        )


async def _answer(info: Info, draft: Draft, kept: Kept | _Known) -> SendEmailResult:
    context = info.context
    if isinstance(kept, _Known) and kept.request_hash != draft.request_hash:
        return IdempotencyConflict(
            message="This idempotency key belongs to another mail. Nothing was queued; use a new key.",
            message_id=str(kept.message_id),  # type: ignore[arg-type]  # strawberry.ID is a str at run time
        )
    if isinstance(kept, Kept) and kept.waits_for_user and kept.mailbox_id is not None:
        return await waiting(info, kept.mailbox_id, kept.message_id)
    wanted = wanted_below(info, "message", context.viewer.workspace_id)
    message = await read_one(context, "message", roots.MESSAGE, wanted, id=uuid(kept.message_id))
    message.replayed = isinstance(kept, _Known)
    return message  # type: ignore[no-any-return]  # read_one gives what its noun says


async def waiting(info: Info, mailbox_id: UUID, message_id: UUID | None) -> Reauthenticate:
    """Return that a mailbox waits for its user, with the mail that was kept (S9)."""
    context = info.context
    workspace_id = context.viewer.workspace_id
    answer = Reauthenticate.__new__(Reauthenticate)
    answer.message = "The mailbox must be connected again first. Nothing was sent; the mail is kept."
    below = wanted_below(info, "mailbox", workspace_id, "mailbox")
    answer.mailbox = await read_one(context, "mailbox", roots.OWN_MAILBOX, below, id=uuid(mailbox_id))
    answer.kept_message = None
    if message_id is not None:
        below = wanted_below(info, "message", workspace_id, "keptMessage")
        answer.kept_message = await read_one(context, "message", roots.MESSAGE, below, id=uuid(message_id))
    return answer
