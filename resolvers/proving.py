"""What a mailbox could not read, tried again; and the rules run dry on an envelope. For its owner."""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from strawberry import ID

from database.reads import facts, roots
from database.reads.mailboxes import MAILBOX_OF_USER
from database.sync_facts import look_up, sync_settings
from resolvers.access import governs, refusal, require_read
from resolvers.context import Context, Info
from resolvers.drafting import Unusable, read_address
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules import decision
from rules.envelope import AttachmentOutline, Correspondent, Envelope
from rules.happenings import MailboxChanged, RetrySetAside
from rules.headers import message_id
from rules.words import EmailAddress, MailboxId, MailboxStatus, Scope, UserId
from schema.faults import BadUserInput
from schema.faults import NotFound as NotFoundFault
from schema.inputs import EnvelopeInput
from schema.results.mailboxes import RetrySetAsideResult, SetAsideRetried
from schema.results.refusals import NotConnected, NotFound
from schema.scalars import read_id
from schema.types.mailboxes import SyncDecision

MOST_PEOPLE: Final = 500
MOST_REFERENCES: Final = 100
MOST_FILES: Final = 200
_NO_SUCH: Final = "There is no such mailbox of yours."

_RETRY: Final = text(
    "update set_asides set attempts = 0, next_at = :now where mailbox_id = :mailbox returning id"
)


async def retry_set_aside(info: Info, mailbox_id: ID) -> RetrySetAsideResult:
    """Ask for everything that was set aside in a mailbox to be tried again, also what was given up."""
    context = info.context
    viewer = context.viewer
    denied = refusal(viewer, Scope.SEND)
    if denied is not None:
        return denied
    names = {"workspace": viewer.workspace_id, "id": read_id(mailbox_id), "user": viewer.user_id}
    async with context.db.work(viewer.workspace_id) as work:
        row = (
            await work.execute(facts.OWN_MAILBOX_LOCKED, {**names, "governs": governs(viewer)})
        ).one_or_none()
        if row is None:
            return NotFound(message=_NO_SUCH)
        if row.status != MailboxStatus.CONNECTED:
            return NotConnected(message="Only a connected mailbox can be read.")
        retried = (await work.execute(_RETRY, {"now": work.now, "mailbox": row.id})).all()
        if retried:
            work.ask(RetrySetAside(MailboxId(row.id)))
            work.tell(MailboxChanged(MailboxId(row.id), UserId(row.user_id)))
    wanted = wanted_below(info, "mailbox", viewer.workspace_id, "mailbox")
    mailbox = await read_one(context, "mailbox", roots.OWN_MAILBOX, wanted, id=uuid(row.id))
    return SetAsideRetried(mailbox=mailbox, count=len(retried))


async def preview_sync(info: Info, mailbox_id: ID, envelope: EnvelopeInput) -> SyncDecision:
    """Return what the rules would say of such a mail now; nothing is stored, nothing is fetched."""
    context = info.context
    require_read(context.viewer)
    workspace_id, user_id = context.viewer.workspace_id, context.viewer.user_id
    key = read_id(mailbox_id)
    own = await context.db.fetchrow(workspace_id, MAILBOX_OF_USER, workspace_id, key, user_id)
    if own is None or user_id is None:
        raise NotFoundFault(_NO_SUCH)
    settings = await sync_settings(context.db, workspace_id, MailboxId(own["id"]))
    if settings is None:
        raise BadUserInput("The mailbox was never connected: there is nothing to decide yet.")
    read = _read(context, envelope)
    known = await look_up(context.db, workspace_id, MailboxId(own["id"]), user_id, decision.questions([read]))
    verdict = decision.decide(read, known, settings)
    return await _shown(info, own["id"], verdict)


async def _shown(info: Info, mailbox_id: UUID, verdict: decision.Decision) -> SyncDecision:
    context = info.context
    wanted = wanted_below(info, "mailbox", context.viewer.workspace_id, "mailbox")
    mailbox = await read_one(context, "mailbox", roots.OWN_MAILBOX, wanted, id=uuid(mailbox_id))
    return SyncDecision(
        id=ID(str(context.new_id())),
        mailbox=mailbox,
        at=context.now,
        synced=verdict.synced,
        reason=verdict.reason,
        rule=verdict.rule,
        explanation=verdict.explanation,
    )


def _read(context: Context, given: EnvelopeInput) -> Envelope:
    """Return the envelope to decide. Raises: BadUserInput: a value cannot be used."""
    references, files = given.references or [], given.attachments or []
    people = [given.from_, *given.to, *(given.cc or []), *(given.bcc or [])]
    if len(people) > MOST_PEOPLE or len(references) > MOST_REFERENCES or len(files) > MOST_FILES:
        raise BadUserInput(
            f"An envelope has {MOST_PEOPLE} addresses, {MOST_REFERENCES} references and {MOST_FILES} "
            "attachments at most."
        )
    if any(one.size_bytes < 0 for one in files):
        raise BadUserInput("The size of an attachment is 0 or more bytes.")
    received_at = given.received_at or context.now
    return Envelope(
        remote_id="",
        remote_thread_id=given.remote_thread_id or "",
        received_at=received_at,
        sent_at=received_at,
        sender=_person("envelope.from", given.from_),
        to=_people("envelope.to", given.to),
        cc=_people("envelope.cc", given.cc),
        bcc=_people("envelope.bcc", given.bcc),
        internet_message_id=_message_id("envelope.internetMessageId", given.internet_message_id),
        in_reply_to=_message_id("envelope.inReplyTo", given.in_reply_to),
        references=tuple(
            one
            for place, text in enumerate(references)
            if (one := _message_id(f"envelope.references.{place}", text))
        ),
        attachments=tuple(
            AttachmentOutline(one.name, "application/octet-stream", one.size_bytes) for one in files
        ),
    )


def _person(path: str, text: EmailAddress) -> Correspondent:
    try:
        return Correspondent(read_address(path, text))
    except Unusable as unusable:
        raise BadUserInput(f"{unusable.field}: {unusable.message}") from None


def _people(path: str, texts: list[EmailAddress] | None) -> tuple[Correspondent, ...]:
    return tuple(_person(f"{path}.{place}", one) for place, one in enumerate(texts or ()))


def _message_id(path: str, text: str | None) -> str | None:
    if text is None:
        return None
    found = message_id(text) or message_id(f"<{text}>")
    if found is None:
        raise BadUserInput(f"{path}: This is no Message-ID; copy it from the mail's headers.")
    return found
