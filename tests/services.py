"""A real PostgreSQL and a real Valkey for the tests, once per test process.

DATABASE_URL (an owner that may create databases and roles) and REDIS_URL win where they are set; otherwise
the servers of the extra `embedded` are started as children, without fsync, and end with this process.
"""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
from sqlalchemy import QueuePool

from app.embedded import EmbeddedPostgres, EmbeddedValkey
from database import migrate, roles
from database.ids import new_id
from database.pool import Database

_MARK = "bothways-tests"
_APP_PASSWORD = "only-for-tests"


def scratch_folder() -> Path:
    """A folder that every user may pass through; those of test processes that were killed are removed."""
    for old in Path(tempfile.gettempdir()).glob(f"{_MARK}-*-*"):
        owner = old.name.split("-")[2]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc").exists():
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_MARK}-{os.getpid()}-"))
    folder.chmod(0o711)
    return folder


class PostgresForTests:
    """One server, and migrated databases that are emptied and lent again: making one takes half a second."""

    def __init__(self, folder: Path) -> None:
        given = os.environ.get("DATABASE_URL")
        self.server = None if given else EmbeddedPostgres(folder / "postgres", durable=False)
        self._url = given or (self.server.start() if self.server else "")
        self._template = _name()
        self._ready = False
        self._making = asyncio.Lock()
        self._free: list[str] = []
        self._owners: dict[str, asyncpg.Connection] = {}
        self._reached: dict[str, Database] = {}

    def owner_url(self, database: str) -> str:
        """The migrating owner's address of a database."""
        return _with(self._url, database)

    def app_url(self, database: str) -> str:
        """The processes' address of a database."""
        return _with(self._url, database, (roles.APP, _APP_PASSWORD))

    def url_of(self, database: str, role: str, password: str) -> str:
        """Another role's address of a database."""
        return _with(self._url, database, (role, password))

    async def empty(self) -> str:
        """The name of a new database without a table."""
        name = _name()
        await self._administer(f'create database "{name}"')
        return name

    async def migrated(self) -> str:
        """The name of a database with every table and no row, for one test at a time."""
        if self._free:
            return self._free.pop()
        async with self._making:
            if not self._ready:
                await self._administer(f'create database "{self._template}"')
                await migrate.upgrade(self.owner_url(self._template), app_password=_APP_PASSWORD)
                self._ready = True
        name = _name()
        await self._administer(f'create database "{name}" template "{self._template}"')
        return name

    async def give_back(self, name: str) -> None:
        """Empty a migrated database: everything in it belongs to a workspace."""
        owner = self._owners.get(name)
        if owner is None or owner.is_closed():
            settings = {"lock_timeout": "5s"}
            owner = self._owners[name] = await asyncpg.connect(self.owner_url(name), server_settings=settings)
        await owner.execute("delete from workspaces")
        self._free.append(name)

    async def reach(self, name: str) -> Database:
        """The processes' way to a migrated database, with the connections of the test before.

        Connecting, and compiling the same statements anew, is a third of what a test of rows takes. A test of
        connections themselves makes its own.
        """
        return self._reached.pop(name, None) or await Database.open(self.app_url(name))

    async def leave(self, name: str, database: Database) -> None:
        """Keep what `reach` gave for the next test, if nothing is under way in it and nobody closed it."""
        pool = database._engine.pool
        assert isinstance(pool, QueuePool)
        if database.reading or pool.checkedout() or database._reads._closed:
            await database.close()
            return
        database.bell = None
        self._reached[name] = database

    async def drop(self, name: str) -> None:
        await self._hang_up(name)
        await self._administer(f'drop database if exists "{name}" with (force)')

    async def close(self) -> None:
        for name in {*self._reached, *self._owners}:
            await self._hang_up(name)
        if self.server:
            self.server.forget()
            return
        for name in [*self._free, *([self._template] if self._ready else [])]:
            await self.drop(name)

    async def _hang_up(self, name: str) -> None:
        if name in self._reached:
            await self._reached.pop(name).close()
        if name in self._owners:
            await self._owners.pop(name).close()

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def start_valkey(folder: Path) -> tuple[str, EmbeddedValkey | None]:
    """The address of a Valkey, and the server if it is ours."""
    given = os.environ.get("REDIS_URL")
    if given:
        return given, None
    server = EmbeddedValkey(folder / "valkey", durable=False)
    return server.start(), server


def _name() -> str:
    return f"bothways_test_{new_id().hex}"


def _with(url: str, database: str, login: tuple[str, str] | None = None) -> str:
    """The same server's address for another database and, where given, another login."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = parts.netloc.rpartition("@")[0]
    if login is not None:
        user = f"{quote(login[0])}:{quote(login[1])}"
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host, path=f"/{database}"))
