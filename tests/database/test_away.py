"""What happens when PostgreSQL is slow, busy, or gone for a while."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.embedded import EmbeddedPostgres
from database import migrate
from database.ids import new_id
from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from database.sealing import KeyRing
from rules.happenings import MailboxChanged
from rules.words import MailboxId
from tests.conftest import WorkspaceForTests, make_workspace
from tests.waiting import wait_until


@pytest.fixture
async def own_server(services_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server that the test may crash; with fsync, as a crash must lose nothing."""
    server = EmbeddedPostgres(services_folder / f"crashing-{new_id().hex}", durable=True)
    await migrate.upgrade(server.start())
    yield server
    server.forget()


@pytest.mark.rule("R56")
@pytest.mark.timeout(90)
async def test_a_crash_of_the_server_loses_nothing_acknowledged(
    own_server: EmbeddedPostgres, key_ring: KeyRing
) -> None:
    db = await Database.open(own_server.url("bothways_app"))
    workspace = await make_workspace(db, key_ring)
    acknowledged: set[MailboxId] = set()
    refused: list[Exception] = []
    stopping = asyncio.Event()

    async def write() -> None:
        while not stopping.is_set():
            mailbox_id = MailboxId(new_id())
            try:
                async with db.work(workspace.id) as work:
                    work.tell(MailboxChanged(mailbox_id, workspace.user_id))
                acknowledged.add(mailbox_id)
            except (DatabaseAway, DatabaseBusy, DBAPIError) as trouble:
                refused.append(trouble)

    writers = [asyncio.create_task(write()) for _ in range(4)]
    await wait_until(lambda: len(acknowledged) > 20, description="some writes are acknowledged")
    await asyncio.to_thread(own_server.crash)
    await wait_until(lambda: len(refused) > 3, description="the writers notice")
    before = len(acknowledged)
    await asyncio.to_thread(own_server.start)
    await wait_until(lambda: len(acknowledged) > before + 20, description="writing goes on", seconds=10)
    assert await db.fetchval(workspace.id, "select count(*) from users") == 1
    stopping.set()
    await asyncio.gather(*writers)
    kept = await db.events.after(workspace.id, 0, 1_000_000)
    assert acknowledged <= {
        event.event.mailbox_id for event in kept if isinstance(event.event, MailboxChanged)
    }
    assert [event.number for event in kept] == list(range(1, len(kept) + 1))
    assert {type(trouble) for trouble in refused} <= {DatabaseAway, DatabaseBusy}, refused
    await db.close()


@pytest.mark.rule("R57")
async def test_a_long_statement_and_a_long_wait_are_cut_short(
    db: Database, workspace: WorkspaceForTests, owner_url: str
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(asyncpg.QueryCanceledError):
        await db.fetchval(workspace.id, "select pg_sleep(60)")
    with pytest.raises(DatabaseBusy, match="holds what this statement needs"):
        async with db.work(workspace.id) as holder:
            await holder.execute(text("update users set name = 'held'"))
            async with db.work(workspace.id) as waiter:
                await waiter.execute(text("update users set name = 'waits'"))
    assert loop.time() - began < 5 + 2 + 2
    assert await db.fetchval(workspace.id, "select name from users") == "Ada Obi"
    shown = await db.fetchval(workspace.id, "show idle_in_transaction_session_timeout")
    assert shown == "15s"


@pytest.mark.rule("R57")
async def test_nobody_waits_long_for_a_connection(database_url: str, key_ring: KeyRing) -> None:
    db = await Database.open(database_url, read_connections=1, write_connections=1)
    workspace = await make_workspace(db, key_ring)
    loop = asyncio.get_running_loop()
    slow = asyncio.create_task(db.fetchval(workspace.id, "select pg_sleep(4)"))
    await wait_until(lambda: db.reading == 1, description="the only connection is in use")
    began = loop.time()
    with pytest.raises(DatabaseBusy):
        await db.fetchval(workspace.id, "select 1")
    async with db.work(workspace.id):
        with pytest.raises(DatabaseBusy):
            async with db.work(workspace.id):
                pass
    assert loop.time() - began < 2 + 2 + 1
    await slow
    assert await db.fetchval(workspace.id, "select 1") == 1
    await db.close()


async def test_a_cancelled_read_leaves_no_harm(db: Database, workspace: WorkspaceForTests) -> None:
    for _ in range(12):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await db.fetchval(workspace.id, "select pg_sleep(30)")
    assert await db.fetchval(workspace.id, "select id from workspaces") == workspace.id


async def test_connections_that_were_cut_are_replaced(
    db: Database, workspace: WorkspaceForTests, owner_url: str
) -> None:
    async with db.work(workspace.id) as work:
        await work.execute(text("select 1"))
    await db.fetchval(workspace.id, "select 1")
    owner = await asyncpg.connect(owner_url)
    cut = await owner.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    assert cut >= 2
    assert await db.fetchval(workspace.id, "select id from workspaces") == workspace.id

    async def writes() -> bool:
        try:
            async with db.work(workspace.id) as work:
                await work.execute(text("update users set name = 'After'"))
        except DatabaseAway:
            return False
        return True

    await wait_until(writes, description="a write goes through")
    await owner.close()


_WRITER = """
import asyncio, os, signal, sys
from database.ids import new_id
from database.pool import Database
from rules.happenings import MailboxChanged, PullMailbox
from uuid import UUID

class Killer:
    async def events(self, workspace_id, number): os.kill(os.getpid(), signal.SIGKILL)
    async def command(self, command_id, queue, due_at): os.kill(os.getpid(), signal.SIGKILL)

async def main():
    db = await Database.open(sys.argv[1], bell=Killer())
    async with db.work(UUID(sys.argv[2])) as work:
        work.tell(MailboxChanged(new_id(), UUID(sys.argv[3])))
        work.ask(PullMailbox(new_id()))

asyncio.run(main())
"""


@pytest.mark.rule("R30")
async def test_killed_between_the_commit_and_the_bell(
    db: Database, workspace: WorkspaceForTests, database_url: str
) -> None:
    """Nobody was rung for, and nothing is lost: the sweeper finds the command, a reader the event."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _WRITER,
        database_url,
        str(workspace.id),
        str(workspace.user_id),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert await process.wait() == -signal.SIGKILL
    assert len(await db.events.after(workspace.id, 0, 10)) == 1
    assert len(await db.across.due_commands(10)) == 1
