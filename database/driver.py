"""Statements of a transaction that go to asyncpg itself: those that every mail and every command needs.

SQLAlchemy begins the transaction, commits it and owns the connection; on the way through its session a
statement costs five times the processor time that asyncpg needs for it. What asyncpg raises comes out as it
is, and not as SQLAlchemy's errors, but for what means that the database is away.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from database.lines import AWAY, CANNOT_WRITE, DatabaseAway, DatabaseBusy, Line

_NAME: Final = re.compile(r"(?<!:):([a-z_]+)")


class Statement:
    """SQL with `:names`, as asyncpg counts them: `$1`, `$2`..."""

    def __init__(self, sql: str) -> None:
        self.names: tuple[str, ...] = tuple(dict.fromkeys(_NAME.findall(sql)))
        places = {name: f"${place}" for place, name in enumerate(self.names, 1)}
        self.sql = _NAME.sub(lambda found: places[found[1]], sql)

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the values of the names, in their order. Raises: KeyError: one is missing."""
        return [values[name] for name in self.names]


class Driver:
    """The asyncpg connection that a transaction has begun on."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Carry out one statement within the transaction; its rows. Raises: DatabaseAway, DatabaseBusy."""
        try:
            return await self._line.fetch(statement.sql, *statement.arguments(values))
        except asyncpg.LockNotAvailableError as trouble:
            raise DatabaseBusy("Another connection holds what this statement needs.") from trouble
        except CANNOT_WRITE as trouble:
            reason = type(trouble).__name__
            raise DatabaseAway(f"The database cannot write for now ({reason}).") from trouble
        except Exception as trouble:
            if means_away(trouble):
                raise DatabaseAway("The connection to the database was lost.") from trouble
            raise

    async def one_or_none(self, statement: Statement, values: Mapping[str, Any]) -> asyncpg.Record | None:
        """Carry out a statement of one row at most; the row. Raises: as `fetch`."""
        rows = await self.fetch(statement, values)
        return rows[0] if rows else None


def means_away(trouble: BaseException | None) -> bool:
    """Whether asyncpg failed because the server is gone or going, and not because of what was asked."""
    return isinstance(trouble, (*AWAY, asyncpg.InternalClientError)) or (
        isinstance(trouble, asyncpg.InterfaceError) and "closed" in str(trouble)
    )
