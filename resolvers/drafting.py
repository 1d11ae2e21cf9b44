"""Read a SendEmailInput strictly: everything that can be said of it without looking anything up.

Belongs here: addresses, lengths, characters that would break out of a header or that no text of ours can
hold. Source: security R40; RFC 5322 section 2.1.1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from rules.addresses import InvalidAddress, normalise
from rules.headers import UnsafeHeader, refuse_breaks
from rules.html import sanitise, shown_inside
from rules.html_text import text_from_html
from rules.sender import MOST_RECIPIENTS, Plain, request_hash
from rules.words import EmailAddress, UserId
from schema.inputs import SendEmailInput
from schema.results.refusals import InvalidInput
from schema.scalars import read_id

MOST_ATTACHMENTS: Final = 50
LONGEST_BODY: Final = 1_000_000
LONGEST_SUBJECT: Final = 998
LONGEST_KEY: Final = 200
LONGEST_DELAY: Final = timedelta(days=366)
LONGEST_UNDO_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be sent, clean; what was left out is None or empty, and is filled in from what is stored."""

    key: str
    request_hash: bytes
    contact_id: UUID | None
    thread_id: UUID | None
    sender: EmailAddress | None
    to: tuple[EmailAddress, ...]
    cc: tuple[EmailAddress, ...]
    bcc: tuple[EmailAddress, ...]
    subject: str | None
    text: str
    html: str | None
    attachment_ids: tuple[UUID, ...]
    shown: dict[UUID, str]
    """The attachments that the HTML shows in place, with how it names them: `cid:` and this."""
    send_at: datetime | None
    undo: timedelta


class Unusable(Exception):
    """A value cannot be used; `field` is its path in the arguments."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message

    @property
    def refusal(self) -> InvalidInput:
        """What the mutation answers."""
        return InvalidInput(message=self.message, field=self.field)


def read_draft(given: SendEmailInput, user_id: UserId | None, now: datetime) -> Draft:
    """Return what is to be sent.

    Raises:
        Unusable: a value cannot be used.
    """
    to, cc, bcc = _recipients(given)
    text, html = _body(given)
    attachment_ids = _attachments(given.attachment_ids)
    if (given.contact_id is None) == (given.thread_id is None):
        raise Unusable("input.contactId", "Give a contact to write to, or a conversation to go on with.")
    return Draft(
        key=read_key(given.idempotency_key),
        request_hash=request_hash(_request(given, user_id)),
        contact_id=_known(given.contact_id),
        thread_id=_known(given.thread_id),
        sender=None if given.from_ is None else read_address("input.from", given.from_),
        to=to,
        cc=cc,
        bcc=bcc,
        subject=None if given.subject is None else read_line("input.subject", given.subject, LONGEST_SUBJECT),
        text=text,
        html=html,
        attachment_ids=attachment_ids,
        shown=_shown(html, attachment_ids),
        send_at=_send_at(given.send_at, now),
        undo=_undo(given.undo_seconds),
    )


def read_address(field: str, text: str) -> EmailAddress:
    """Return an address as it is stored.

    Raises:
        Unusable: it is not one address.
    """
    try:
        return normalise(text)
    except InvalidAddress as invalid:
        raise Unusable(field, f"This is not an email address: {invalid}.") from None


def read_line(field: str, text: str, longest: int, *, shortest: int = 0) -> str:
    """Return one line of text, trimmed.

    Raises:
        Unusable: it is too long, too short, or holds line breaks or control characters.
    """
    trimmed = text.strip()
    if not shortest <= len(trimmed) <= longest:
        raise Unusable(field, f"This has {shortest} to {longest} characters.")
    try:
        return refuse_breaks(field, trimmed)
    except UnsafeHeader:
        raise Unusable(field, "This holds line breaks or control characters.") from None


def read_text(field: str, text: str, longest: int) -> str:
    """Return text of any number of lines.

    Raises:
        Unusable: it is too long, or holds what no text may: NUL, or half a character.
    """
    if len(text) > longest:
        raise Unusable(field, f"This has {longest} characters at most.")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unusable(field, "This holds a character that is none.")
    return text


def read_key(key: str) -> str:
    """Return an idempotency key. Raises: Unusable."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Unusable("input.idempotencyKey", f"A key has 1 to {LONGEST_KEY} printable characters.")
    return key


