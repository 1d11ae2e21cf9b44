"""A mail as a tree of parts, whichever parser read it: the fast one first, else the interpreter's.

The law: the tree is bounded in parts and depth before anybody walks it, contents are decoded one by one and
only on demand, and nothing raises: what cannot be read is missing, and said so. The interpreter's parser is
slow on crowded mail and recurses on deep mail, so it only ever sees mail that was counted first.
Source: RFC 2045, 2046, 2047, 2231; docs of fast-mail-parser 0.10 (caps: 100 MiB, 256 levels).
"""

import email
import email.message
import email.policy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import fast_mail_parser

from rules.charsets import decode_text
from rules.header_block import first
from rules.headers import clean_line, decode_words

PART_LIMIT: Final = 1_000
DEPTH_LIMIT: Final = 50
FALLBACK_BOUNDARY_LIMIT: Final = 2_000
"""Lines that look like boundaries, in mail that the slow parser may still read."""
FALLBACK_EFFORT_LIMIT: Final = 5_000_000
"""Lines times nested boundaries: the slow parser tries every open boundary on every line."""
FALLBACK_BYTES_LIMIT: Final = 64 * 1024 * 1024

_PARAMETER: Final = re.compile(r';\s*+([a-zA-Z0-9\-]{1,40})\s*+=\s*+(?:"([^"]{0,1000})"|([^\s;"]{1,1000}))')
_ODD_NAME: Final = re.compile(
    r'\\|"[^"]*;[^"]*"|filename\s*=.*filename\*|filename\*.*filename\s*=', re.IGNORECASE | re.DOTALL
)
_BOUNDARY_PARAMETER: Final = re.compile(rb"boundary", re.IGNORECASE)
_CRLF: Final = email.policy.compat32.clone(linesep="\r\n")
_BOUNDARY_LINE: Final = re.compile(rb"^--", re.MULTILINE)


class Unreadable(Exception):
    """A part's content could not be decoded."""


@dataclass(slots=True)
class Part:
    """One node. `content` decodes a leaf; of a message/rfc822 it gives the message's own bytes.

    `fields` are for Content-* and report fields: their encoded words may be decoded already.
    """

    content_type: str
    fields: dict[str, tuple[str, ...]]
    filename: str
    disposition: str
    content_id: str | None
    content: Callable[[], bytes]
    children: list["Part"] = field(default_factory=list)

    @property
    def is_multipart(self) -> bool:
        return self.content_type.startswith("multipart/")

    def parameter(self, name: str) -> str | None:
        """Return a parameter of Content-Type; of a repeated one the first."""
        header = (first(self.fields, "content-type") or "")[:8192]
        for found in _PARAMETER.finditer(header):
            if found[1].lower() == name:
                return found[2] if found[2] is not None else found[3]
        return None


@dataclass(slots=True)
class Tree:
    """A mail's parts. `root` None: neither parser could read it. `cut`: parts were left out; `doubtful`: two
    programs may read different mails out of it; `repaired`: the fast parser refused it."""

    root: Part | None
    cut: bool = False
    doubtful: bool = False
    repaired: bool = False


def _nothing() -> bytes:
    return b""


