"""Page cursors: a position as opaque text, bound to its workspace and its list.

A cursor grants nothing: it says after which row of the reader's own list to go on. The checksum keeps a
cursor of another workspace, of another list, or of nobody's from being taken for one.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import blake2s
from typing import Final
from uuid import UUID

from database.reads.wanted import Position

_CHECK_BYTES: Final = 6
_LENGTH: Final = 40
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UnknownCursor(ValueError):
    """The text is no cursor of this list in this workspace."""


def write_cursor(workspace_id: UUID, listed: str, position: Position) -> str:
    """Return the cursor of a position in the list of a name."""
    micros = (position.at - _EPOCH) // _MICROSECOND
    head = micros.to_bytes(8, "big", signed=True) + position.key.bytes
    return urlsafe_b64encode(head + _checksum(workspace_id, listed, head)).decode()


def read_cursor(workspace_id: UUID, listed: str, text: str) -> Position:
    """Return the position behind a cursor.

    Raises:
        UnknownCursor: it is not exactly what `write_cursor` gives for some position of this list.
    """
    if len(text) != _LENGTH or not text.isascii():
        raise UnknownCursor
    try:
        raw = urlsafe_b64decode(text)
    except ValueError:
        raise UnknownCursor from None
    head, check = raw[:24], raw[24:]
    if urlsafe_b64encode(raw).decode() != text or check != _checksum(workspace_id, listed, head):
        raise UnknownCursor
    try:
        at = _EPOCH + int.from_bytes(head[:8], "big", signed=True) * _MICROSECOND
    except OverflowError:
        raise UnknownCursor from None
    return Position(at, UUID(bytes=head[8:]))


def _checksum(workspace_id: UUID, listed: str, head: bytes) -> bytes:
    name = listed.encode()
    return blake2s(
        workspace_id.bytes + name + b"\0" + head, digest_size=_CHECK_BYTES, person=b"cursor"
    ).digest()
