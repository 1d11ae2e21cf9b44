"""A process starts only on tables that it can work with: its own version's, or a newer one's."""

import asyncpg
import pytest
import structlog

from app.settings import read_settings
from app.wiring import NotMigrated, refuse_other_tables
from database import migrate
from tests.services import PostgresForTests


async def at_revision(owner_url: str, revision: str) -> None:
    connection = await asyncpg.connect(owner_url)
    await connection.execute("update alembic_version set version_num = $1", revision)
    await connection.close()


async def test_it_starts_on_the_tables_of_its_version(configured: pytest.MonkeyPatch) -> None:
    with structlog.testing.capture_logs() as lines:
        await refuse_other_tables(read_settings(None))

    assert lines == []


async def test_it_starts_on_those_of_a_newer_version_while_a_release_rolls_out(
    configured: pytest.MonkeyPatch, owner_url: str
) -> None:
    newest = migrate.newest()
    assert newest is not None
    await at_revision(owner_url, "2999_01_01_later")
    try:
        with structlog.testing.capture_logs() as lines:
            await refuse_other_tables(read_settings(None))
    finally:
        # Databases are lent again, with whatever revision they say they have.
        await at_revision(owner_url, newest)

    assert [line["event"] for line in lines] == ["database_is_newer"]


async def test_it_does_not_start_on_a_database_without_tables(
    configured: pytest.MonkeyPatch, postgres: PostgresForTests
) -> None:
    empty = await postgres.empty()
    configured.setenv("DATABASE_URL", postgres.owner_url(empty))

    with pytest.raises(NotMigrated, match="python -m app migrate"):
        await refuse_other_tables(read_settings(None))

    await postgres.drop(empty)


def test_every_revision_is_known_and_no_other() -> None:
    newest = migrate.newest()

    assert newest is not None
    assert migrate.knows(newest)
    assert not migrate.knows("2999_01_01_later")
