"""Read and edit mail as bytes: header fields, addresses, ids, subjects; never re-encode a body.

Source: RFC 5322 (fields, message identifiers), RFC 2047 (encoded words in headers).
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

MESSAGE_ID = re.compile(r"<[^<>\s]+>")
REPLY_MARK = re.compile(r"^\s*((re|aw|sv|fwd?|wg|tr|antw)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
DEEPEST = 50
FIELD_NAME = re.compile(rb"^[!-9;-~]+(?=[ \t]*:)")


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address list; `address` is lower case."""

    name: str
    address: str

    def __str__(self) -> str:
        """Show it as people write it."""
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Summary:
    """What the header of one mail says, decoded for people and for searching."""

    sender: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    internet_message_id: str
    references: tuple[str, ...]
    auto_submitted: bool

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Everyone it is addressed to, once each, in header order."""
        return tuple({found.address: found for found in (*self.to, *self.cc, *self.bcc)}.values())


def with_crlf(raw: bytes) -> bytes:
    """Return the mail with the line ends of RFC 5322."""
    if raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r"):
        return raw
    return re.sub(rb"\r\n|\r|\n", b"\r\n", raw)


def split_fields(raw: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Return the header fields (name, whole field with its line end) and everything after the header."""
    if raw.startswith(b"\r\n"):
        return [], raw
    head, found, body = raw.partition(b"\r\n\r\n")
    fields: list[tuple[str, bytes]] = []
    for line in head.split(b"\r\n"):
        name = FIELD_NAME.match(line)
        if name:
            fields.append((name.group().decode("ascii"), line + b"\r\n"))
        elif fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + line + b"\r\n")
    return fields, (b"\r\n" + body if found else b"\r\n")


def edit_fields(
    raw: bytes,
    *,
    remove: Iterable[str] = (),
    prepend: Iterable[tuple[str, str]] = (),
    append: Iterable[tuple[str, str]] = (),
) -> bytes:
    """Return the mail with header fields taken out and others put before or after what is left."""
    gone = {name.lower() for name in remove}
    fields, rest = split_fields(raw)
    kept = b"".join(field for name, field in fields if name.lower() not in gone)
    first = b"".join(f"{name}: {value}\r\n".encode() for name, value in prepend)
    last = b"".join(f"{name}: {value}\r\n".encode() for name, value in append)
    return first + kept + last + rest


def header_values(raw: bytes, name: str) -> list[str]:
    """Return the unfolded values of a header, undecoded, in order."""
    return [value for found, value in all_headers(raw) if found.lower() == name.lower()]


def all_headers(raw: bytes) -> list[tuple[str, str]]:
    """Return every header field as name and unfolded text; bytes that are no UTF-8 become U+FFFD."""
    return [(name, field_text(field)) for name, field in split_fields(raw)[0]]


def field_text(field: bytes) -> str:
    """Return one field's value, unfolded (RFC 5322 section 2.2.3)."""
    value = field.partition(b":")[2].decode("utf-8", "replace")
    return re.sub(r"\r\n(?=[ \t])", "", value).strip()


def decoded(text: str) -> str:
    """Decode the encoded words of RFC 2047; text that cannot be decoded is kept as it is."""
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return text


def addresses(values: Iterable[str]) -> tuple[Address, ...]:
    """Return the addresses of one or several address headers; what is no address is left out."""
    found = getaddresses(list(values))
    return tuple(Address(decoded(name), spec.lower()) for name, spec in found if is_address(spec))


def is_address(text: str) -> bool:
    """Tell whether this looks like local-part@domain, without spaces or control characters."""
    return re.fullmatch(r"[^\s@<>,;:\"\x00-\x1f]+@[^\s@<>,;:\"\x00-\x1f]+", text) is not None


def summary_of(raw: bytes) -> Summary:
    """Read the header of a mail."""
    headers: dict[str, list[str]] = {}
    for name, value in all_headers(raw):
        headers.setdefault(name.lower(), []).append(value)

    def listed(name: str) -> tuple[Address, ...]:
        return addresses(headers.get(name, []))

    ids = MESSAGE_ID.findall(" ".join(headers.get("message-id", [""])[:1]))
    named = [*headers.get("references", []), *headers.get("in-reply-to", [])]
    automatic = headers.get("auto-submitted", ["no"])[0].split(";")[0].strip().lower()
    return Summary(
        sender=listed("from"),
        to=listed("to"),
        cc=listed("cc"),
        bcc=listed("bcc"),
        reply_to=listed("reply-to"),
        subject=decoded(headers.get("subject", [""])[0]),
        internet_message_id=ids[0] if ids else "",
        references=tuple(dict.fromkeys(MESSAGE_ID.findall(" ".join(named)))),
        auto_submitted=automatic != "no",
    )


def base_subject(subject: str) -> str:
    """Return the subject without reply and forward marks, for comparing (after RFC 5256 section 2.1)."""
    return " ".join(REPLY_MARK.sub("", subject).split()).lower()


def date_of(raw: bytes) -> int | None:
    """Return the Date header in epoch milliseconds, or None where there is none that can be read."""
    values = header_values(raw, "Date")
    try:
        return int(parsedate_to_datetime(values[0]).timestamp() * 1000) if values else None
    except (ValueError, OverflowError):
        return None


def parsed(raw: bytes) -> Message:
    """Return the tree of parts, headers untouched; a mail nested too deep to walk becomes one flat text."""
    try:
        message = message_from_bytes(raw)
    except RecursionError:
        return _flat(raw)
    level: list[Message] = [message]
    for _depth in range(DEEPEST):
        level = [inner for part in level for inner in inner_parts(part)]
        if not level:
            return message
    return _flat(raw)


def _flat(raw: bytes) -> Message:
    message = Message()
    message["Content-Type"] = 'text/plain; charset="utf-8"'
    message.set_payload(raw.decode("utf-8", "replace"), "utf-8")
    return message


def inner_parts(part: Message) -> list[Message]:
    """Return the parts directly inside a part."""
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def part_bytes(part: Message) -> bytes:
    """Return a leaf part's content without its transfer encoding; a nested message as its own bytes."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"\r\n".join(inner.as_bytes() for inner in payload if isinstance(inner, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def part_text(part: Message) -> str:
    """Return a text part as text, whatever charset it claims."""
    try:
        return part_bytes(part).decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return part_bytes(part).decode("utf-8", "replace")


def file_name(part: Message) -> str:
    """Return the attachment's name, decoded (RFC 2231, RFC 2047), or an empty string."""
    try:
        return decoded(part.get_filename() or "")
    except (LookupError, UnicodeError, ValueError):
        return ""


def text_bodies(message: Message) -> tuple[str, str]:
    """Return the first plain text and the first HTML body that are no attachments."""
    plain = markup = ""
    for part in message.walk():
        if part.is_multipart() or file_name(part) or part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and not plain:
            plain = part_text(part)
        elif kind == "text/html" and not markup:
            markup = part_text(part)
    return plain, markup


def snippet_of(message: Message) -> str:
    """Return the beginning of the text in one line, with HTML entities, as Gmail gives it."""
    plain, markup = text_bodies(message)
    if not plain:
        bare = re.sub(r"(?is)<(style|script|head)\b.*?</\1\s*>|<[^>]*>", " ", markup[:20_000])
        plain = html.unescape(bare)
    line = " ".join(plain[:4000].split())[:200]
    return html.escape(line, quote=True).replace("&#x27;", "&#39;")
