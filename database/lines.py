"""Connections for single statements, each of which remembers the workspace that it is set to.

The second wall of tenancy must not cost a round trip: a line that is already set to the workspace is
preferred, and set again only when the workspace changes. Nothing here opens a transaction, so that one
statement is one round trip. A line whose statement was cut short is closed, never used again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.exc import DBAPIError

from database import urls

if TYPE_CHECKING:
    Line = asyncpg.Connection[asyncpg.Record]
else:  # generic in its stubs alone
    Line = asyncpg.Connection

Answer = TypeVar("Answer")

WAIT_FOR_A_LINE = timedelta(seconds=2)


class DatabaseBusy(Exception):
    """Every connection is in use, or one holds a lock. The same request may be made again, a little later."""


class DatabaseAway(Exception):
    """The database did not answer, or had no room. The same request may be made again, a little later."""


AWAY: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""What asyncpg raises where the server is gone, going, or not yet there."""

NO_ROOM: tuple[type[Exception], ...] = (asyncpg.DiskFullError, asyncpg.OutOfMemoryError)
"""What it raises where the server is there, and has no disk or memory left for a statement."""

CANNOT_WRITE: tuple[type[Exception], ...] = (*NO_ROOM, asyncpg.ReadOnlySQLTransactionError)
"""What a write meets where the disk is full, or the server may only be read: while another takes over from
it, or because its host ran low on disk."""


def is_locked(trouble: DBAPIError) -> bool:
    """Whether a statement waited for a lock for as long as it may."""
    return trouble.orig is not None and isinstance(trouble.orig.__cause__, asyncpg.LockNotAvailableError)


@dataclass(slots=True)
class _Open:
    line: Line
    workspace_id: UUID | None = None


class Lines:
    """A bounded set of connections, opened when they are first needed."""

    def __init__(self, url: str, *, most: int, settings: dict[str, str]) -> None:
        self._url = urls.plain(url)
        self._settings = settings
        self._free = asyncio.Semaphore(most)
        self.in_use = 0
        self._idle: list[_Open] = []
        self._closed = False

    async def run(
        self, workspace_id: UUID | None, statement: Callable[[Line], Awaitable[Answer]], *, again: bool = True
    ) -> Answer:
        """Carry out one statement inside a workspace, or in none.

        A connection that turns out to be dead is replaced and, if `again`, the statement repeated once: so
        `again` is for what may be done twice.

        Raises:
            DatabaseBusy: no connection became free within two seconds.
            DatabaseAway: the database does not answer.
        """
        await self._take_a_place()
        self.in_use += 1
        try:
            try:
                return await self._attempt(workspace_id, statement)
            except AWAY:
                if not again:
                    raise
                self._forget_idle()
                return await self._attempt(workspace_id, statement)
        except AWAY as trouble:
            raise DatabaseAway(f"The database does not answer ({type(trouble).__name__}).") from trouble
        except asyncpg.LockNotAvailableError as trouble:
            raise DatabaseBusy("Another connection holds what this statement needs.") from trouble
        except NO_ROOM as trouble:
            raise DatabaseAway(f"The database has no room left ({type(trouble).__name__}).") from trouble
        finally:
            self.in_use -= 1
            self._free.release()

    async def _take_a_place(self) -> None:
        """Raises: DatabaseBusy. A clock is only set where somebody has to wait: most never do."""
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(WAIT_FOR_A_LINE.total_seconds()):
                await self._free.acquire()
        except TimeoutError:
            raise DatabaseBusy("Every connection to the database is in use.") from None

    async def _attempt(
        self, workspace_id: UUID | None, statement: Callable[[Line], Awaitable[Answer]]
    ) -> Answer:
        idle = self._take(workspace_id)
        open_line = idle or await self._open()
        try:
            if workspace_id is not None and open_line.workspace_id != workspace_id:
                open_line.workspace_id = None
                await open_line.line.fetchval(
                    "select set_config('app.workspace', $1, false)", str(workspace_id)
                )
                open_line.workspace_id = workspace_id
            answer = await statement(open_line.line)
        except asyncpg.PostgresError:
            self._put_back(open_line)
            raise
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as trouble:
            # The second, on a line that lay idle: the server's farewell has been read, and the connection is
            # not yet closed. On a new line it is the driver that cannot read what we asked for: our bug.
            farewell = idle is not None and isinstance(trouble, asyncpg.InternalClientError)
            is_over = open_line.line.is_closed() or farewell
            open_line.line.terminate()
            if is_over:
                raise asyncpg.ConnectionDoesNotExistError("closed before the statement") from trouble
            raise
        except BaseException:
            open_line.line.terminate()
            raise
        self._put_back(open_line)
        return answer

    def _take(self, workspace_id: UUID | None) -> _Open | None:
        """An idle line: one already set to the workspace, else the one that has been idle longest."""
        self._idle = [each for each in self._idle if not each.line.is_closed()]
        for place in range(len(self._idle) - 1, -1, -1):
            if self._idle[place].workspace_id == workspace_id:
                return self._idle.pop(place)
        return self._idle.pop(0) if self._idle else None

    def _put_back(self, open_line: _Open) -> None:
        if self._closed or open_line.line.is_closed():
            open_line.line.terminate()
        else:
            self._idle.append(open_line)

    def _forget_idle(self) -> None:
        """After one line was found dead, the others most likely are: the next statement gets a fresh one."""
        for each in self._idle:
            each.line.terminate()
        self._idle = []

    async def _open(self) -> _Open:
        line = await asyncpg.connect(
            self._url, timeout=5, server_settings=self._settings, statement_cache_size=400
        )
        try:
            await line.set_type_codec(
                "jsonb", schema="pg_catalog", encoder=_dumps, decoder=orjson.loads, format="text"
            )
        except BaseException:
            line.terminate()
            raise
        return _Open(line)

    async def close(self) -> None:
        """Close every idle line; one in use is closed when its statement ends."""
        self._closed = True
        idle, self._idle = self._idle, []
        for each in idle:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await each.line.close(timeout=2)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()
