"""The migrations make what the tables declare, down to the last index, and can be taken back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from database import migrate, urls
from database.migrate import OutOfStep
from database.tables import metadata
from tests.services import PostgresForTests

_SHAPE = {
    "columns": """
        select table_name, column_name, data_type, is_nullable, column_default, generation_expression
        from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'
    """,
    "constraints": """
        select conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace and conrelid <> 0
          and conrelid::regclass::text <> 'alembic_version'
    """,
    "indexes": """
        select indexdef from pg_indexes where schemaname = 'public' and tablename <> 'alembic_version'
    """,
}


@pytest.fixture
async def empty(postgres: PostgresForTests) -> AsyncIterator[str]:
    name = await postgres.empty()
    yield name
    await postgres.drop(name)


async def shape(url: str) -> dict[str, set[tuple[Any, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        return {what: {tuple(row) for row in await connection.fetch(sql)} for what, sql in _SHAPE.items()}
    finally:
        await connection.close()


async def test_migrations_make_exactly_what_is_declared(
    postgres: PostgresForTests, owner_url: str, empty: str
) -> None:
    """Alembic compares neither checks nor what an index covers: both databases' catalogs are compared."""
    await migrate.check(owner_url)
    engine = urls.engine_for(postgres.owner_url(empty))
    async with engine.begin() as connection:
        await connection.execute(text("create extension pg_trgm"))
        await connection.execute(text("create extension btree_gin"))
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    declared, migrated = await shape(postgres.owner_url(empty)), await shape(owner_url)
    for what in _SHAPE:
        assert migrated[what] == declared[what], what


async def test_up_down_and_up_again(postgres: PostgresForTests, empty: str) -> None:
    url = postgres.owner_url(empty)
    assert await migrate.current(url) is None
    await migrate.upgrade(url)
    assert await migrate.current(url) == migrate.newest()
    before = await shape(url)
    await migrate.upgrade(url)
    assert await shape(url) == before
    await migrate.downgrade(url, "base")
    assert await shape(url) == {"columns": set(), "constraints": set(), "indexes": set()}
    await migrate.upgrade(url)
    assert await shape(url) == before


async def test_two_at_once_do_it_once(postgres: PostgresForTests, empty: str) -> None:
    url = postgres.owner_url(empty)
    await asyncio.gather(migrate.upgrade(url), migrate.upgrade(url))
    assert await migrate.current(url) == migrate.newest()


async def test_a_table_that_drifted_is_found(postgres: PostgresForTests, empty: str) -> None:
    url = postgres.owner_url(empty)
    await migrate.upgrade(url)
    connection = await asyncpg.connect(url)
    await connection.execute("alter table users add column shoe_size int")
    await connection.close()
    with pytest.raises(OutOfStep, match="shoe_size"):
        await migrate.check(url)


async def test_an_owner_who_is_no_superuser_can_migrate(postgres: PostgresForTests, empty: str) -> None:
    """As at a hosting provider: the owner may create roles, and owns the database."""
    connection = await asyncpg.connect(postgres.owner_url(empty))
    owner = f"owner_{empty[-12:]}"
    await connection.execute(f"create role {owner} login createrole password 'only-for-tests'")
    try:
        await connection.execute(f'alter database "{empty}" owner to {owner}')
        await connection.execute(f"grant bothways_app, bothways_across to {owner} with admin option")
        await migrate.upgrade(postgres.url_of(empty, owner, "only-for-tests"))
        assert await migrate.current(postgres.owner_url(empty)) == migrate.newest()
    finally:
        await connection.execute(f"reassign owned by {owner} to current_user")
        await connection.execute(f"drop owned by {owner}")
        await connection.execute(f"drop role {owner}")
        await connection.close()
