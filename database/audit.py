"""The audit log's chain: each row's hash covers the row before it, so that a missing or changed row shows.

Source: security.md R6; the shape is that of RFC 6962's hash chain, one leaf at a time.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

BEGINNING = b"\x00" * 32
"""What the first row of a workspace follows."""


@dataclass(frozen=True, slots=True)
class Act:
    """One security-relevant act: who did what; ids and closed words only, never an address or a secret."""

    actor: str
    action: str
    detail: dict[str, str]


def link(before: bytes, workspace_id: UUID, number: int, at: datetime, act: Act) -> bytes:
    """The hash of one row and everything before it: 32 bytes."""
    row = [str(workspace_id), number, at.astimezone(UTC).isoformat(timespec="microseconds")]
    covered = orjson.dumps([*row, act.actor, act.action, act.detail], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(before + covered).digest()


@dataclass(slots=True)
class Chain:
    """A workspace's chain while it is read, row by row in the order of their numbers."""

    workspace_id: UUID
    number: int = 0
    """The newest row that holds."""
    newest: bytes = BEGINNING

    def takes(self, number: int, at: datetime, act: Act, chain: bytes) -> bool:
        """Whether a row is the next, unchanged; one that is not is not taken."""
        expected = self.number + 1
        if number != expected or link(self.newest, self.workspace_id, number, at, act) != chain:
            return False
        self.number, self.newest = number, chain
        return True


def first_break(workspace_id: UUID, rows: Iterable[tuple[int, datetime, Act, bytes]]) -> int | None:
    """The number of the first row that is missing or was changed; None if the chain holds.

    `rows` are (number, at, act, chain) in the order of their numbers. That the newest rows were cut off shows
    only against a number kept elsewhere.
    """
    chain = Chain(workspace_id)
    return None if all(chain.takes(*row) for row in rows) else chain.number + 1
