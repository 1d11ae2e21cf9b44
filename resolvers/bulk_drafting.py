"""Read a SendBulkEmailInput strictly: everything that can be said of it without looking anything up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from resolvers.contacts import clean_search, pattern_of
from resolvers.drafting import LONGEST_SUBJECT, Unusable, read_address, read_key, read_line, read_text
from rules.html import sanitise
from rules.merging import TEMPLATE_LIMIT, Templates
from rules.sender import request_hash
from rules.words import EmailAddress, UserId
from schema.inputs import SendBulkEmailInput
from schema.scalars import read_id

MOST_CONTACTS: Final = 5_000


@dataclass(frozen=True, slots=True)
class BulkDraft:
    """What is to be sent, and to whom: named contacts, or those that a search finds."""

    key: str
    request_hash: bytes
    sender: EmailAddress | None
    templates: Templates
    contact_ids: tuple[UUID, ...] | None
    pattern: str
    leave_out: bool = False
    """Whether contacts that lack something are left out instead of holding it all up."""
    most: int = MOST_CONTACTS


def read_bulk_draft(given: SendBulkEmailInput, user_id: UserId | None) -> BulkDraft:
    """Return what is to be sent.

    Raises:
        Unusable: a value cannot be used.
    """
    if (given.contact_ids is None) == (given.search is None):
        raise Unusable("input.contactIds", "Name the contacts, or what to search them by; one of the two.")
    if given.text is None and given.html is None:
        raise Unusable("input.text", "Say something, as text or as HTML.")
    return BulkDraft(
        key=read_key(given.idempotency_key),
        request_hash=request_hash(
            {
                "user": None if user_id is None else str(user_id),
                "from": given.from_,
                "subject": given.subject,
                "text": given.text,
                "html": given.html,
                "contacts": None if given.contact_ids is None else [str(one) for one in given.contact_ids],
                "search": given.search,
                # None is as absent: keys from before this could be said still mean what they meant.
                "leaveOutIncomplete": given.leave_out_incomplete or None,
            }
        ),
        sender=None if given.from_ is None else read_address("input.from", given.from_),
        templates=_templates(given),
        contact_ids=None if given.contact_ids is None else _contacts(given.contact_ids),
        pattern=_pattern(given.search),
        leave_out=given.leave_out_incomplete,
    )


def _templates(given: SendBulkEmailInput) -> Templates:
    text = None if given.text is None else read_text("input.text", given.text, TEMPLATE_LIMIT)
    html = None
    if given.html is not None:
        clean = sanitise(read_text("input.html", given.html, TEMPLATE_LIMIT))
        if clean is None:
            raise Unusable("input.html", "This HTML is too tangled to be cleaned; nest it less.")
        html = clean.html
    return Templates(read_line("input.subject", given.subject, LONGEST_SUBJECT, shortest=1), text, html)


def _pattern(search: str | None) -> str:
    sought = clean_search(search)
    return pattern_of(sought) if sought else ""


def _contacts(ids: Sequence[str]) -> tuple[UUID, ...]:
    if not 1 <= len(ids) <= MOST_CONTACTS:
        raise Unusable("input.contactIds", f"A bulk send is for 1 to {MOST_CONTACTS} contacts.")
    return tuple(dict.fromkeys(read_id(one) or UUID(int=0) for one in ids))
