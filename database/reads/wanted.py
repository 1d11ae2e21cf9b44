"""What a reader asks for: which fields of a noun, and which nouns beside and below it.

Belongs here: the shape of a question, without SQL and without GraphQL. Two questions about the same thing
are merged, because one object answers both.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
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
    """The fields wanted of one noun, by their names in the noun's table.

    Whoever keeps one to ask it again does not change it any more, and gives it an empty `kept`: then what was
    prepared for it (statement, layout, builder) is prepared once.
    """

    columns: set[str] = field(default_factory=set)
    ones: dict[str, "Wanted"] = field(default_factory=dict)
    lists: dict[str, "Wanted"] = field(default_factory=dict)
    pages: dict[tuple[str, Page], "Wanted"] = field(default_factory=dict)
    parameters: set[tuple[str, datetime | None]] = field(default_factory=set)
    kept: dict[Hashable, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def is_lasting(self) -> bool:
        """Whether no position and no instant stands in it, so that other requests ask the very same."""
        below = [*self.ones.values(), *self.lists.values(), *self.pages.values()]
        positions = any(page.after or page.before for _, page in self.pages)
        return not positions and not self.parameters and all(one.is_lasting for one in below)


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
