"""A pull that is killed anywhere loses nothing and repeats nothing."""

from contextlib import suppress

import pytest
from sqlalchemy import text

from jobs.running import carry_out
from jobs.table import TABLE
from rules.happenings import PullMailbox
from rules.words import MailboxId
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm, Killed, kill_at

POINTS = (
    "pull.envelopes",
    "pull.content",
    "pull.row-uncommitted",
    "pull.row",
    "pull.cursor-uncommitted",
    "pull.cursor",
)


async def pull_through(crm: Crm, mailbox_id: MailboxId) -> None:
    """Ask for a pull and let dead leases end until it is done."""
    await crm.ask(PullMailbox(mailbox_id))
    for _ in range(20):
        with suppress(Killed):
            await crm.work()
        if not await crm.rows("select 1 from commands where kind = 'pull_mailbox'"):
            return
        async with crm.db.work(crm.workspace_id) as work:
            await work.execute(text("update commands set due_at = now(), lease_until = null"))
    raise AssertionError("the pull never came to an end")


@pytest.mark.rule("R53")
@pytest.mark.rule("R62")
@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_everything_is_stored_once(crm: Crm, point: str) -> None:
    """Three mails came; after the crash and the next run each is there once, and told once."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    for number in range(3):
        await crm.simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    kill_at(crm, point)

    await pull_through(crm, mailbox_id)

    subjects = sorted(one["subject"] for one in await crm.rows("select subject from messages"))
    assert subjects == ["Mail 0", "Mail 1", "Mail 2"]
    assert (await crm.events()).count("MessageSynced") == 3
    numbers = [one["number"] for one in await crm.rows("select number from events order by number")]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.rule("R53")
async def test_a_worker_that_lost_its_lease_writes_nothing(crm: Crm) -> None:
    """While it fetched, another worker took the command over: its rows are taken back, the other's stand."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="One", text="x")
    await crm.ask(PullMailbox(mailbox_id))
    (command_id, _, _), *_ = await crm.db.across.due_commands(10)
    stale = await crm.db.claim(command_id, crm.context.settings.lease)
    assert stale is not None
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update commands set fence = fence + 1"))

    await carry_out(crm.context, TABLE, stale)

    assert await crm.rows("select 1 from messages") == []