def _lower(headers: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for name, values in headers.items():
        lowered = name.lower()
        fields[lowered] = fields.get(lowered, ()) + tuple(values)
    return fields


def _content_id(value: str | None) -> str | None:
    cleaned = clean_line(value or "").strip().strip("<>").strip()
    return cleaned[:500] or None


def _type_of(given: str | None) -> str:
    """Return a part's type. Old programs write `text` where they mean plain text."""
    kind = (given or "text/plain").strip().lower()[:200]
    return "text/plain" if kind == "text" else kind


def _file_name(fields: dict[str, tuple[str, ...]], found: str) -> str:
    """Return a file's name where its field is written so that the fast parser misreads it.

    It takes a `;` or `"` within quotes for their end, and prefers the plain name to the extended one.
    Source: RFC 2045 5.1, RFC 2231 4, RFC 6266 4.3
    """
    header = (first(fields, "content-disposition") or "")[:8192]
    if not _ODD_NAME.search(header):
        return found
    message = email.message.Message()
    message["Content-Disposition"] = clean_line(header)
    try:
        said = message.get_params([], "content-disposition")
    except (ValueError, LookupError, TypeError, AttributeError, IndexError):
        return found
    names: list[Any] = [value for name, value in said if name.lower() == "filename"]
    for value in names:
        if isinstance(value, tuple):  # Charset, language and text of an extended name.
            return decode_text(value[2].encode("latin-1", "replace"), value[0])[0]
    return decode_words(str(names[0])) if names else found


def _fast_part(node: fast_mail_parser.PyLazyMimePart) -> Part:
    def content() -> bytes:
        try:
            return node.content or b""
        except fast_mail_parser.ParseError as trouble:
            raise Unreadable(str(trouble)) from trouble

    fields = _lower(node.headers)
    return Part(
        content_type=_type_of(node.content_type),
        fields=fields,
        filename=_file_name(fields, decode_words(node.filename or "")),
        disposition=(node.disposition or "").strip().lower(),
        content_id=_content_id(node.content_id),
        content=content,
    )


def _fast_tree(raw: bytes) -> Tree:
    """Raises: fast_mail_parser.ParseError."""
    top = fast_mail_parser.parse_email_tree(raw, mode="lazy")
    root = _fast_part(top)
    tree = Tree(root)
    waiting = [(top, root, 1)]
    count = 1
    while waiting:
        node, part, depth = waiting.pop()
        if not part.is_multipart:
            continue
        for child in node.children:
            count += 1
            if count > PART_LIMIT or depth > DEPTH_LIMIT:
                tree.cut = True
                break
            made = _fast_part(child)
            part.children.append(made)
            waiting.append((child, made, depth + 1))
    return tree


def _slow_type(node: email.message.Message) -> str:
    """Return the type, not guessing text where one is given that means nothing. Source: RFC 2045 5.2."""
    given = str(node.get("Content-Type") or "")
    bare = given.partition(";")[0]
    known = not given or "/" in bare or bare.strip().lower() == "text"
    return node.get_content_type() if known else "application/octet-stream"


def _slow_part(node: email.message.Message) -> Part:
    def content() -> bytes:
        inner = node.get_payload()
        if isinstance(inner, list):
            return b"\n".join(
                one.as_bytes(policy=_CRLF) for one in inner if isinstance(one, email.message.Message)
            )
        try:
            decoded = node.get_payload(decode=True)
        except (ValueError, LookupError, AssertionError) as trouble:
            raise Unreadable(str(trouble)) from trouble
        return decoded if isinstance(decoded, bytes) else b""

    def header(name: str) -> str:
        return str(node.get(name) or "")

    try:
        filename = node.get_filename() or ""
    except (ValueError, LookupError, TypeError, AttributeError, IndexError):
        filename = ""
    fields: dict[str, list[str]] = {}
    for name, value in node.raw_items():
        fields.setdefault(name, []).append(str(value))
    return Part(
        content_type=_slow_type(node),
        fields=_lower(fields),
        filename=decode_words(filename),
        disposition=header("Content-Disposition").partition(";")[0].strip().lower(),
        content_id=_content_id(header("Content-ID")),
        content=content,
    )


def _slow_tree(raw: bytes) -> Tree:
    """Read a mail that was counted before with the interpreter's parser."""
    top = email.message_from_bytes(raw.lstrip(b" \t\r\n"), policy=email.policy.compat32)
    root = _slow_part(top)
    tree = Tree(root, repaired=True)
    waiting = [(top, root, 1)]
    count = 1
    while waiting:
        node, part, depth = waiting.pop()
        payload = node.get_payload()
        if not part.is_multipart or not isinstance(payload, list):
            continue
        for child in payload:
            count += 1
            if count > PART_LIMIT or depth > DEPTH_LIMIT:
                tree.cut = True
                break
            if isinstance(child, email.message.Message):
                made = _slow_part(child)
                part.children.append(made)
                waiting.append((child, made, depth + 1))
    return tree


def _doubtful(parts: Sequence[Part]) -> bool:
    """Whether structural fields are repeated, which programs answer differently. Source: R39."""
    structural = ("content-type", "content-transfer-encoding", "content-disposition")
    for part in parts:
        if any(len(part.fields.get(name, ())) > 1 for name in structural):
            return True
        if part.is_multipart and (first(part.fields, "content-type") or "").lower().count("boundary=") > 1:
            return True
    return False


def every_part(root: Part) -> list[Part]:
    """Return the tree's parts, the root first, in the order of the mail."""
    found, waiting = [], [root]
    while waiting:
        part = waiting.pop()
        found.append(part)
        waiting.extend(reversed(part.children))
    return found


def read_slowly(raw: bytes) -> Tree:
    """Return the interpreter's reading, or no root where the mail is too crowded to give it.

    The bound on boundary lines bounds its depth too: each level needs a boundary.
    """
    boundaries = len(_BOUNDARY_LINE.findall(raw[:FALLBACK_BYTES_LIMIT]))
    effort = raw.count(b"\n") * (len(_BOUNDARY_PARAMETER.findall(raw[:FALLBACK_BYTES_LIMIT])) + 1)
    crowded = boundaries > FALLBACK_BOUNDARY_LIMIT or effort > FALLBACK_EFFORT_LIMIT
    if len(raw) > FALLBACK_BYTES_LIMIT or crowded:
        return Tree(None, cut=True)
    try:
        tree = _slow_tree(raw)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        return Tree(None, cut=True)
    assert tree.root is not None
    tree.doubtful = _doubtful(every_part(tree.root))
    return tree


def read_tree(raw: bytes) -> Tree:
    """Return the mail's parts."""
    try:
        tree = _fast_tree(raw)
    except fast_mail_parser.MimeStructureError:
        return Tree(None, cut=True)
    except (fast_mail_parser.ParseError, ValueError):
        return read_slowly(raw)
    assert tree.root is not None
    if tree.root.is_multipart and not tree.root.children:
        return read_slowly(raw)  # No boundary fits: the fast parser has then lost the body.
    tree.doubtful = _doubtful(every_part(tree.root))
    return tree
