"""What a reader asks for: which fields of a noun, and which nouns beside and below it.

Belongs here: the shape of a question, without SQL and without GraphQL. Two questions about the same thing
are merged, because one object answers both.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Position(NamedTuple):
    """Where a row lies in its list: the instant it is ordered by, then its key."""

    at: datetime
    key: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: `size` rows after or before a position, from its end if `backward`.

    `key` is what the asker knows the page by.
    """

    size: int
    after: Position | None = None
    before: Position | None = None
    backward: bool = False
    key: object = None


@dataclass(slots=True)
class Wanted:
    """The fields wanted of one noun, by their names in the noun's table."""

    columns: set[str] = field(default_factory=set)
    ones: dict[str, "Wanted"] = field(default_factory=dict)
    lists: dict[str, "Wanted"] = field(default_factory=dict)
    pages: dict[tuple[str, Page], "Wanted"] = field(default_factory=dict)
    parameters: set[tuple[str, datetime | None]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose eyes read: it decides which conversations, and how much of a message, there are.

    `user_id` is None for a workspace's own key, which sees nothing private and nothing that a mailbox's owner
    keeps from colleagues.
    """

    workspace_id: UUID
    user_id: UUID | None
    governs: bool
    """Sees every mailbox of the workspace."""
    now: datetime
