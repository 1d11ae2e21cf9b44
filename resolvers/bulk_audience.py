"""Whom a bulk send is for, what carries it, and who of them would get none: known before anything is queued.

One place for sending and for looking at it beforehand, so that what was shown is what is done.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from database.reads import facts
from database.work import Work
from resolvers.bulk_drafting import BulkDraft
from resolvers.context import Context
from resolvers.drafting import Unusable
from resolvers.senders import NO_SENDER
from rules.merging import BadTemplate, Merged, Merger, MissingField, fields_of
from rules.sender import MailKind, SendingMailbox, sender_kind
from rules.words import BulkObstacleKind, EmailAddress, Provider, SenderKind
from schema.results.refusals import InvalidInput, NotConnected
from schema.types.bulk import BulkObstacle

MOST_SHOWN: Final = 100
HOLDS_UP: Final = frozenset((BulkObstacleKind.NO_ADDRESS, BulkObstacleKind.MISSING_FIELD))
"""What is refused rather than passed over: its author can do something about it."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carries a bulk send, and the addresses that a reader sees."""

    via: SenderKind
    mailbox_id: UUID | None
    from_address: EmailAddress
    from_name: str | None
    reply_to: EmailAddress | None
    """What was asked for: where answers go if no address of ours takes them."""
    author_address: EmailAddress | None


class Refused(Exception):
    """Ends the transaction without a trace."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


def template_refusal(fault: BadTemplate) -> InvalidInput:
    """Return what is wrong with a template, by its field."""
    part, _, told = str(fault).partition(": ")
    return Unusable(f"input.{part}", f"This template cannot be used: {told}.").refusal


async def carrier_of(work: Work, context: Context, draft: BulkDraft) -> Carrier:
    """Decide what carries it (S2, S3); the workspace sender must be there where it is to.

    Raises:
        Refused: it is not.
    """
    names = {"workspace": work.workspace_id, "user": context.viewer.user_id}
    author = (await work.execute(facts.SENDER, names)).one_or_none()
    row = (await work.execute(facts.LIVE_MAILBOX_OF, names)).one_or_none()
    mailbox = row and SendingMailbox(Provider(row.provider), EmailAddress(row.address), tuple(row.send_as))
    name, own = (None, None) if author is None else (author.name, EmailAddress(author.email))
    if row is not None and sender_kind(MailKind.BULK, mailbox, draft.sender) is SenderKind.MAILBOX:
        return Carrier(SenderKind.MAILBOX, row.id, EmailAddress(row.address), name, None, own)
    sender = (await work.execute(facts.WORKSPACE_SENDER, {"workspace": work.workspace_id})).one_or_none()
    if sender is None:
        raise Refused(NotConnected(message=NO_SENDER))
    address = EmailAddress(sender.from_address)
    return Carrier(SenderKind.WORKSPACE_SENDER, None, address, name or sender.from_name, draft.sender, own)


async def contacts_of(work: Work, draft: BulkDraft) -> Sequence[Any]:
    """Return whom it is for, in the order they are written to.

    Raises:
        Unusable: nobody, too many, or one that is no contact.
    """
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


def mail_for(merger: Merger, contact: Any) -> Merged | BulkObstacle:
    """Return what a contact would be told, or why it would be told nothing.

    Raises:
        BadTemplate: the template cannot be carried out.
    """
    if contact.address is None:
        return _obstacle(contact, BulkObstacleKind.NO_ADDRESS)
    if contact.suppressed is not None:
        return _obstacle(contact, BulkObstacleKind(contact.suppressed))
    try:
        return merger.fill(fields_of(contact.name, contact.address, contact.company))
    except MissingField as lacking:
        return _obstacle(contact, BulkObstacleKind.MISSING_FIELD, str(lacking))


async def obstacles_of(merger: Merger, contacts: Sequence[Any]) -> list[BulkObstacle]:
    """Merge every contact's mail once, in a thread of its own, so that nobody else waits for it."""

    def merge() -> list[BulkObstacle]:
        met = (mail_for(merger, contact) for contact in contacts)
        return [one for one in met if isinstance(one, BulkObstacle)]

    return await asyncio.to_thread(merge)


def _obstacle(contact: Any, kind: BulkObstacleKind, missing: str | None = None) -> BulkObstacle:
    return BulkObstacle(
        contact_id=str(contact.id),  # type: ignore[arg-type]  # strawberry.ID is a str at run time
        name=contact.name,
        address=contact.address,
        kind=kind,
        missing=missing,
    )
