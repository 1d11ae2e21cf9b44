"""Statements that go to asyncpg itself: their names, their place in the transaction, their troubles."""

import asyncpg
import pytest

from database import urls
from database.driver import Statement
from database.ids import new_id
from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from database.tables import ContactRow
from tests.conftest import WorkspaceForTests

_COUNT = Statement("select count(*)::int as rows from contacts where workspace_id = :workspace_id")


def test_names_are_counted_once_each_and_casts_are_none() -> None:
    statement = Statement("select :b::text, :a, cast(:b as text), '12:30' where :a > x_1::int")

    assert statement.sql == "select $1::text, $2, cast($1 as text), '12:30' where $2 > x_1::int"
    assert statement.arguments({"a": 1, "b": 2, "c": 3}) == [2, 1]
    with pytest.raises(KeyError):
        statement.arguments({"a": 1})


async def test_a_statement_sees_what_was_added_and_goes_with_its_transaction(
    db: Database, workspace: WorkspaceForTests
) -> None:
    async def count() -> int:
        async with db.work(workspace.id) as work:
            [row] = await work.fetch(_COUNT, {"workspace_id": workspace.id})
            return int(row["rows"])

    with pytest.raises(ZeroDivisionError):
        async with db.work(workspace.id) as work:
            work.add(ContactRow(id=new_id(), workspace_id=workspace.id, name="Dana", created_at=work.now))
            [row] = await work.fetch(_COUNT, {"workspace_id": workspace.id})
            assert row["rows"] == 1
            await work.fetch(Statement("update contacts set name = :name"), {"name": "Mei"})
            raise ZeroDivisionError

    assert await count() == 0


@pytest.mark.rule("R2")
async def test_a_statement_is_held_to_the_workspace(
    db: Database, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> None:
    async with db.work(other_workspace.id) as work:
        work.add(ContactRow(id=new_id(), workspace_id=other_workspace.id, name="Dana", created_at=work.now))
    async with db.work(workspace.id) as work:
        [row] = await work.fetch(_COUNT, {"workspace_id": other_workspace.id})
        assert row["rows"] == 0


async def test_a_connection_that_is_cut_means_that_the_database_is_away(
    db: Database, workspace: WorkspaceForTests, owner_url: str
) -> None:
    owner = await asyncpg.connect(urls.plain(owner_url))
    with pytest.raises(DatabaseAway):
        async with db.work(workspace.id) as work:
            [row] = await work.fetch(Statement("select pg_backend_pid() as pid"), {})
            await owner.execute("select pg_terminate_backend($1)", row["pid"])
            await work.fetch(_COUNT, {"workspace_id": workspace.id})
    await owner.close()
    async with db.work(workspace.id) as work:
        assert await work.fetch(_COUNT, {"workspace_id": workspace.id})


async def test_a_lock_that_is_not_to_be_had_means_that_the_database_is_busy(
    db: Database, workspace: WorkspaceForTests
) -> None:
    locked = Statement("select id from workspaces where id = :id for update nowait")
    async with db.work(workspace.id) as holder:
        await holder.fetch(locked, {"id": workspace.id})
        with pytest.raises(DatabaseBusy):
            async with db.work(workspace.id) as work:
                await work.fetch(locked, {"id": workspace.id})
