"""What Gmail's JSON means in our words.

Pure. Belongs here: wire in, envelopes, changes, drafts out. Never: errors (decipher.py), network, a guess.
The direction of a message is never read from labels: mail to oneself lies in SENT and INBOX at once.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from providers.gmail.wire import (
    Draft as WireDraft,
)
from providers.gmail.wire import (
    DraftList,
    HistoryKind,
    HistoryList,
    Message,
    MessageList,
    MessageNote,
    Part,
    Profile,
    SendAsList,
)
from providers.protocol import Change, Draft, SentCopy
from rules.addresses import InvalidAddress, normalise, parse_addresses, parse_one
from rules.automatic import automatic
from rules.bounces import MARKER_FIELD
from rules.cursors import GmailCursor, InvalidCursor, decode_gmail, encode_gmail
from rules.envelope import AttachmentOutline, Envelope, Place
from rules.errors import CursorExpired, OurBug, Retryable
from rules.headers import clean_line, decode_words, message_id, message_ids
from rules.parsed import Automatic
from rules.words import EmailAddress

SENT_HEADERS: Final = ("Message-ID", MARKER_FIELD)
PARTS_LIMIT: Final = 1000
_PLACES: Final = (
    ("DRAFT", Place.DRAFT),
    ("TRASH", Place.TRASH),
    ("SPAM", Place.SPAM),
    ("CHAT", Place.CHAT),
)
_NOISE: Final = ("CATEGORY_", "IMPORTANT")
"""Labels that Gmail itself sorts with, and that no rule looks at."""


Read = ParamSpec("Read")
Meaning = TypeVar("Meaning")


def _as_documented(read: Callable[Read, Meaning]) -> Callable[Read, Meaning]:
    """Let a shape that Gmail does not document be one clear error: wire.py holds promises, not facts."""

    @wraps(read)
    def reading(*arguments: Read.args, **named: Read.kwargs) -> Meaning:
        try:
            return read(*arguments, **named)
        except (AttributeError, TypeError, KeyError) as error:
            raise OurBug("Gmail answered in a shape that we do not know.") from error

    return reading


@_as_documented
def envelope(message: Message) -> Envelope:
    """Read a message that was asked for with ENVELOPE_FIELDS.

    Raises:
        Retryable: it lacks its id, thread or date: half an answer.
    """
    remote_id, remote_thread_id = message.get("id"), message.get("threadId")
    received_at = _instant_ms(message.get("internalDate"))
    if not remote_id or not remote_thread_id or received_at is None:
        raise Retryable("Gmail answered with half a message.")
    payload = message.get("payload", Part())
    headers = _headers(payload)
    labels = frozenset(message.get("labelIds", ()))
    return Envelope(
        remote_id=remote_id,
        remote_thread_id=remote_thread_id,
        received_at=received_at,
        sent_at=_date_header(headers.get("date")) or received_at,
        sender=parse_one(headers.get("from")),
        to=parse_addresses(headers.get("to")).correspondents,
        cc=parse_addresses(headers.get("cc")).correspondents,
        bcc=parse_addresses(headers.get("bcc")).correspondents,
        subject=decode_words(headers.get("subject", "")),
        internet_message_id=message_id(headers.get("message-id")),
        in_reply_to=message_id(headers.get("in-reply-to")),
        references=message_ids(headers.get("references")),
        place=place_of(labels, payload.get("mimeType", "")),
        unread="UNREAD" in labels,
        size_bytes=_size(message.get("sizeEstimate")),
        attachments=tuple(_attachments(payload)),
        marker=clean_line(headers.get(MARKER_FIELD, ""))[:200] or None,
        automatic=automatic({name: (value,) for name, value in headers.items()}) is not Automatic.NO,
        labels=labels,
    )


def _size(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def place_of(labels: frozenset[str], content_type: str = "") -> Place:
    """Where the message lies; a message in trash that is also a draft is a draft."""
    for label, place in _PLACES:
        if label in labels:
            return place
    return Place.CALENDAR if content_type == "text/calendar" else Place.MAIL


def _headers(part: Part) -> dict[str, str]:
    """The first of each header, by lower-case name: a second From is not believed."""
    found: dict[str, str] = {}
    for header in part.get("headers", ()):
        found.setdefault(header.get("name", "").lower(), header.get("value", ""))
    return found


def _attachments(payload: Part) -> Iterator[AttachmentOutline]:
    """Parts with a file name, wherever they are nested; `body.size` is the decoded size."""
    waiting, seen = [payload], 0
    while waiting and seen < PARTS_LIMIT:
        part = waiting.pop()
        seen += 1
        waiting.extend(reversed(part.get("parts", ())))
        name = part.get("filename", "")
        if not name:
            continue
        headers = _headers(part)
        shown_inside = headers.get("content-disposition", "").lower().lstrip().startswith("inline")
        yield AttachmentOutline(
            name=decode_words(name),
            content_type=part.get("mimeType", "application/octet-stream").lower(),
            size_bytes=_size(part.get("body", {}).get("size")),
            inline=shown_inside and "content-id" in headers,
        )


def _date_header(text: str | None) -> datetime | None:
    """The Date header as aware UTC; None where it is no date (RFC 5322 3.3: without a zone it is UTC)."""
    if not text:
        return None
    try:
        parsed = parsedate_to_datetime(text[:100])
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _instant_ms(text: str | None) -> datetime | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 14:
        return None
    return datetime.fromtimestamp(int(text) / 1000, UTC)


@_as_documented
def changes(page: HistoryList) -> tuple[Change, ...]:
    """One change per message of a page, in the order first mentioned; drafts are left out.

    The typed arrays are read, never `messages`. Each autosave of a draft replaces its message, and sending it
    makes a new one: the draft's own comings and goings mean nothing.
    """
    found: dict[str, Change] = {}
    for record in page.get("history", ()):
        kinds: dict[HistoryKind, list[MessageNote]] = {
            "messagesAdded": record.get("messagesAdded", []),
            "labelsAdded": record.get("labelsAdded", []),
            "labelsRemoved": record.get("labelsRemoved", []),
            "messagesDeleted": record.get("messagesDeleted", []),
        }
        for kind, notes in kinds.items():
            for note in _notes(notes):
                change = _change(kind, note)
                if change is not None:
                    known = found.get(change.remote_id)
                    found[change.remote_id] = change if known is None else _merged(known, change)
    return tuple(found.values())


def _notes(listed: Iterable[MessageNote]) -> Iterator[MessageNote]:
    return (note for note in listed if note.get("message", {}).get("id"))


def _change(kind: HistoryKind, note: MessageNote) -> Change | None:
    message = note["message"]
    if "DRAFT" in message.get("labelIds", ()):
        return None
    touched = frozenset(note.get("labelIds", ()))
    if kind in ("labelsAdded", "labelsRemoved") and all(label.startswith(_NOISE) for label in touched):
        return None
    tells = "UNREAD" in touched and kind in ("labelsAdded", "labelsRemoved")
    return Change(
        remote_id=message["id"],
        remote_thread_id=message.get("threadId"),
        arrived=kind == "messagesAdded",
        read=kind == "labelsRemoved" if tells else None,
        deleted=kind == "messagesDeleted",
    )


def _merged(earlier: Change, later: Change) -> Change:
    """Two changes of one message as one; the later read state counts, and gone is gone."""
    return Change(
        remote_id=earlier.remote_id,
        remote_thread_id=later.remote_thread_id or earlier.remote_thread_id,
        arrived=earlier.arrived or later.arrived,
        read=earlier.read if later.read is None else later.read,
        deleted=earlier.deleted or later.deleted,
    )


def profile_cursor(profile: Profile, now: datetime) -> str:
    """The change feed's "now". Raises Retryable where Gmail does not say where that is."""
    history_id = _history_id(profile.get("historyId"))
    if history_id is None:
        raise Retryable("Gmail did not say where its change feed stands.")
    return encode_gmail(GmailCursor(history_id, now))


