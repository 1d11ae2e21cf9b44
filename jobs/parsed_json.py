"""A read mail as JSON, out of a sandboxed child and back: every field named, every type checked.

The child has read a stranger's bytes, so its answer is believed no more than they are: no pickle, no class
names, and what is not of the expected type refuses the whole answer.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from rules.envelope import AttachmentOutline, Correspondent
from rules.parsed import Automatic, Bounce, FailedRecipient, ParsedAttachment, ParsedMessage
from rules.words import EmailAddress

Value = TypeVar("Value")
Wire = Mapping[str, Any]


class MalformedAnswer(Exception):
    """The child's answer is not what a child of ours would write."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedAnswer("a text was expected")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedAnswer("a whole number was expected")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise MalformedAnswer("true or false was expected")
    return value


def _maybe(read: Callable[[Any], Value], value: object) -> Value | None:
    return None if value is None else read(value)


def _many(read: Callable[[Any], Value], value: object) -> tuple[Value, ...]:
    if not isinstance(value, list):
        raise MalformedAnswer("a list was expected")
    return tuple(read(one) for one in value)


def _fields(value: object) -> Wire:
    if not isinstance(value, dict):
        raise MalformedAnswer("an object was expected")
    return value


def _instant(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(_text(value))
    except ValueError as trouble:
        raise MalformedAnswer("an instant was expected") from trouble
    if at.tzinfo is None:
        raise MalformedAnswer("an instant in UTC was expected")
    return at.astimezone(UTC)


def _correspondent(value: object) -> Correspondent:
    fields = _fields(value)
    return Correspondent(EmailAddress(_text(fields["address"])), _maybe(_text, fields["name"]))


def _attachment(value: object) -> ParsedAttachment:
    fields = _fields(value)
    outline = _fields(fields["outline"])
    return ParsedAttachment(
        AttachmentOutline(
            name=_text(outline["name"]),
            content_type=_text(outline["content_type"]),
            size_bytes=_whole(outline["size_bytes"]),
            inline=_flag(outline["inline"]),
        ),
        _maybe(_text, fields["content_id"]),
    )


def _failed(value: object) -> FailedRecipient:
    fields = _fields(value)
    address = _maybe(_text, fields["address"])
    return FailedRecipient(
        address=None if address is None else EmailAddress(address),
        action=_text(fields["action"]),
        status=_text(fields["status"]),
        diagnostic=_text(fields["diagnostic"]),
    )


def _bounce(value: object) -> Bounce:
    fields = _fields(value)
    return Bounce(
        _many(_failed, fields["recipients"]),
        _maybe(_text, fields["original_message_id"]),
        _maybe(_text, fields["original_marker"]),
    )


def encode(message: ParsedMessage) -> bytes:
    """Return a message as JSON."""
    return orjson.dumps(message)


def decode(answer: bytes) -> ParsedMessage:
    """Return the message that a child wrote.

    Raises:
        MalformedAnswer: it is none, or not whole.
    """
    try:
        fields = _fields(orjson.loads(answer))
        return ParsedMessage(
            subject=_text(fields["subject"]),
            sender=_maybe(_correspondent, fields["sender"]),
            to=_many(_correspondent, fields["to"]),
            cc=_many(_correspondent, fields["cc"]),
            bcc=_many(_correspondent, fields["bcc"]),
            reply_to=_many(_correspondent, fields["reply_to"]),
            sent_at=_maybe(_instant, fields["sent_at"]),
            internet_message_id=_maybe(_text, fields["internet_message_id"]),
            in_reply_to=_maybe(_text, fields["in_reply_to"]),
            references=_many(_text, fields["references"]),
            marker=_maybe(_text, fields["marker"]),
            text=_text(fields["text"]),
            html=_maybe(_text, fields["html"]),
            remote_images=_many(_text, fields["remote_images"]),
            quoted_from=_maybe(_whole, fields["quoted_from"]),
            snippet=_text(fields["snippet"]),
            attachments=_many(_attachment, fields["attachments"]),
            warnings=_many(_text, fields["warnings"]),
            too_complex=_flag(fields["too_complex"]),
            automatic=Automatic(_text(fields["automatic"])),
            bounce=_maybe(_bounce, fields["bounce"]),
        )
    except (orjson.JSONDecodeError, KeyError, ValueError) as trouble:
        raise MalformedAnswer("the answer is not a whole message") from trouble
