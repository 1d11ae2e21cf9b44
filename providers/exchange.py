"""A request as it goes out and an answer as it came in: the words that pure modules and the transport share.

Belongs here: values. Never: sending (transport.py), so that whoever only reads or writes them does no I/O.
"""

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum


class Effect(Enum):
    """Whether a request may be made again without harm."""

    REPEATABLE = "repeatable"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request as it goes out; `name` is what errors call it, since a URL may hold what logs must not."""

    name: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    body: bytes | AsyncIterable[bytes] | None = field(repr=False, default=None)
    effect: Effect = Effect.REPEATABLE


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; header names are lower case, the body is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def answered_at(self) -> datetime | None:
        """The answering server's own time, in whole seconds, where it says so (RFC 9110 section 6.6.1)."""
        try:
            at = parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
