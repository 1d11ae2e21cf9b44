"""What a worker hears of a command, it looks at: also when it hears of it too early."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast

from app.command_runner import CommandRunner
from app.metrics import Metrics
from database.clock import now
from database.commands import Claimed
from database.ids import new_id
from database.pool import Database
from jobs.context import JobContext
from jobs.running import Again, Done, Job, Outcome
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
    context = cast(JobContext, SimpleNamespace(db=db, settings=settings, now=now))
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
