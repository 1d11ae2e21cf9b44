"""Every request that a provider surface has seen, so that a test can count them."""

from dataclasses import dataclass
from typing import Protocol

LONGEST = 50_000


class Seen(Protocol):
    """What the journal takes from a request."""

    @property
    def verb(self) -> str:
        """The HTTP verb."""
        ...

    @property
    def path(self) -> str:
        """The path below the provider's root."""
        ...

    @property
    def query(self) -> dict[str, list[str]]:
        """The query parameters."""
        ...

    @property
    def body(self) -> bytes:
        """The body."""
        ...


@dataclass
class Entry:
    """One request; `status` is None while it is worked on, and for good where no answer was given."""

    number: int
    at_ms: int
    account: str | None
    method: str
    verb: str
    path: str
    query: dict[str, list[str]]
    body_bytes: int
    batched: bool
    status: int | None = None
    fault: str | None = None


class Journal:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        """Start empty."""
        self.entries: list[Entry] = []
        self._number = 0

    def note(self, at_ms: int, method: str, request: Seen, account: str | None, batched: bool) -> Entry:
        """Write a request down and return its entry, to be completed with the status."""
        self._number += 1
        entry = Entry(
            self._number,
            at_ms,
            account,
            method,
            request.verb,
            request.path,
            request.query,
            len(request.body),
            batched,
        )
        self.entries.append(entry)
        if len(self.entries) > LONGEST:
            del self.entries[: LONGEST // 10]
        return entry

    def clear(self) -> None:
        """Forget the requests; numbers go on."""
        self.entries.clear()