def _recipients(given: SendEmailInput) -> tuple[tuple[EmailAddress, ...], ...]:
    """Return To, Cc and Bcc; who is in one of them is not repeated in the next.

    More than any provider takes is not even read; what this mail's own takes is asked later, by name.
    """
    most = max(MOST_RECIPIENTS.values())
    seen: set[EmailAddress] = set()
    answer = []
    for name, addresses in (("to", given.to), ("cc", given.cc), ("bcc", given.bcc)):
        if len(addresses or ()) > most:
            raise Unusable(f"input.{name}", f"A mail has {most} recipients at most.")
        answer.append(tuple(_fresh(name, addresses or (), seen)))
    return tuple(answer)


def _fresh(name: str, addresses: Sequence[str], seen: set[EmailAddress]) -> Iterable[EmailAddress]:
    for place, text in enumerate(addresses):
        address = read_address(f"input.{name}.{place}", text)
        if address not in seen:
            seen.add(address)
            yield address


def _body(given: SendEmailInput) -> tuple[str, str | None]:
    text = None if given.text is None else read_text("input.text", given.text, LONGEST_BODY)
    if given.html is None:
        return text or "", None
    clean = sanitise(read_text("input.html", given.html, LONGEST_BODY))
    if clean is None:
        raise Unusable("input.html", "This HTML is too tangled to be cleaned; nest it less.")
    return (text_from_html(clean.html) if text is None else text), clean.html


def _known(id: str | None) -> UUID | None:
    """Return an id; what cannot be one of ours is an id that nothing has."""
    return None if id is None else read_id(id) or UUID(int=0)


def _attachments(ids: Sequence[str] | None) -> tuple[UUID, ...]:
    if len(ids or ()) > MOST_ATTACHMENTS:
        raise Unusable("input.attachmentIds", f"A mail has {MOST_ATTACHMENTS} attachments at most.")
    known = [read_id(one) or UUID(int=0) for one in ids or ()]
    return tuple(dict.fromkeys(known))


def _shown(html: str | None, attachment_ids: tuple[UUID, ...]) -> dict[UUID, str]:
    names = shown_inside(html or "")
    known = {id: name for name in sorted(names) if (id := read_id(name)) is not None}
    return {id: known[id] for id in attachment_ids if id in known}


def _send_at(send_at: datetime | None, now: datetime) -> datetime | None:
    if send_at is not None and send_at > now + LONGEST_DELAY:
        raise Unusable("input.sendAt", "A mail is scheduled within a year.")
    return send_at


def _undo(seconds: int | None) -> timedelta:
    if seconds is not None and not 0 <= seconds <= LONGEST_UNDO_SECONDS:
        raise Unusable("input.undoSeconds", f"A mail is held for 0 to {LONGEST_UNDO_SECONDS} seconds.")
    return timedelta(seconds=seconds or 0)


def _request(given: SendEmailInput, user_id: UserId | None) -> dict[str, Plain]:
    """Return the request as its hash sees it; who asks belongs to it."""
    return {
        "user": str(user_id),
        "contactId": given.contact_id,
        "threadId": given.thread_id,
        "from": given.from_,
        "to": given.to,
        "cc": given.cc,
        "bcc": given.bcc,
        "subject": given.subject,
        "text": given.text,
        "html": given.html,
        "attachmentIds": given.attachment_ids,
        "sendAt": given.send_at,
        "undoSeconds": given.undo_seconds,
    }
