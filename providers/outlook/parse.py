"""What Graph's JSON means in our words.

Pure. Belongs here: wire in, envelopes, changes, copies out. Never: errors (decipher.py), network, a guess.
Headers are told for received mail only; of what lies in Sent the two that threads need are read from the
properties that Exchange keeps of every message.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from providers.outlook.requests import (
    BEGUN_PROPERTY,
    IN_REPLY_TO_PROPERTY,
    MARKER_PROPERTY,
    REFERENCES_PROPERTY,
)
from providers.outlook.settings import MicrosoftSettings
from providers.outlook.wire import GraphRecipient, Message, MessageList, Subscription, User
from providers.protocol import Draft, SentCopy
from rules.addresses import InvalidAddress, normalise
from rules.automatic import automatic
from rules.bounces import MARKER_FIELD
from rules.envelope import AttachmentOutline, Correspondent, Envelope, Place
from rules.errors import OurBug, Retryable
from rules.headers import clean_line, message_id, message_ids
from rules.parsed import Automatic
from rules.words import EmailAddress

MARK_LETTERS: Final = 8
_MEETING: Final = "#microsoft.graph.eventmessage"

Read = ParamSpec("Read")
Meaning = TypeVar("Meaning")


def _as_documented(read: Callable[Read, Meaning]) -> Callable[Read, Meaning]:
    """Let a shape that Graph does not document be one clear error: wire.py holds promises, not facts."""

    @wraps(read)
    def reading(*arguments: Read.args, **named: Read.kwargs) -> Meaning:
        try:
            return read(*arguments, **named)
        except (AttributeError, TypeError, KeyError) as error:
            raise OurBug("Microsoft answered in a shape that we do not know.") from error

    return reading


def instant(text: str | None) -> datetime | None:
    """A time as Graph writes it, with up to seven digits of a second; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


@_as_documented
def envelope(message: Message, place: Place) -> Envelope:
    """Read a message that was asked for with ENVELOPE_FIELDS.

    Raises:
        Retryable: it lacks its id, conversation or date: half an answer.
    """
    remote_id, remote_thread_id = message.get("id"), message.get("conversationId")
    received_at = instant(message.get("receivedDateTime"))
    if not remote_id or not remote_thread_id or received_at is None:
        raise Retryable("Microsoft answered with half a message.")
    headers = _headers(message)
    kept = _properties(message)
    return Envelope(
        remote_id=remote_id,
        remote_thread_id=remote_thread_id,
        received_at=received_at,
        sent_at=instant(message.get("sentDateTime")) or received_at,
        sender=_author(message),
        to=tuple(_people(message.get("toRecipients"))),
        cc=tuple(_people(message.get("ccRecipients"))),
        bcc=tuple(_people(message.get("bccRecipients"))),
        subject=clean_line(message.get("subject") or ""),
        internet_message_id=message_id(message.get("internetMessageId")),
        in_reply_to=message_id(_first(headers, "in-reply-to") or kept.get(IN_REPLY_TO_PROPERTY.lower())),
        references=message_ids(_first(headers, "references") or kept.get(REFERENCES_PROPERTY.lower())),
        place=_place(message, place),
        unread=message.get("isRead") is False,
        attachments=tuple(_attachments(message)),
        marker=_marker(message, headers),
        automatic=automatic(headers) is not Automatic.NO,
        size_bytes=sum(one.size_bytes for one in _attachments(message)),
    )


def _place(message: Message, folder: Place) -> Place:
    """A draft is one wherever it lies; an invitation without more is no mail, wherever it lies."""
    if message.get("isDraft") is True:
        return Place.DRAFT
    meeting = str(message.get("@odata.type", "")).lower().startswith(_MEETING)
    return Place.CALENDAR if meeting and folder is Place.MAIL else folder


def _marker(message: Message, headers: Mapping[str, tuple[str, ...]]) -> str | None:
    text = _properties(message).get(MARKER_PROPERTY.lower()) or _first(headers, MARKER_FIELD.lower())
    return clean_line(text or "")[:200] or None


def _properties(message: Message) -> dict[str, str]:
    """The extended properties that were asked for, by their ids in lower case."""
    found = message.get("singleValueExtendedProperties") or ()
    return {one["id"].lower(): one.get("value") or "" for one in found if one.get("id")}


def _headers(message: Message) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for header in message.get("internetMessageHeaders") or ():
        name = (header.get("name") or "").lower()
        found[name] = (*found.get(name, ()), header.get("value") or "")
    return found


