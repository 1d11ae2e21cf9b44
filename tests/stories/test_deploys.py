"""Workers come and go, or stand still, in the middle of work: all of it is done, none of it twice."""

import signal
from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import pytest

from tests.stories.stack import ANN, DANA, Stack, free_port
from tests.waiting import wait_until

MAILS = 150
DEPLOYS = 10


@pytest.fixture
async def rows(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A look at every row, past the API."""
    line = await asyncpg.connect(stack.environment["DATABASE_OWNER_URL"].replace("+asyncpg", ""))
    yield line
    await line.close()


@pytest.mark.soak
@pytest.mark.rule("R54")
@pytest.mark.timeout(400)
async def test_ten_deploys_in_one_large_catch_up_lose_and_repeat_nothing(
    stack: Stack, rows: asyncpg.Connection
) -> None:
    """SIGTERM to the worker ten times while 150 mails are read: each is stored and told once."""
    worker = stack.processes[-1]
    await _stop(stack, worker)
    for number in range(MAILS):
        await stack.simulator.deliver(DANA, ANN, subject=f"Catch-up {number}", text="x")

    async def stored() -> int:
        return int(await rows.fetchval("select count(*) from messages where subject like 'Catch-up %'"))

    async def more(than: int) -> bool:
        return await stored() > than

    interrupted = 0
    for _ in range(DEPLOYS):
        worker = await stack.start("worker")
        before = await stored()
        if before < MAILS:
            await wait_until(partial(more, before), description="the worker reads", seconds=60)
            interrupted += 1
        await _stop(stack, worker)
    await stack.start("worker")
    await wait_until(partial(more, MAILS - 1), description="everything is stored", seconds=240)

    assert interrupted >= 3
    subjects = await rows.fetch("select subject from messages where subject like 'Catch-up %'")
    assert sorted(row["subject"] for row in subjects) == sorted(f"Catch-up {one}" for one in range(MAILS))
    told = await rows.fetchval(
        "select count(*) from events e join messages m on m.id::text = e.subject ->> 'message_id'"
        " where e.kind = 'MessageSynced' and m.subject like 'Catch-up %'"
    )
    assert told == MAILS
    assert await rows.fetchval("select count(*) from commands where parked_at is not null") == 0


@pytest.mark.soak
@pytest.mark.rule("R48")
@pytest.mark.timeout(150)
async def test_a_worker_that_stood_still_past_its_lease_changes_nothing_when_it_wakes(
    stack: Stack, rows: asyncpg.Connection
) -> None:
    """Fault 6: SIGSTOP while Gmail takes the mail, another worker finds it, SIGCONT: nothing is written."""
    await stack.simulator.add_fault("slow", "gmail.users.drafts.send", seconds=2)
    asleep = stack.processes[-1]
    message = await stack.send(contactId=await _dana(stack), subject="Asleep", text="once")

    async def asked() -> bool:
        state = await rows.fetchval("select step from submissions where message_id = $1::uuid", message["id"])
        return bool(state == "sending")

    await wait_until(asked, description="the worker asks Gmail to send")
    asleep.send_signal(signal.SIGSTOP)
    stack.environment["WORKER_PORT"] = str(free_port())
    await stack.start("worker")

    async def sent() -> bool:
        return await stack.delivery(message["id"]) == "SENT"

    await wait_until(sent, description="another worker found it in Sent", seconds=60)
    before = await rows.fetchrow("select * from submissions where message_id = $1::uuid", message["id"])
    asleep.send_signal(signal.SIGCONT)
    log = stack.logs / "worker.log"
    await wait_until(lambda: "lost its lease" in log.read_text(), description="the fence refused", seconds=30)

    after = await rows.fetchrow("select * from submissions where message_id = $1::uuid", message["id"])
    assert after == before
    theirs = [one for one in await stack.simulator.mailbox(DANA) if one["subject"] == "Asleep"]
    assert len(theirs) == 1


async def _dana(stack: Stack) -> str:
    found = await stack.ask('{ contacts(search: "Dana") { edges { node { id } } } }')
    return str(found["contacts"]["edges"][0]["node"]["id"])


async def _stop(stack: Stack, process: object) -> None:
    """SIGTERM, as a deploy does; the process must end by itself."""
    worker = next(one for one in stack.processes if one is process)
    worker.terminate()
    assert await worker.wait() == 0
    stack.processes.remove(worker)
