"""Many workers at once, and workers that lost their lease and do not know it: the rows are those of one."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from rules.happenings import PullMailbox
from rules.words import Provider
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm
from tests.jobs.office import BEN
from tests.waiting import wait_until

WORKERS = 4
MAILS = 8


@pytest.mark.rule("R58")
async def test_workers_with_leases_that_end_at_once_give_the_rows_of_one(crm: Crm) -> None:
    """Each takes the mailboxes' commands from under the others' hands, in a Gmail and in an Outlook."""
    await crm.simulator.create_account(BEN, "Ben Holm", "microsoft")
    ben = await crm.add_user("Ben", BEN)
    await crm.add_contact("Dana", DANA)
    anns = await crm.connect(ANN)
    bens = await crm.connect(BEN, user_id=ben, provider=Provider.OUTLOOK)
    for number in range(MAILS):
        await crm.simulator.deliver(DANA, ANN, cc=[BEN], subject=f"Mail {number}", text="x")
    settings = replace(crm.context.settings, lease=timedelta(milliseconds=30))
    hasty = replace(crm, context=replace(crm.context, settings=settings))

    async def worker() -> None:
        for _ in range(3):
            await hasty.ask(PullMailbox(anns), PullMailbox(bens))
            for command_id, _, _ in await hasty.db.across.due_commands(100):
                await hasty.carry_out(command_id)

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    await crm.ask(PullMailbox(anns), PullMailbox(bens))

    async def all_are_there() -> bool:
        """So many readings use up a mailbox's quota: the last one may have to wait a second or two for it."""
        await crm.work()
        return len(await crm.rows("select 1 from message_copies")) == 2 * MAILS

    await wait_until(all_are_there, description="each mailbox's copies are stored")
    subjects = sorted(f"Mail {number}" for number in range(MAILS))
    rows = await crm.rows("select subject from messages")
    assert sorted(one["subject"] for one in rows) == subjects
    assert len(await crm.rows("select 1 from threads")) == MAILS
    assert [one["message_count"] for one in await crm.rows("select message_count from threads")] == [
        1
    ] * MAILS
    assert len(await crm.rows("select 1 from thread_links where ended_at is null")) >= MAILS
    assert (await crm.events()).count("MessageSynced") == MAILS
    assert len(await crm.rows("select 1 from unread")) == 2 * MAILS