def start_of(cursor: str) -> GmailCursor:
    """A kept place in the feed. Raises CursorExpired for anything that we did not make."""
    try:
        return decode_gmail(cursor)
    except InvalidCursor as error:
        raise CursorExpired("The kept place in the change feed is not one of ours.") from error


@_as_documented
def end_of(page: HistoryList, start: GmailCursor, asked_at: datetime) -> GmailCursor:
    """Where the feed may be taken up after this page: the last record's id, or the feed's own "now".

    A page with more behind it is left at its last record, so that the place can be stored at once and no page
    token has to outlive anything; until when everything is known then stays as it was. It never lies before
    `start`.
    """
    last = not page.get("nextPageToken")
    told = [_history_id(page.get("historyId"))] if last else []
    told += [_history_id(record.get("id")) for record in page.get("history", ())]
    known = [number for number in told if number is not None]
    return GmailCursor(max([start.history_id, *known]), asked_at if last else start.synced_until)


def _history_id(text: object) -> int | None:
    """Source: https://developers.google.com/workspace/gmail/api/guides/sync (unsigned, increasing)."""
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 20:
        return None
    return int(text) if 0 < int(text) < 1 << 64 else None


@_as_documented
def draft(wire: WireDraft) -> Draft:
    """Raises Retryable where the answer lacks an id: the draft is then looked for or made again."""
    message = wire.get("message", {})
    if not wire.get("id") or not message.get("id"):
        raise Retryable("Gmail answered with half a draft.")
    return Draft(wire["id"], message["id"], message.get("threadId", ""))


