"""How an address of PostgreSQL is read: every usual spelling, one meaning."""

from asyncpg import Connection, connect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_SPELLINGS = ("postgresql+asyncpg://", "postgres://", "postgresql://")


class UnreadableUrl(ValueError):
    """The address is not one of PostgreSQL. The message does not repeat it, as it may hold a password."""


def plain(url: str) -> str:
    """The address as asyncpg reads it.

    Raises:
        UnreadableUrl: it names something else than PostgreSQL.
    """
    for spelling in _SPELLINGS:
        if url.startswith(spelling):
            return "postgresql://" + url.removeprefix(spelling)
    raise UnreadableUrl("A database address starts with postgresql://")


def engine_for(url: str, settings: dict[str, str] | None = None, **options: object) -> AsyncEngine:
    """A SQLAlchemy engine whose connections asyncpg makes from the whole address, sockets included."""
    address = plain(url)

    async def open_connection() -> Connection:
        return await connect(address, server_settings=settings, timeout=5)

    # An error that names its parameters would carry mail into the log.
    return create_async_engine(
        "postgresql+asyncpg://", async_creator=open_connection, hide_parameters=True, **options
    )
