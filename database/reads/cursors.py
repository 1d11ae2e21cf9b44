"""Page cursors: a position as opaque text, bound to its workspace and its list.

A cursor grants nothing: it says after which row of the reader's own list to go on. The checksum keeps a
cursor of another workspace, of another list, or of nobody's from being taken for one.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import b2a_base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import blake2s
from typing import Final
from uuid import UUID

from database.reads.wanted import Position

_CHECK_BYTES: Final = 6
_LENGTH: Final = 40
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UnknownCursor(ValueError):
    """The text is no cursor of this list in this workspace."""


def cursor_writer(workspace_id: UUID, listed: str) -> Callable[[datetime, UUID], str]:
    """Return what gives the cursors of a list's positions, by their instant and key."""
    begun = _begun(workspace_id, listed)

    def write(at: datetime, key: UUID) -> str:
        since = at - _EPOCH
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        head = micros.to_bytes(8, "big", signed=True) + key.bytes
        check = begun.copy()
        check.update(head)
        return b2a_base64(head + check.digest(), newline=False).translate(_URL_SAFE).decode()

    return write


def read_cursor(workspace_id: UUID, listed: str, text: str) -> Position:
    """Return the position behind a cursor.

    Raises:
        UnknownCursor: it is not exactly what `cursor_writer` gives for some position of this list.
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


def _begun(workspace_id: UUID, listed: str) -> blake2s:
    """Return the checksum of a list's cursors, as far as it is the same for all of them."""
    start = workspace_id.bytes + listed.encode() + b"\0"
    return blake2s(start, digest_size=_CHECK_BYTES, person=b"cursor")


def _checksum(workspace_id: UUID, listed: str, head: bytes) -> bytes:
    check = _begun(workspace_id, listed)
    check.update(head)
    return check.digest()
