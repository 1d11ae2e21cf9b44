"""Read the raw bytes of a mail into what a conversation shows, whoever wrote them.

The law: nothing raises. A mail that passes a bound is returned as far as it was read, marked `too_complex`; a
part that cannot be decoded is an empty attachment with a warning; the raw bytes are kept by the caller in any
case. This runs on strangers' input: call it in a child that can be killed (jobs/sandbox.py).
Source: RFC 5322, RFC 2045 to 2047, RFC 2231, RFC 2387, RFC 3676; R38, R39, R43.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote

from rules import file_names
from rules.addresses import AddressList, parse_addresses, spoof_warning
from rules.automatic import automatic
from rules.body import Block, Body, body_of
from rules.bounces import MARKER_FIELD, read_report
from rules.envelope import AttachmentOutline
from rules.header_block import Fields, fields_of, first, header_bytes
from rules.headers import clean_line, decode_words, message_id, message_ids
from rules.html import sanitise
from rules.mime_parts import Part, Tree, Unreadable, every_part, read_slowly, read_tree
from rules.parsed import Automatic, Bounce, ParsedAttachment, ParsedMessage
from rules.quoting import quoted_from, snippet_of

TEXT_LIMIT: Final = 2 * 1024 * 1024
SUBJECT_LIMIT: Final = 998

TOO_COMPLEX: Final = "The mail has too many parts or levels to be read completely; the original is kept."
HTML_AS_TEXT: Final = "The formatted version could not be shown safely; its text is shown instead."
GUESSED_CHARACTERS: Final = "Some characters could not be read the way the mail labels them."
REPAIRED: Final = "The mail is malformed and was repaired while it was read."
DOUBTFUL: Final = "The mail is built so that other programs may show other content."
PART_LOST: Final = "A part of the mail could not be decoded; it is empty here, and kept in the original."
ENCRYPTED: Final = "The content is encrypted; open it in the mailbox itself."
TEXT_CUT: Final = "The text is very long; only its beginning is shown."
ADDRESS_LOST: Final = "An address in the header could not be read."
ADDRESSES_CUT: Final = "The header holds very many addresses; only the first are shown."
SEVERAL_SENDERS: Final = "The mail names more than one sender."

_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]+")
_NEWLINES: Final = re.compile("\r\n|\r|\f|\u2028|\u2029|\x85")
_CID: Final = re.compile(r"""cid:([^"'\s>)]{1,500})""")
_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+\-]{1,127}/[a-z0-9!#$&^_.+\-]{1,127}")
_ENDINGS: Final = {
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/plain": "txt",
    "text/html": "html",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "application/pdf": "pdf",
    "application/ms-tnef": "dat",
    "application/pkcs7-signature": "p7s",
    "application/pgp-signature": "asc",
}


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A mail that was read, and its attachments' contents in the same order."""

    message: ParsedMessage
    contents: tuple[bytes, ...] = ()


@dataclass(slots=True)
class _Findings:
    """Warnings, each once, in the order they came up."""

    sentences: dict[str, None] = field(default_factory=dict)

    def add(self, sentence: str | None) -> None:
        if sentence:
            self.sentences[sentence] = None

    def when(self, so: bool, sentence: str) -> None:
        if so:
            self.add(sentence)


def clean_text(text: str) -> str:
    """Return text with `\n` between lines, and without what a database or a terminal would choke on."""
    return _CONTROLS.sub("", _NEWLINES.sub("\n", text))


def _sent_at(header: str | None) -> datetime | None:
    """Return the Date header in UTC, or None where it is absent, unreadable or absurd."""
    try:
        read = parsedate_to_datetime(clean_line((header or "")[:200]))
        at = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return at if 1970 <= at.year <= 2100 else None


def _people(fields: Fields, name: str, findings: _Findings) -> AddressList:
    header = ", ".join(fields.get(name, ())[:20])
    read = parse_addresses(header)
    findings.when(read.refused > 0, ADDRESS_LOST)
    findings.when(read.cut, ADDRESSES_CUT)
    return read


def _headers_only(fields: Fields, findings: _Findings) -> ParsedMessage:
    """Return what the header block says."""
    authors = _people(fields, "from", findings)
    sender = authors.correspondents[0] if authors.correspondents else None
    findings.when(len(authors.correspondents) > 1 or len(fields.get("from", ())) > 1, SEVERAL_SENDERS)
    if sender is not None:
        raw_name = clean_name_of(first(fields, "from"))
        findings.add(spoof_warning(raw_name, sender.address))
    in_reply_to = message_ids(first(fields, "in-reply-to"))
    return ParsedMessage(
        subject=decode_words(first(fields, "subject") or "")[:SUBJECT_LIMIT],
        sender=sender,
        to=_people(fields, "to", findings).correspondents,
        cc=_people(fields, "cc", findings).correspondents,
        bcc=_people(fields, "bcc", findings).correspondents,
        reply_to=_people(fields, "reply-to", findings).correspondents,
        sent_at=_sent_at(first(fields, "date")),
        internet_message_id=message_id(first(fields, "message-id")),
        in_reply_to=in_reply_to[0] if in_reply_to else None,
        references=message_ids(" ".join(fields.get("references", ()))),
        marker=clean_line(first(fields, MARKER_FIELD) or "")[:200] or None,
        automatic=automatic(fields),
    )


def clean_name_of(header: str | None) -> str:
    """Return the words of a From header before the address, bidi controls included, for spoof_warning."""
    words = (header or "")[:2000].rpartition("<")[0]
    bidi = "".join(letter for letter in words if "\u202a" <= letter <= "\u2069")
    return bidi + decode_words(words.replace('"', " "))


def _attachment_name(part: Part, position: int, content: bytes) -> str:
    """Return a file name that may be shown and stored; a nameless part is called by its place or subject."""
    if part.filename.strip():
        return file_names.cleaned(part.filename)
    ending = _ENDINGS.get(part.content_type, "bin")
    if part.content_type == "message/rfc822":
        inner = decode_words(first(fields_of(header_bytes(content)[0]), "subject") or "")
        if inner.strip():
            return f"{file_names.cleaned(inner.replace('/', ' '))[:80]}.eml"
    return f"attachment-{position}.{ending}"


def _attachments(
    parts: Iterable[Part], shown_ids: set[str], *, lenient: bool, findings: _Findings
) -> list[tuple[ParsedAttachment, bytes]]:
    """Decode the parts that are not the body. Raises: Unreadable, unless `lenient`."""
    found = []
    for position, part in enumerate(parts, start=1):
        try:
            content = part.content()
        except Unreadable:
            if not lenient:
                raise
            content = b""
            findings.add(PART_LOST)
        kind = part.content_type if _TYPE.fullmatch(part.content_type) else "application/octet-stream"
        outline = AttachmentOutline(
            name=_attachment_name(part, position, content),
            content_type=kind,
            size_bytes=len(content),
            inline=part.content_id is not None and part.content_id in shown_ids,
        )
        found.append((ParsedAttachment(outline, part.content_id), content))
    return found


def _shown(blocks: list[Block], findings: _Findings) -> tuple[str, str | None, tuple[str, ...]]:
    """Return the text, the safe HTML and the remote images of a body."""
    text = clean_text("\n\n".join(one for block in blocks if (one := block.as_text().strip("\n"))))
    findings.when(len(text) > TEXT_LIMIT, TEXT_CUT)
    text = text[:TEXT_LIMIT]
    if not any(block.html for block in blocks):
        return text, None, ()
    clean = sanitise("\n".join(block.as_html() for block in blocks))
    if clean is None:
        findings.add(HTML_AS_TEXT)
        return text, None, ()
    return text, _CONTROLS.sub("", clean.html), clean.remote_images


def _bounce(fields: Fields, root: Part, kind: Automatic) -> Bounce | None:
    if kind is not Automatic.BOUNCE:
        return None
    contents: dict[str, bytes] = {}
    for part in every_part(root):
        wanted = part.content_type in ("message/delivery-status", "message/rfc822", "text/rfc822-headers")
        if wanted and part.content_type not in contents:
            try:
                contents[part.content_type] = part.content()
            except Unreadable:
                continue
    returned = contents.get("message/rfc822") or contents.get("text/rfc822-headers")
    return read_report(fields, contents.get("message/delivery-status"), returned)


def _read(fields: Fields, tree: Tree, root: Part, *, lenient: bool) -> ReadMail:
    """Raises: Unreadable, unless `lenient`."""
    findings = _Findings()
    message = _headers_only(fields, findings)
    body: Body = body_of(root, lenient=lenient)
    text, html, images = _shown(body.blocks, findings)
    shown_ids = {unquote(found[1]) for found in _CID.finditer(html or "")}
    attachments = _attachments(body.attachments, shown_ids, lenient=lenient, findings=findings)
    findings.when(body.guessed, GUESSED_CHARACTERS)
    findings.when(body.lost, PART_LOST)
    findings.when(body.encrypted, ENCRYPTED)
    findings.when(tree.repaired, REPAIRED)
    findings.when(tree.doubtful, DOUBTFUL)
    findings.when(tree.cut, TOO_COMPLEX)
    quoted = quoted_from(text)
    read = replace(
        message,
        text=text,
        html=html,
        remote_images=images,
        quoted_from=quoted,
        snippet=snippet_of(text, quoted),
        attachments=tuple(attachment for attachment, _ in attachments),
        warnings=tuple(findings.sentences),
        too_complex=tree.cut,
        bounce=_bounce(fields, root, message.automatic),
    )
    return ReadMail(read, tuple(content for _, content in attachments))


def too_complex(raw_head: bytes) -> ParsedMessage:
    """Return what the headers say of a mail that is not read further; its first bytes are enough."""
    findings = _Findings()
    message = _headers_only(fields_of(header_bytes(raw_head)[0]), findings)
    findings.add(TOO_COMPLEX)
    return replace(message, warnings=tuple(findings.sentences), too_complex=True)


def parse(raw: bytes) -> ReadMail:
    """Return what a mail says. Never raises, whatever the bytes are."""
    block, cut = header_bytes(raw)
    if cut:
        return ReadMail(too_complex(block))
    fields = fields_of(block)
    tree = read_tree(raw)
    if tree.root is not None:
        try:
            return _read(fields, tree, tree.root, lenient=tree.repaired)
        except Unreadable:
            tree = read_slowly(raw)
    if tree.root is None:
        return ReadMail(too_complex(block))
    return _read(fields, tree, tree.root, lenient=True)
