"""The database as the rest of the house meets it: reads, units of work, claims, and the few doors across.

Reads are single statements on plain connections and give plain rows; writes are units of work
(database/work.py). Both carry time-outs, so that no statement, lock or forgotten transaction holds up others.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from database import clock, urls
from database import work as unit
from database.across import Across
from database.bell import Bell
from database.commands import Claimed
from database.driver import means_away
from database.events import EventLog
from database.lines import CANNOT_WRITE, WAIT_FOR_A_LINE, DatabaseAway, DatabaseBusy, Lines, is_locked
from database.roles import UnsafeRole
from database.work import Work
from rules.words import CommandId, WorkspaceId

_TIMEOUTS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
    "timezone": "UTC",
    "jit": "off",
}
_READS = _TIMEOUTS | {"application_name": "bothways reads", "default_transaction_read_only": "on"}
_WRITES = _TIMEOUTS | {"application_name": "bothways writes"}
_CLAIMING_LINES = 2

_STRONGER_THAN_THE_WALLS = """
select current_user from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)
"""


class Database:
    """One process's way to PostgreSQL. Safe for any number of tasks of one event loop."""

    def __init__(self, engine: AsyncEngine, reads: Lines, claims: Lines, bell: Bell | None) -> None:
        self._engine = engine
        self._reads = reads
        self._claims = claims
        self.bell = bell
        self.across = Across(reads)
        self.events = EventLog(reads)

    @classmethod
    async def open(
        cls, url: str, *, bell: Bell | None = None, read_connections: int = 8, write_connections: int = 8
    ) -> Self:
        """Reach the database as the processes' role, and make sure that the walls hold for that role.

        Raises:
            UnsafeRole: row-level security would not hold for this role.
            DatabaseAway: the database does not answer.
            UnreadableUrl: the address is not one of PostgreSQL.
        """
        engine = urls.engine_for(
            url,
            _WRITES,
            pool_size=write_connections,
            max_overflow=0,
            pool_timeout=WAIT_FOR_A_LINE.total_seconds(),
        )
        event.listen(engine.sync_engine.pool, "checkout", _refuse_dead)
        reads = Lines(url, most=read_connections, settings=_READS)
        claims = Lines(url, most=_CLAIMING_LINES, settings=_WRITES)
        database = cls(engine, reads, claims, bell)
        strong = await reads.run(None, lambda line: line.fetchval(_STRONGER_THAN_THE_WALLS))
        if strong is not None:
            await database.close()
            raise UnsafeRole(
                f"The processes would log in as {strong}, whom row-level security does not hold. "
                "Use the role bothways_app in DATABASE_URL."
            )
        return database

    @property
    def reading(self) -> int:
        """How many reads are under way in this process."""
        return self._reads.in_use

    async def close(self) -> None:
        """Close every connection."""
        await self._reads.close()
        await self._claims.close()
        await self._engine.dispose()

    async def time(self) -> datetime:
        """What the database's clock says."""
        found = await self._reads.run(None, lambda line: line.fetchval("select clock_timestamp()"))
        assert isinstance(found, datetime)
        return found.astimezone(UTC)

    async def fetch(self, workspace_id: WorkspaceId, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of one reading statement inside a workspace; `$1`... are the arguments."""
        return await self._reads.run(workspace_id, lambda line: line.fetch(sql, *arguments))

    async def fetchrow(self, workspace_id: WorkspaceId, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        return await self._reads.run(workspace_id, lambda line: line.fetchrow(sql, *arguments))

    async def fetchval(self, workspace_id: WorkspaceId, sql: str, *arguments: Any) -> Any:
        """The first column of the first row, or None."""
        return await self._reads.run(workspace_id, lambda line: line.fetchval(sql, *arguments))

    @asynccontextmanager
    async def work(self, workspace_id: WorkspaceId) -> AsyncIterator[Work]:
        """One transaction in one workspace; leaving the block commits, an exception takes everything back.

        Raises:
            StaleClaim: a command that was to end with it is no longer held.
            DatabaseBusy, DatabaseAway: make the same request again, a little later.
        """
        try:
            async with unit.one(self._engine, self.bell, workspace_id, clock.now()) as work:
                yield work
        except DBAPIError as trouble:
            if _means_away(trouble):
                raise DatabaseAway("The connection to the database was lost.") from trouble
            if is_locked(trouble):
                raise DatabaseBusy("Another connection holds what this statement needs.") from trouble
            if trouble.orig is not None and isinstance(trouble.orig.__cause__, CANNOT_WRITE):
                reason = type(trouble.orig.__cause__).__name__
                raise DatabaseAway(f"The database cannot write for now ({reason}).") from trouble
            raise

    async def claim(self, command_id: CommandId, lease: timedelta) -> Claimed | None:
        """Take a command for `lease`, by the database's clock; None if held, parked, gone or not due."""
        sql = "select * from across_claim($1, $2)"
        try:
            row = await self._claims.run(
                None, lambda line: line.fetchrow(sql, command_id, lease), again=False
            )
        except asyncpg.ReadOnlySQLTransactionError as trouble:
            raise DatabaseAway("The database cannot write for now.") from trouble
        return Claimed(**dict(row)) if row is not None else None

    async def extend(self, claimed: Claimed, lease: timedelta) -> None:
        """Hold a claim for another `lease` from now. Raises: StaleClaim: it is no longer held."""
        async with self.work(claimed.workspace_id) as work:
            await work.hold(claimed, lease)


def _means_away(trouble: DBAPIError) -> bool:
    """Whether a statement failed because the server is gone or going, and not because of what it says."""
    cause = trouble.orig.__cause__ if trouble.orig is not None else None
    return trouble.connection_invalidated or means_away(cause)


def _refuse_dead(connection: Any, _record: Any, _proxy: Any) -> None:
    """Let SQLAlchemy's pool replace a connection that the server has closed, which costs no round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
