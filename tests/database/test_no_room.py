"""A database that answers and cannot write: its disk is full, or it may only be read for now."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from app.embedded import EmbeddedPostgres
from database import migrate
from database.ids import new_id
from database.lines import DatabaseAway
from database.pool import Database
from database.sealing import KeyRing
from rules.happenings import MailboxChanged, PullMailbox
from rules.words import CommandId, MailboxId
from tests.conftest import WorkspaceForTests, make_workspace
from tests.small_disk import SmallDisk, small_disk
from tests.waiting import wait_until

LEASE = timedelta(seconds=60)
EVERY_WRITE = 40_000
"""Bytes that each write brings, so that few of them fill a page, and the next one the disk."""


@pytest.mark.parametrize("state", ["53100", "53200", "25006"], ids=["disk", "memory", "read only"])
async def test_what_the_server_has_no_room_for_may_be_asked_again(
    db: Database, workspace: WorkspaceForTests, state: str
) -> None:
    """Fault 10: as PostgreSQL says it, whatever led to it."""
    raising = f"do $$ begin raise exception 'no room' using errcode = '{state}'; end $$"
    with pytest.raises(DatabaseAway):
        async with db.work(workspace.id) as work:
            await work.execute(text("update users set name = 'Lost'"))
            await work.execute(text(raising))
    if state != "25006":  # a reading connection may only read: what it says of that is a bug of ours
        with pytest.raises(DatabaseAway):
            await db.fetchval(workspace.id, raising)
    assert await db.fetchval(workspace.id, "select name from users") == "Ada Obi"


@pytest.fixture
async def own_server(services_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(services_folder / f"read-only-{new_id().hex}", durable=False)
    await migrate.upgrade(server.start())
    yield server
    server.forget()


@pytest.mark.timeout(60)
async def test_a_server_that_may_only_be_read_for_a_while_is_written_to_again(
    own_server: EmbeddedPostgres, key_ring: KeyRing
) -> None:
    """As hosts do it to a server whose disk is nearly full, and while another takes over."""
    db = await Database.open(own_server.url("bothways_app"))
    workspace = await make_workspace(db, key_ring)
    async with db.work(workspace.id) as work:
        work.ask(PullMailbox(MailboxId(new_id())))
    (command_id, _, _) = (await db.across.due_commands(1))[0]
    owner = await asyncpg.connect(own_server.url())
    await _set_read_only(owner, "on")

    async def claims(command_id: CommandId = command_id) -> bool:
        try:
            return await db.claim(command_id, LEASE) is not None
        except DatabaseAway:
            return False

    async def refused() -> bool:
        try:
            async with db.work(workspace.id) as work:
                work.tell(MailboxChanged(MailboxId(new_id()), workspace.user_id))
        except DatabaseAway:
            return True
        return False

    await wait_until(refused, description="writing is refused as what passes")
    with pytest.raises(DatabaseAway):
        await db.claim(command_id, LEASE)
    assert await db.fetchval(workspace.id, "select count(*) from users") == 1
    await _set_read_only(owner, "off")
    await wait_until(claims, description="it may be written again")
    assert not await refused()
    await owner.close()
    await db.close()


async def _set_read_only(owner: asyncpg.Connection, value: str) -> None:
    await owner.execute("set transaction read write")
    await owner.execute(f"alter system set default_transaction_read_only = {value}")
    await owner.execute("select pg_reload_conf()")


_FILLING = text("""
update users set name = (select string_agg(md5(random()::text), '') from generate_series(1, :many))
""")


class Writer:
    """Writes to a database on a small disk, and remembers what it was told is stored."""

    def __init__(self, db: Database, workspace: WorkspaceForTests) -> None:
        self.db, self.workspace = db, workspace
        self.stored: set[MailboxId] = set()
        self.other: list[Exception] = []

    async def write(self) -> bool:
        """Store an event with much text beside it; whether it is stored."""
        mailbox_id = MailboxId(new_id())
        try:
            async with self.db.work(self.workspace.id) as work:
                await work.execute(_FILLING, {"many": EVERY_WRITE // 32})
                work.tell(MailboxChanged(mailbox_id, self.workspace.user_id))
        except DatabaseAway:
            return False
        except Exception as trouble:
            self.other.append(trouble)
            return False
        self.stored.add(mailbox_id)
        return True

    async def check(self) -> None:
        """What was said to be stored is there, numbered without a gap, and nothing failed oddly."""
        kept = await self.db.events.after(self.workspace.id, 0, 1_000_000)
        found = {one.event.mailbox_id for one in kept if isinstance(one.event, MailboxChanged)}
        assert self.stored <= found
        assert [one.number for one in kept] == list(range(1, len(kept) + 1))
        assert not self.other


async def _use_up_the_log(server: EmbeddedPostgres) -> None:
    """Begin a new file of the log until there is no room for one, which crashes every connection."""
    owner = await asyncpg.connect(server.url())
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
        for _ in range(100):
            await owner.execute("select pg_logical_emit_message(true, '', repeat('x', 1000))")
            await owner.execute("select pg_switch_wal()")


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[SmallDisk]:
    with small_disk(tmp_path / "disk", megabytes=200) as disk:
        yield disk


@pytest.mark.soak
@pytest.mark.rule("R56")
@pytest.mark.timeout(90)
async def test_a_full_disk_loses_nothing_acknowledged_and_passes_by_itself(
    disk: SmallDisk, key_ring: KeyRing
) -> None:
    """Faults 10 and 23: first no table can grow, then not even the log of transactions: the server dies."""
    server = EmbeddedPostgres(
        disk.folder / "postgres", durable=True, more={"min_wal_size": "32MB", "max_wal_size": "32MB"}
    )
    await migrate.upgrade(server.start())
    db = await Database.open(server.url("bothways_app"))
    writer = Writer(db, await make_workspace(db, key_ring))
    try:
        assert await writer.write()
        disk.fill(leave_kilobytes=256)
        while await writer.write():
            pass
        assert await db.fetchval(writer.workspace.id, "select count(*) from users") == 1
        disk.free()
        await wait_until(writer.write, description="it is written to again")

        disk.fill(leave_kilobytes=0)
        await _use_up_the_log(server)
        await wait_until(lambda: not server.running, description="it ends itself")
        assert not await writer.write()
        disk.free()
        server.stop()  # of which nothing is left
        server.start()
        await wait_until(writer.write, description="it is written to again")
        await writer.check()
    finally:
        await db.close()
        server.forget()
