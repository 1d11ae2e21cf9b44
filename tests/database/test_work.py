"""One unit of work: rows, events and commands in one commit; numbers without gaps."""

import asyncio
import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from database import audit
from database.audit import Act
from database.bell import BELL_TIMEOUT
from database.events import purge
from database.ids import new_id
from database.pool import Database
from database.tables import ContactAddressRow, ContactRow
from database.work import WorkspaceGone
from rules.happenings import MailboxChanged, PullMailbox
from rules.words import CommandId, ContactOrigin, MailboxId, UserId, WorkspaceId
from tests.conftest import WorkspaceForTests
from tests.waiting import wait_until


class Recorder:
    """A bell that remembers its rings."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.commands: list[CommandId] = []

    async def events(self, workspace_id: WorkspaceId, number: int) -> None:
        self.numbers.append(number)

    async def command(self, command_id: CommandId, queue: str, due_at: datetime) -> None:
        self.commands.append(command_id)


class Broken:
    """A bell that fails in one stroke and hangs in the other."""

    async def events(self, workspace_id: WorkspaceId, number: int) -> None:
        raise ConnectionError("no bell")

    async def command(self, command_id: CommandId, queue: str, due_at: datetime) -> None:
        await asyncio.Event().wait()


async def test_rows_events_and_commands_leave_together(db: Database, workspace: WorkspaceForTests) -> None:
    db.bell = bell = Recorder()
    contact_id, mailbox_id = new_id(), MailboxId(new_id())
    told = MailboxChanged(mailbox_id, workspace.user_id)
    async with db.work(workspace.id) as work:
        work.add(
            ContactAddressRow(
                id=new_id(), workspace_id=workspace.id, contact_id=contact_id, address="dana@okafor.example"
            )
        )
        work.add(
            ContactRow(
                id=contact_id,
                workspace_id=workspace.id,
                name="Dana",
                origin=ContactOrigin.CRM,
                created_at=work.now,
            )
        )
        work.tell(told)
        work.ask(PullMailbox(mailbox_id))
        assert bell.numbers == []
    assert await db.fetchval(workspace.id, "select name from contacts where id = $1", contact_id) == "Dana"
    events = await db.events.after(workspace.id, 0, 10)
    assert [(event.number, event.event) for event in events] == [(1, told)]
    due = await db.across.due_commands(10)
    assert bell.numbers == [1]
    assert bell.commands == [due[0][0]]


async def test_an_exception_takes_everything_back(db: Database, workspace: WorkspaceForTests) -> None:
    db.bell = bell = Recorder()
    with pytest.raises(ZeroDivisionError):
        async with db.work(workspace.id) as work:
            work.tell(MailboxChanged(MailboxId(new_id()), workspace.user_id))
            work.ask(PullMailbox(MailboxId(new_id())))
            await work.execute(text("update users set name = 'Nobody'"))
            raise ZeroDivisionError
    assert await db.fetchval(workspace.id, "select name from users") == "Ada Obi"
    assert await db.events.latest(workspace.id) == 0
    assert await db.across.due_commands(10) == []
    assert bell.numbers == []
    assert bell.commands == []


async def test_numbers_are_gapless_in_the_order_of_commits(
    db: Database, workspace: WorkspaceForTests
) -> None:
    """Twenty writers, some of which fail; a reader sees every number with no earlier one still to come."""
    dice = random.Random(20)
    committed = 0
    seen: list[int] = []
    writing = True

    async def write(turn: int) -> None:
        nonlocal committed
        count = dice.randint(1, 3)
        try:
            async with db.work(workspace.id) as work:
                await work.execute(text("select pg_sleep(:s)"), {"s": dice.random() / 200})
                for _ in range(count):
                    work.tell(MailboxChanged(MailboxId(new_id()), workspace.user_id))
                if turn % 7 == 3:
                    raise InterruptedError
            committed += count
        except InterruptedError:
            return

    async def read() -> None:
        while writing:
            seen.extend(
                event.number for event in await db.events.after(workspace.id, max(seen, default=0), 50)
            )

    reader = asyncio.create_task(read())
    for _ in range(5):
        await asyncio.gather(*(write(turn) for turn in range(20)))
    writing = False
    await reader
    seen.extend(event.number for event in await db.events.after(workspace.id, max(seen, default=0), 500))
    assert committed > 100
    assert seen == list(range(1, committed + 1))
    assert await db.events.latest(workspace.id) == committed


async def test_a_broken_bell_costs_little_and_loses_nothing(
    db: Database, workspace: WorkspaceForTests
) -> None:
    db.bell = Broken()
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with db.work(workspace.id) as work:
        work.tell(MailboxChanged(MailboxId(new_id()), workspace.user_id))
        work.ask(PullMailbox(MailboxId(new_id())))
    assert loop.time() - began < BELL_TIMEOUT.total_seconds() + 1
    assert await db.events.latest(workspace.id) == 1
    assert len(await db.across.due_commands(10)) == 1


class Slow:
    """A bell whose strokes arrive when the machine lets them."""

    def __init__(self) -> None:
        self.lets = asyncio.Event()
        self.told: list[str] = []

    async def events(self, workspace_id: WorkspaceId, number: int) -> None:
        await self.lets.wait()
        self.told.append("events")

    async def command(self, command_id: CommandId, queue: str, due_at: datetime) -> None:
        await self.lets.wait()
        self.told.append(queue)


async def test_a_stroke_that_is_late_arrives_though_nobody_waits_for_it(
    db: Database, workspace: WorkspaceForTests
) -> None:
    """Broken off, it would leave what was asked to the sweeper, just when the machine is busy."""
    bell = db.bell = Slow()
    async with db.work(workspace.id) as work:
        work.tell(MailboxChanged(MailboxId(new_id()), workspace.user_id))
        work.ask(PullMailbox(MailboxId(new_id())))
    assert bell.told == []
    bell.lets.set()
    await wait_until(lambda: sorted(bell.told) == ["events", "live"], description="both strokes arrived")


async def test_oldest_kept_moves_with_the_purge(db: Database, workspace: WorkspaceForTests) -> None:
    assert await db.events.oldest_kept(workspace.id) == 1
    for _ in range(3):
        async with db.work(workspace.id) as work:
            work.tell(MailboxChanged(MailboxId(new_id()), workspace.user_id))
    second = (await db.events.after(workspace.id, 1, 1))[0]
    async with db.work(workspace.id) as work:
        assert await purge(work, second.at) == 1
    assert await db.events.oldest_kept(workspace.id) == 2
    async with db.work(workspace.id) as work:
        assert await purge(work, work.now + timedelta(days=1)) == 2
    assert await db.events.oldest_kept(workspace.id) == 4
    assert await db.events.latest(workspace.id) == 3


async def test_telling_in_no_workspace_fails(db: Database) -> None:
    nowhere = WorkspaceId(new_id())
    with pytest.raises(WorkspaceGone):
        async with db.work(nowhere) as work:
            work.tell(MailboxChanged(MailboxId(new_id()), workspace_user()))
    with pytest.raises(WorkspaceGone):
        async with db.work(nowhere) as work:
            await work.audit("system", "nothing_done")


@pytest.mark.rule("R6")
async def test_the_audit_log_is_a_chain_that_shows_what_was_removed(
    db: Database, workspace: WorkspaceForTests
) -> None:
    async def act(turn: int) -> None:
        async with db.work(workspace.id) as work:
            await work.audit("system", "tested", turn=str(turn))
            await work.audit(f"user:{workspace.user_id}", "signed_in")

    await asyncio.gather(*(act(turn) for turn in range(8)))
    rows = await db.fetch(
        workspace.id, "select number, at, actor, action, detail, chain from audit_log order by number"
    )
    log = [(row[0], row[1], Act(row[2], row[3], row[4]), row[5]) for row in rows]
    assert len(log) == 16
    assert audit.first_break(workspace.id, log) is None
    assert audit.first_break(workspace.id, log[:4] + log[5:]) == 5
    number, at, was, chain = log[7]
    forged = Act(was.actor, was.action, {"turn": "another"})
    assert audit.first_break(workspace.id, [*log[:7], (number, at, forged, chain), *log[8:]]) == 8


def workspace_user() -> UserId:
    return UserId(new_id())
