"""What a worker hears of a command, it looks at: also when it hears of it too early."""

import asyncio
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from app.command_runner import CommandRunner
from app.metrics import Metrics
from database.clock import now
from database.commands import Claimed
from database.ids import new_id
from database.pool import Database
from jobs.context import JobContext
from jobs.running import Again, Done, Job, Outcome
from jobs.turns import BURST, NoPlace, Turns
from rules.happenings import Command, PullMailbox
from rules.words import CommandId, MailboxId, WorkspaceId
from tests.conftest import WorkspaceForTests
from tests.waiting import wait_until


class QuickBell:
    """Rings before the commit that rings has even returned, as a list in Redis nearly does."""

    runner: CommandRunner

    async def command(self, command_id: CommandId, queue: str, due_at: datetime) -> None:
        self.runner.start(command_id, queue, heard_by="bell")

    async def events(self, workspace_id: WorkspaceId, number: int) -> None:
        """Nobody listens."""


async def test_a_command_that_is_due_again_by_its_own_commit_runs_again(
    database_url: str, workspace: WorkspaceForTests
) -> None:
    """The call comes while the run has not ended: it was dropped, and the sweeper found it 15 s later."""
    bell = QuickBell()
    db = await Database.open(database_url, bell=bell)
    runs: list[CommandId] = []

    async def run(_: JobContext, claimed: Claimed, __: Command) -> Outcome:
        runs.append(claimed.id)
        return Again(now() - timedelta(seconds=1)) if len(runs) < 3 else Done()

    settings = SimpleNamespace(lease=timedelta(seconds=60))
    context = cast(JobContext, SimpleNamespace(db=db, settings=settings, now=now, turns=Turns(1)))
    runner = bell.runner = CommandRunner(
        context, {"pull_mailbox": Job(run, timedelta(seconds=10))}, {"live": 2}, Metrics()
    )
    try:
        async with db.work(workspace.id) as work:
            work.ask(PullMailbox(MailboxId(new_id())))

        async def ended() -> bool:
            return len(runs) >= 3 and len(runner) == 0

        await wait_until(ended, description="the command ran three times")
        assert len(set(runs)) == 1
        assert await db.fetch(workspace.id, "select 1 from commands") == []
    finally:
        await runner.stop(timedelta(seconds=1))
        await db.close()


@pytest.mark.rule("R65")
async def test_one_mail_passes_mailboxes_that_catch_up_in_every_place(
    database_url: str, workspace: WorkspaceForTests
) -> None:
    """Six floods in a worker with two places: half of them wait, holding nothing, and one mail goes past."""
    bell = QuickBell()
    db = await Database.open(database_url, bell=bell)
    floods, fresh = [MailboxId(new_id()) for _ in range(6)], MailboxId(new_id())
    ended: list[MailboxId] = []
    told_to_wait: set[MailboxId] = set()
    goes_on = asyncio.Event()

    async def run(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
        assert isinstance(command, PullMailbox)
        mails = 1 if command.mailbox_id == fresh else BURST + 1
        try:
            with context.turns.reading(claimed.id, command.mailbox_id) as turn:
                await turn.take(mails)
                if command.mailbox_id != fresh:
                    await goes_on.wait()
        except NoPlace:
            told_to_wait.add(command.mailbox_id)
            return Again(now())
        ended.append(command.mailbox_id)
        return Done()

    settings = SimpleNamespace(lease=timedelta(seconds=60))
    context = cast(JobContext, SimpleNamespace(db=db, settings=settings, now=now, turns=Turns(1)))
    runner = bell.runner = CommandRunner(
        context, {"pull_mailbox": Job(run, timedelta(seconds=20))}, {"live": 2}, Metrics()
    )
    try:
        async with db.work(workspace.id) as work:
            for mailbox_id in floods:
                work.ask(PullMailbox(mailbox_id))
        await wait_until(lambda: len(told_to_wait) == 5, description="five of the floods wait")
        async with db.work(workspace.id) as work:
            work.ask(PullMailbox(fresh))
        await wait_until(lambda: fresh in ended, description="the one mail is taken in")
        assert ended == [fresh]
        goes_on.set()

        await wait_until(lambda: len(ended) == 7 and len(runner) == 0, description="all are taken in")
        assert set(ended) == {fresh, *floods}
        assert await db.fetch(workspace.id, "select 1 from commands") == []
    finally:
        await runner.stop(timedelta(seconds=1))
        await db.close()


async def test_who_waits_for_a_turn_holds_up_nobody_who_hears_of_commands(
    database_url: str, workspace: WorkspaceForTests
) -> None:
    """The ear takes so many calls as there are places: one that waits must not be counted as one of them."""
    db = await Database.open(database_url)
    turns = Turns(0)
    context = cast(JobContext, SimpleNamespace(db=db, settings=None, now=now, turns=turns))
    runner = CommandRunner(context, {}, {"live": 1}, Metrics())
    command_id = CommandId(new_id())
    with turns.reading(command_id, MailboxId(new_id())) as turn, pytest.raises(NoPlace):
        await turn.take(BURST + 1)
    try:
        assert runner.start(command_id, "live", heard_by="bell") is None
        assert len(runner) == 1
    finally:
        await runner.stop(timedelta(0))
        await db.close()