@_as_documented
def listed_ids(listed: MessageList) -> list[str]:
    """The ids of a list, in its order; an empty list has no member `messages` at all."""
    found = [message.get("id") for message in listed.get("messages", ())]
    return [remote_id for remote_id in found if isinstance(remote_id, str) and remote_id]


def sent_copy(message: Message) -> SentCopy | None:
    """The message as a sent copy; None where it lacks its ids, whatever it has instead."""
    remote_id, remote_thread_id = message.get("id"), message.get("threadId")
    if not isinstance(remote_id, str) or not isinstance(remote_thread_id, str) or not remote_id:
        return None
    internet_message_id = None
    with suppress(OurBug):  # It was sent, whatever its headers look like.
        internet_message_id = _own_message_id(message)
    return SentCopy(remote_id, remote_thread_id, internet_message_id)


@_as_documented
def _own_message_id(message: Message) -> str | None:
    return message_id(_headers(message.get("payload", Part())).get("message-id"))


@_as_documented
def listed_drafts(listed: DraftList) -> dict[str, Draft]:
    """The drafts of a list, by the ids of their messages."""
    found = [draft(one) for one in listed.get("drafts", ())]
    return {one.remote_message_id: one for one in found}


@_as_documented
def is_draft_of(message: Message, marker: str) -> bool:
    """Whether this is the draft of a sending of ours."""
    headers = _headers(message.get("payload", Part()))
    return "DRAFT" in message.get("labelIds", ()) and clean_line(headers.get(MARKER_FIELD, "")) == marker


@_as_documented
def is_sending(message: Message, *, marker: str, internet_message_id: str) -> bool:
    """Whether this is the sent copy of our sending: in Sent, no draft, with our marker or Message-ID."""
    labels = message.get("labelIds", ())
    if "SENT" not in labels or "DRAFT" in labels:
        return False
    headers = _headers(message.get("payload", Part()))
    theirs = clean_line(headers.get(MARKER_FIELD, ""))
    if theirs:
        return theirs == marker
    return _own_message_id(message) == internet_message_id


@_as_documented
def send_as(listed: SendAsList, own: EmailAddress) -> tuple[EmailAddress, ...]:
    """Addresses that mail may be sent from: the mailbox's own first, then verified aliases.

    Source: https://developers.google.com/workspace/gmail/api/guides/alias_and_signature_settings
    """
    found = {own: None}
    for alias in listed.get("sendAs", ()):
        if alias.get("isPrimary") or alias.get("verificationStatus") == "accepted":
            try:
                found[normalise(alias.get("sendAsEmail", ""))] = None
            except InvalidAddress:
                continue
    return tuple(found)


def own_address(text: str | None) -> EmailAddress:
    """The mailbox's address as Google names it. Raises OurBug where that is none."""
    try:
        return normalise(text or "")
    except InvalidAddress as error:
        raise OurBug("Google named no address for the mailbox.") from error


def expiration(text: str | None) -> datetime:
    """A watch's end, in milliseconds since 1970. Raises Retryable where it is not told."""
    ends_at = _instant_ms(text)
    if ends_at is None:
        raise Retryable("Gmail did not say when the watch ends.")
    return ends_at
