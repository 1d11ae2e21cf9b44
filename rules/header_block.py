"""The header fields of a mail as they were sent: split from the body, unfolded, bounded; nothing decoded.

Addresses must be read before encoded words are decoded, so the raw text is what counts here. Linear; never
raises. Source: RFC 5322 2.2, 3.5; RFC 6532 for UTF-8 in headers.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

FIELD_COUNT_LIMIT: Final = 2_000
FIELD_BYTES_LIMIT: Final = 262_144
BLOCK_BYTES_LIMIT: Final = 2 * 1024 * 1024

_END: Final = re.compile(rb"\r?\n\r?\n")
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")
_FIELD: Final = re.compile(rb"([!-9;-~]{1,128})[ \t]*:(.*)", re.DOTALL)
_LINE: Final = re.compile(rb"\r?\n|\r(?=[!-~])")

Fields = Mapping[str, tuple[str, ...]]
"""Every value of every field, by lower-case name, in order."""


def header_bytes(raw: bytes) -> tuple[bytes, bool]:
    """Return the bytes before the body, cut at BLOCK_BYTES_LIMIT, and whether they were cut."""
    if raw.startswith((b"\n", b"\r\n")):
        return b"", False
    end = _END.search(raw, 0, BLOCK_BYTES_LIMIT)
    if end is not None:
        return raw[: end.start()], False
    return raw[:BLOCK_BYTES_LIMIT], len(raw) > BLOCK_BYTES_LIMIT


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", errors="replace")


def _pairs(block: bytes) -> Iterator[tuple[str, str]]:
    for line in _LINE.split(_FOLD.sub(b" ", block.lstrip(b"\r\n")), FIELD_COUNT_LIMIT)[:FIELD_COUNT_LIMIT]:
        field = _FIELD.match(line, 0, FIELD_BYTES_LIMIT)
        if field is not None:
            yield field[1].decode("ascii").lower(), _text(field[2]).strip()


def fields_of(block: bytes) -> Fields:
    """Return the fields of a header block; lines that are no field are passed over."""
    fields: dict[str, list[str]] = {}
    for name, value in _pairs(block):
        fields.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in fields.items()}


def first(fields: Fields, name: str) -> str | None:
    """Return the first value of a field, by its lower-case name."""
    values = fields.get(name)
    return values[0] if values else None
