"""Upload sessions of large attachments: chunks in order, each of at most 4 MB. They live in memory only."""

import re
from dataclasses import dataclass, field

from simulator.microsoft import errors

LIFETIME_MS = 3_600_000
MOST_CHUNK_BYTES = 4 * 1024 * 1024
RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")


@dataclass
class UploadSession:
    """One attachment on its way; `secret` is in its URL, there is no other authorization."""

    id: str
    secret: str
    address: str
    copy_id: str
    name: str
    content_type: str
    content_id: str
    inline: bool
    size: int
    expires_ms: int
    received: bytearray = field(default_factory=bytearray)


def take(session: UploadSession, content_range: str, body: bytes) -> None:
    """Add the next chunk.

    Raises:
        GraphError: 400 for a range that does not fit the body or the size, 416 for one out of order.
    """
    found = RANGE.fullmatch(content_range.strip())
    if not found:
        raise errors.GraphError(
            400, "ErrorInvalidRequest", "The Content-Range header is missing or malformed."
        )
    first, last, total = (int(digits) for digits in found.groups())
    if (
        total != session.size
        or last - first + 1 != len(body)
        or last >= total
        or len(body) > MOST_CHUNK_BYTES
    ):
        raise errors.GraphError(
            400, "ErrorInvalidRequest", "The Content-Range header does not fit the request."
        )
    if first != len(session.received):
        raise errors.GraphError(416, "InvalidRange", "The range is not the next one expected.")
    session.received += body