def _first(headers: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    values = headers.get(name)
    return values[0] if values else None


def _author(message: Message) -> Correspondent | None:
    """Who the message says it is from; some reports of failed delivery have nobody."""
    said = message.get("from") or message.get("sender")
    return next(_people([said] if said else []), None)


def _people(listed: Iterable[GraphRecipient] | None) -> Iterator[Correspondent]:
    """Everybody with an address; Exchange's own kinds of address (EX, groups) are passed over."""
    for one in listed or ():
        said = one.get("emailAddress") or {}
        try:
            address = normalise(said.get("address") or "")
        except InvalidAddress:
            continue
        name = clean_line(said.get("name") or "")
        yield Correspondent(address, name if name and name.lower() != address else None)


def _attachments(message: Message) -> Iterator[AttachmentOutline]:
    for one in message.get("attachments") or ():
        size = one.get("size")
        yield AttachmentOutline(
            name=one.get("name") or "attachment",
            content_type=(one.get("contentType") or "application/octet-stream").lower(),
            size_bytes=size if isinstance(size, int) and size >= 0 else 0,
            inline=one.get("isInline") is True,
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list. Only Graph knows whether there is more: it may send fewer than were asked for.

    Source: https://learn.microsoft.com/en-us/graph/paging
    """

    messages: list[Message]
    more: bool = False


@_as_documented
def listed(said: MessageList) -> Listed:
    """A page of a list.

    Raises:
        Retryable: nothing is on it although there is more: no place to go on from.
    """
    found = Listed([one for one in said.get("value", []) if one.get("id")], bool(said.get("@odata.nextLink")))
    if found.more and not found.messages:
        raise Retryable("Microsoft sent an empty page of a list that goes on.")
    return found


@_as_documented
def mark(message: Message) -> str:
    """Eight letters that stand for this version of this message."""
    version = f"{message['id']}\0{message.get('changeKey') or message.get('lastModifiedDateTime')}"
    return base64.urlsafe_b64encode(hashlib.sha256(version.encode()).digest())[:MARK_LETTERS].decode("ascii")


@_as_documented
def draft(message: Message) -> Draft:
    """Raises Retryable where the answer lacks an id: the draft is then made again."""
    remote_id, remote_thread_id = message.get("id"), message.get("conversationId")
    if not remote_id:
        raise Retryable("Microsoft answered with half a draft.")
    return Draft(remote_id, remote_id, remote_thread_id or "")


@_as_documented
def sent_copy(message: Message) -> SentCopy | None:
    """The message as a sent copy; None where it is still a draft, or lacks its ids."""
    remote_id, remote_thread_id = message.get("id"), message.get("conversationId")
    if not remote_id or not remote_thread_id or message.get("isDraft") is not False:
        return None
    return SentCopy(remote_id, remote_thread_id, message_id(message.get("internetMessageId")))


@_as_documented
def is_draft_of(message: Message, *, marker: str, internet_message_id: str) -> bool | None:
    """Whether this is the whole draft of our sending; False for half of it, None for anything else.

    The marker is the last that is written to a draft (drafts.py).
    """
    if message.get("isDraft") is not True:
        return None
    theirs = _marker(message, {})
    begun = _properties(message).get(BEGUN_PROPERTY.lower()) == marker
    if theirs is None and (begun or message_id(message.get("internetMessageId")) == internet_message_id):
        return False
    return True if theirs == marker else None


@_as_documented
def is_sending(message: Message, *, marker: str, internet_message_id: str) -> bool:
    """Whether this is the sent copy of our sending: no draft, with our marker or Message-ID."""
    if message.get("isDraft") is not False:
        return False
    theirs = _marker(message, {})
    if theirs:
        return theirs == marker
    return message_id(message.get("internetMessageId")) == internet_message_id


@_as_documented
def own_address(user: User) -> EmailAddress:
    """The mailbox's address as Microsoft names it. Raises OurBug where that is none."""
    for text in (user.get("mail"), user.get("userPrincipalName")):
        try:
            return normalise(text or "")
        except InvalidAddress:
            continue
    raise OurBug("Microsoft named no address for the mailbox.")


@_as_documented
def send_as(user: User, own: EmailAddress) -> tuple[EmailAddress, ...]:
    """The mailbox's own address, then its other ones.

    Source: https://learn.microsoft.com/en-us/graph/api/resources/user (proxyAddresses)
    """
    found = {own: None}
    for text in user.get("proxyAddresses") or ():
        kind, _, address = text.partition(":")
        if kind.lower() == "smtp":
            try:
                found[normalise(address)] = None
            except InvalidAddress:
                continue
    return tuple(found)


def account_id(settings: MicrosoftSettings, account: str) -> str:
    """What a mailbox is known by (R10): the sign-in service, and the account's own id there."""
    return f"https://{settings.authority.partition('://')[2]}|{account}"


@_as_documented
def expiration(subscription: Subscription) -> datetime:
    """A subscription's end. Raises Retryable where it is not told."""
    ends_at = instant(subscription.get("expirationDateTime"))
    if ends_at is None:
        raise Retryable("Microsoft did not say when the subscription ends.")
    return ends_at
