"""Write mail as a person's mail program does: new, reply, reply to all, forward, with attachments.

Source: RFC 5322 section 3.6.4 (In-Reply-To and References of a reply).
"""

import base64
import mimetypes
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from simulator import mime

LARGE_BYTES = 500_000


class NotWritable(ValueError):
    """The letter cannot become a mail; the message says why."""


@dataclass(frozen=True)
class Enclosure:
    """A file to attach."""

    filename: str
    content_type: str
    content: bytes
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True)
class Letter:
    """What somebody wants to send."""

    to: list[str] = field(default_factory=list)
    cc: list[str] = field(default_factory=list)
    bcc: list[str] = field(default_factory=list)
    subject: str = ""
    text: str = ""
    html: str = ""
    enclosures: list[Enclosure] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pen:
    """Who writes, and when, and the Message-ID to use (with its angle brackets)."""

    name: str
    address: str
    written_at: datetime
    internet_message_id: str


def written(pen: Pen, letter: Letter) -> bytes:
    """Return the letter as RFC 5322 bytes.

    Raises:
        NotWritable: a header holds a line break, an address is none, or a content type is unknown in form.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = formataddr((pen.name, pen.address))
        for name, values in (("To", letter.to), ("Cc", letter.cc), ("Bcc", letter.bcc)):
            if values:
                message[name] = ", ".join(_checked(value) for value in values)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(pen.written_at)
        message["Message-ID"] = pen.internet_message_id
        for name, value in letter.headers.items():
            del message[name]
            message[name] = value
        message.set_content(letter.text)
        if letter.html:
            message.add_alternative(letter.html, subtype="html")
        large = sum(len(one.content) for one in letter.enclosures) > LARGE_BYTES
        for enclosure in [] if large else letter.enclosures:
            _attach(message, enclosure)
        raw = message.as_bytes()
        return _around(raw, letter.enclosures) if large else raw
    except (ValueError, LookupError, UnicodeError, IndexError) as error:
        raise NotWritable(str(error)) from error


def reply_to(raw: bytes, letter: Letter, own: set[str], *, to_all: bool) -> Letter:
    """Fill in what a reply takes from the mail it answers: recipients, subject, thread headers."""
    original = mime.summary_of(raw)
    answered = original.reply_to or original.sender
    if own & {address.address for address in original.sender}:
        answered = original.to
    to = letter.to or [_formatted(address) for address in answered]
    cc = letter.cc
    if to_all and not cc:
        taken = own | {address.address for address in mime.addresses(to)}
        others = [address for address in (*original.to, *original.cc) if address.address not in taken]
        cc = [_formatted(address) for address in others]
    subject = letter.subject or f"Re: {_without_mark(original.subject)}"
    return Letter(
        to,
        cc,
        letter.bcc,
        subject,
        letter.text,
        letter.html,
        letter.enclosures,
        {**thread_headers(original), **letter.headers},
    )


def forward_of(raw: bytes, letter: Letter) -> Letter:
    """Fill in what a forward takes from the mail it passes on: text, attachments, subject, thread headers."""
    original = mime.summary_of(raw)
    tree = mime.parsed(raw)
    head = [
        f"From: {', '.join(map(str, original.sender))}",
        f"Subject: {original.subject}",
        f"To: {', '.join(map(str, original.to))}",
    ]
    text = "\n".join(
        [letter.text, "", "---------- Forwarded message ---------", *head, "", mime.text_bodies(tree)[0]]
    )
    carried = [
        Enclosure(mime.file_name(part), part.get_content_type(), mime.part_bytes(part))
        for part in tree.walk()
        if not part.is_multipart() and mime.file_name(part)
    ]
    return Letter(
        letter.to,
        letter.cc,
        letter.bcc,
        letter.subject or f"Fwd: {_without_mark(original.subject)}",
        text,
        letter.html,
        [*carried, *letter.enclosures],
        {**thread_headers(original), **letter.headers},
    )


def thread_headers(original: mime.Summary) -> dict[str, str]:
    """Return the In-Reply-To and References of an answer."""
    if not original.internet_message_id:
        return {}
    chain = [*original.references, original.internet_message_id]
    return {"In-Reply-To": original.internet_message_id, "References": " ".join(dict.fromkeys(chain))}


def guessed_type(filename: str) -> str:
    """Return the content type that the file's name suggests."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _without_mark(subject: str) -> str:
    return mime.REPLY_MARK.sub("", subject).strip()


def _formatted(address: mime.Address) -> str:
    return formataddr((address.name, address.address))


def _checked(value: str) -> str:
    found = mime.addresses([value])
    if not found or not value.isprintable():
        raise NotWritable(f"not an address: {value!r}")
    return ", ".join(_formatted(address) for address in found)


def _around(raw: bytes, enclosures: list[Enclosure]) -> bytes:
    """Put large files behind a mail as bytes: the email package takes seconds for tens of megabytes."""
    fields, body = mime.split_fields(raw)
    inner = b"".join(field for name, field in fields if name.lower().startswith("content-"))
    outer = b"".join(
        field for name, field in fields if not name.lower().startswith(("content-", "mime-version"))
    )
    boundary = f"==={secrets.token_hex(16)}=="
    mark = f"--{boundary}\r\n".encode()
    kind = f'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'
    pieces = [outer, kind.encode(), mark, inner, body, b"\r\n"]
    for enclosure in enclosures:
        head = MIMEPart(policy=SMTP)
        _attach(head, Enclosure(**{**vars(enclosure), "content": b""}))
        part = mime.inner_parts(head)[0]
        header = part.as_bytes(policy=SMTP).partition(b"\r\n\r\n")[0]
        text = base64.encodebytes(enclosure.content).replace(b"\n", b"\r\n")
        pieces += [mark, header, b"\r\n\r\n", text]
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()])


def _attach(message: MIMEPart, enclosure: Enclosure) -> None:
    main, found, sub = (enclosure.content_type or guessed_type(enclosure.filename)).partition("/")
    if not found or not main or not sub:
        raise NotWritable(f"not a content type: {enclosure.content_type!r}")
    if main in ("text", "message", "multipart"):
        main, sub = ("text", sub) if main == "text" else ("application", "octet-stream")
    message.add_attachment(
        enclosure.content,
        maintype=main,
        subtype=sub,
        filename=enclosure.filename,
        disposition="inline" if enclosure.inline else "attachment",
        cid=f"<{enclosure.content_id}>" if enclosure.content_id else None,
    )
