"""Write a mail as a stream of bytes: RFC 5322 headers, text and HTML, inline images, attachments.

The law: an attachment is never whole in memory, the total size is known before the first byte, every line
keeps to 998 octets, and no header can be broken out of (R40): a text with a line break is refused, not
cleaned.
Deterministic: date, message id and boundary are arguments; the same mail gives the same bytes.
Source: RFC 5322, RFC 2045 to 2047, RFC 2231, RFC 2387 (related); RFC 5321 4.5.3.1.6 (line length).
"""

import base64
import quopri
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from rules.addresses import format_address
from rules.envelope import Correspondent
from rules.headers import (
    UnsafeHeader,
    encode_words,
    fold,
    id_header,
    message_ids,
    refuse_breaks,
    text_header,
)
from rules.html_text import html_from_text, text_from_html
from rules.words import EmailAddress

MARKER_HEADER: Final = "X-Bothways-Submission"
NAME_LIMIT: Final = 240
SUBJECT_LIMIT: Final = 998
_LINE_BYTES: Final = 57
"""Decoded bytes of one base64 line: 76 characters. Source: RFC 2045 6.8."""
_BATCH_LINES: Final = 1024

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$&^_.+\-]{1,127}")
_BOUNDARY: Final = re.compile(r"[A-Za-z0-9_\-]{16,60}")
_PLAIN_ADDRESS: Final = re.compile(r"[a-z0-9-]{1,64}@[a-z0-9.-]{1,253}")
_HTTPS_URL: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,900}")
_CONTENT_ID: Final = re.compile(r"[A-Za-z0-9._%+\-@]{1,200}")

Content = Iterable[bytes] | AsyncIterable[bytes]


class SizeMismatch(Exception):
    """An attachment's content was not as long as was said before; the message must not be used."""


@dataclass(frozen=True, slots=True)
class OutgoingAttachment:
    """A file that goes along. `open` gives its content anew, in chunks of any size; `size_bytes` in all.

    With `content_id` (no brackets) it is an inline image that the HTML shows as `cid:`.
    """

    name: str
    content_type: str
    size_bytes: int
    open: Callable[[], Content]
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What a mail says. One of `text` and `html` may be left out: it is made from the other.

    `message_id`, `in_reply_to` and `references` have no brackets; `marker` is the submission's.
    """

    sender: Correspondent
    to: tuple[Correspondent, ...]
    subject: str
    message_id: str
    sent_at: datetime
    marker: str
    boundary: str
    """16 to 60 letters, digits, `_` or `-`, made for this message alone: nobody could have written it."""
    cc: tuple[Correspondent, ...] = ()
    bcc: tuple[Correspondent, ...] = ()
    text: str | None = None
    html: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    attachments: tuple[OutgoingAttachment, ...] = ()
    automatic: bool = False
    """Nobody wrote it by hand: it carries Auto-Submitted. Source: RFC 3834 5."""
    reply_to: Correspondent | None = None
    unsubscribe_url: str | None = None
    """Where one POST ends mail of this kind. Source: RFC 2369 3.2, RFC 8058 3.1."""
    unsubscribe_address: EmailAddress | None = None
    """Where a mail does the same; named behind the URL. Source: RFC 2369 2 (several, in order)."""


@dataclass(frozen=True, slots=True)
class ComposedMessage:
    """A mail that is ready to be streamed, as often as needed; `size_bytes` is exact."""

    size_bytes: int
    _pieces: tuple["bytes | OutgoingAttachment", ...] = field(repr=False)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Stream the message. Raises: SizeMismatch."""
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            async for chunk in _encoded(piece):
                yield chunk


def rfc5322_date(at: datetime) -> str:
    """Return the Date header's value, in UTC. Source: RFC 5322 3.3."""
    utc = at.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02d} {month} {utc.year:04d} {utc:%H:%M:%S} +0000"


