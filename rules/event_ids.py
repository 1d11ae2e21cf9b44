"""The public id of an event: opaque, bound to its workspace, ordered as text within it.

Belongs here: number to id and back, pure. The id is 15 bytes (version, number, checksum over both and the
workspace) in lower-case base32hex, whose alphabet keeps the order of the bytes, so that of two ids of one
workspace the later one is the greater string. The checksum is no secret: an id grants nothing, it only
says after which number of the reader's own workspace to go on.
Source: RFC 4648 section 7 (base32hex).
"""

from base64 import b32hexdecode, b32hexencode
from hashlib import blake2s

from rules.words import WorkspaceId

_VERSION = 1
_HEAD_BYTES = 9
_CHECK_BYTES = 6
_TEXT_LENGTH = (_HEAD_BYTES + _CHECK_BYTES) * 8 // 5
_MAX_NUMBER = 2**63 - 1
_ALPHABET = frozenset("0123456789abcdefghijklmnopqrstuv")


class UnknownEventId(ValueError):
    """The text is no event id, or one of another workspace."""


def encode_event_id(workspace_id: WorkspaceId, number: int) -> str:
    """Return the id of event `number` (0: the point before the first event) of a workspace.

    Raises:
        ValueError: the number is not one an event can have.
    """
    if not 0 <= number <= _MAX_NUMBER:
        raise ValueError(f"no event has the number {number}")
    head = _VERSION.to_bytes(1, "big") + number.to_bytes(8, "big")
    return b32hexencode(head + _checksum(workspace_id, head)).decode().lower()


def decode_event_id(workspace_id: WorkspaceId, text: str) -> int:
    """Return the number behind an id of this workspace.

    Raises:
        UnknownEventId: it is not exactly what `encode_event_id` gives for some number of this workspace.
    """
    if len(text) != _TEXT_LENGTH or not _ALPHABET.issuperset(text):
        raise UnknownEventId("not an event id")
    raw = b32hexdecode(text.upper())
    head, check = raw[:_HEAD_BYTES], raw[_HEAD_BYTES:]
    number = int.from_bytes(head[1:], "big")
    if head[0] != _VERSION or number > _MAX_NUMBER or check != _checksum(workspace_id, head):
        raise UnknownEventId("not an event id of this workspace")
    return number


def _checksum(workspace_id: WorkspaceId, head: bytes) -> bytes:
    return blake2s(workspace_id.bytes + head, digest_size=_CHECK_BYTES, person=b"event-id").digest()