def encoded_size(size_bytes: int) -> int:
    """Return how long content is as base64 in lines of 76 with CRLF."""
    letters = 4 * -(-size_bytes // 3)
    return letters + 2 * -(-letters // 76)


def _lines(content: bytes) -> bytes:
    """Encode whole lines (a multiple of 57 bytes) or the last piece."""
    letters = base64.b64encode(content)
    return b"".join(letters[start : start + 76] + b"\r\n" for start in range(0, len(letters), 76))


async def _each(content: Content) -> AsyncIterator[bytes]:
    if isinstance(content, AsyncIterable):
        async for chunk in content:
            yield chunk
    else:
        for chunk in content:
            yield chunk


async def _encoded(attachment: OutgoingAttachment) -> AsyncIterator[bytes]:
    """Stream an attachment's content as base64, holding at most one batch of lines and one chunk."""
    rest, seen, batch = bytearray(), 0, _LINE_BYTES * _BATCH_LINES
    async for chunk in _each(attachment.open()):
        seen += len(chunk)
        if seen > attachment.size_bytes:
            raise SizeMismatch(f"an attachment is longer than its {attachment.size_bytes} bytes")
        rest += chunk
        while len(rest) >= batch:
            yield _lines(bytes(rest[:batch]))
            del rest[:batch]
    if seen != attachment.size_bytes:
        raise SizeMismatch(f"an attachment has {seen} bytes instead of {attachment.size_bytes}")
    if rest:
        yield _lines(bytes(rest))


def _people_header(name: str, people: Iterable[Correspondent]) -> bytes:
    words: list[str] = []
    for person in people:
        if words:
            words[-1] += ","
        words.extend(format_address(person))
    return fold(name, words) if words else b""


def _quoted_parameter(name: str, value: str) -> list[str]:
    """Return a parameter the way old programs read it: quoted, beyond ASCII as encoded words."""
    if value.isascii() and len(value) <= 60 and "=?" not in value and not re.search(r'["\\]', value):
        return [f'{name}="{value}"']
    words = encode_words(value)
    words[0] = f'{name}="{words[0]}'
    words[-1] += '"'
    return words


def _extended_parameter(name: str, value: str) -> list[str]:
    """Return a parameter quoted, or where it must be in RFC 2231 form, in sections. Source: RFC 2231 3, 4."""
    if value.isascii() and len(value) <= 60 and "=?" not in value and not re.search(r'["\\]', value):
        return [f'{name}="{value}"']
    encoded = quote(value, safe="!#$&+-.^_`{}~")
    if len(encoded) <= 50:
        return [f"{name}*=utf-8''{encoded}"]
    sections: list[str] = []
    start = 0
    while start < len(encoded):
        end = min(start + 50, len(encoded))
        cut = encoded.rfind("%", max(start, end - 2), end)
        end = cut if end < len(encoded) and cut > start else end
        prefix = "utf-8''" if start == 0 else ""
        sections.append(f"{name}*{len(sections)}*={prefix}{encoded[start:end]}")
        start = end
    return [*(f"{one};" for one in sections[:-1]), sections[-1]]


def _attachment_headers(attachment: OutgoingAttachment) -> bytes:
    name = refuse_breaks("attachment name", attachment.name).strip() or "attachment"
    if len(name) > NAME_LIMIT:
        raise UnsafeHeader("attachment name", f"longer than {NAME_LIMIT} characters")
    main, slash, sub = attachment.content_type.partition("/")
    if not slash or not _TOKEN.fullmatch(main) or not _TOKEN.fullmatch(sub):
        raise UnsafeHeader("content type", "not of the form type/subtype")
    # A message or a multipart may not be base64 encoded (RFC 2045 6.4), nor be read as our structure.
    kind = "application/octet-stream" if main.lower() in ("multipart", "message") else f"{main}/{sub}"
    disposition = "inline" if attachment.content_id else "attachment"
    headers = fold("Content-Type", [f"{kind};", *_quoted_parameter("name", name)])
    headers += fold("Content-Disposition", [f"{disposition};", *_extended_parameter("filename", name)])
    if attachment.content_id:
        if not _CONTENT_ID.fullmatch(attachment.content_id):
            raise UnsafeHeader("content id", "may hold only letters, digits and . _ % + - @")
        headers += f"Content-ID: <{attachment.content_id}>\r\n".encode("ascii")
    return headers + b"Content-Transfer-Encoding: base64\r\n\r\n"


def _text_part(content: str, subtype: str) -> bytes:
    """Return a text part, in quoted-printable or base64, whichever is shorter."""
    octets = "\r\n".join(content.splitlines()).encode("utf-8", errors="replace") + b"\r\n"
    quoted = quopri.encodestring(octets.replace(b"\r\n", b"\n"), quotetabs=False).replace(b"\n", b"\r\n")
    lines = _lines(octets)
    how, body = ("quoted-printable", quoted) if len(quoted) <= len(lines) else ("base64", lines)
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n"
    return head.encode("ascii") + body


def _headers(message: OutgoingMessage, shows_bcc: bool) -> bytes:
    if not (message.to or message.cc or message.bcc):
        raise UnsafeHeader("To", "there is no recipient")
    if len(message.subject) > SUBJECT_LIMIT:
        raise UnsafeHeader("Subject", f"longer than {SUBJECT_LIMIT} characters")
    for one in message.references:
        id_header("References", (one,))
    references = message_ids(" ".join(f"<{one}>" for one in message.references))
    return b"".join(
        (
            f"Date: {rfc5322_date(message.sent_at)}\r\n".encode("ascii"),
            _people_header("From", (message.sender,)),
            _people_header("To", message.to),
            _people_header("Cc", message.cc),
            _people_header("Bcc", message.bcc) if shows_bcc else b"",
            text_header("Subject", message.subject),
            id_header("Message-ID", (message.message_id,)),
            id_header("In-Reply-To", (message.in_reply_to,)) if message.in_reply_to else b"",
            id_header("References", references) if references else b"",
            text_header(MARKER_HEADER, message.marker),
            _people_header("Reply-To", (message.reply_to,)) if message.reply_to else b"",
            _unsubscribe(message) if message.unsubscribe_url else b"",
            b"Auto-Submitted: auto-generated\r\n" if message.automatic else b"",
            b"MIME-Version: 1.0\r\n",
        )
    )


def _unsubscribe(message: OutgoingMessage) -> bytes:
    url, address = message.unsubscribe_url or "", message.unsubscribe_address
    if not _HTTPS_URL.fullmatch(url):
        raise UnsafeHeader("List-Unsubscribe", "is no address of a page")
    ways = [f"<{url}>"]
    if address is not None:
        if not _PLAIN_ADDRESS.fullmatch(address):
            raise UnsafeHeader("List-Unsubscribe", "is no plain address")
        ways = [f"<{url}>,", f"<mailto:{address}?subject=unsubscribe>"]
    post = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return fold("List-Unsubscribe", ways) + post


Piece = bytes | OutgoingAttachment


def _multipart(subtype: str, boundary: str, parts: Iterable[Iterable[Piece]]) -> Iterator[Piece]:
    yield f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode("ascii")
    for part in parts:
        yield f"--{boundary}\r\n".encode("ascii")
        yield from part
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode("ascii")


def _attachment_part(attachment: OutgoingAttachment) -> tuple[Piece, ...]:
    return (_attachment_headers(attachment), attachment)


def _body(message: OutgoingMessage) -> Iterable[Piece]:
    text, html = message.text, message.html
    if html is None:
        html = html_from_text(text or "")
    if text is None:
        text = text_from_html(html)
    inline = [one for one in message.attachments if one.content_id]
    attached = [one for one in message.attachments if not one.content_id]
    shown: Iterable[Piece] = (_text_part(html, "html"),)
    if inline:
        related = ((_text_part(html, "html"),), *(_attachment_part(one) for one in inline))
        shown = tuple(_multipart("related", f"{message.boundary}-r", related))
    alternatives = ((_text_part(text, "plain"),), shown)
    body: Iterable[Piece] = tuple(_multipart("alternative", f"{message.boundary}-a", alternatives))
    if attached:
        parts = (body, *(_attachment_part(one) for one in attached))
        body = tuple(_multipart("mixed", f"{message.boundary}-m", parts))
    return body


def compose(message: OutgoingMessage, *, shows_bcc: bool = True) -> ComposedMessage:
    """Return the mail, ready to be streamed.

    A mailbox's provider reads Bcc recipients from the header and takes it out of their copies; a sender with
    an envelope of its own (SMTP) must leave it out.

    Raises:
        UnsafeHeader: a header field would break, or holds what it may not (R40); `field` names it.
    """
    if not _BOUNDARY.fullmatch(message.boundary):
        raise UnsafeHeader("boundary", "must be 16 to 60 letters, digits, _ or -")
    pieces = (_headers(message, shows_bcc), *_body(message))
    size = sum(len(one) if isinstance(one, bytes) else encoded_size(one.size_bytes) for one in pieces)
    return ComposedMessage(size, pieces)
