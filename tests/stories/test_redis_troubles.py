"""A Redis that is there and of no use: started from what it knew long ago, or alive and silent."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

import httpx
import pytest
from redis.asyncio import Redis

from app.embedded import EmbeddedValkey
from app.ringing import queue_name, wake_list
from rules.happenings import Queue
from tests.stories.stack import ANN, DANA, Listener, Stack
from tests.waiting import wait_until

LIVE = Queue.LIVE.value


async def dana(stack: Stack) -> str:
    found = await stack.ask('{ contacts(search: "Dana") { edges { node { id } } } }')
    return str(found["contacts"]["edges"][0]["node"]["id"])


async def state_is(stack: Stack, state: str, message_id: str) -> bool:
    return await stack.delivery(message_id) == state


async def subjects(stack: Stack) -> list[str]:
    return sorted(one["subject"] for one in await stack.simulator.mailbox(DANA))


async def hears(heard: Listener, *texts: str, seconds: float = 30) -> None:
    expected = set(texts)
    await wait_until(lambda: expected <= set(heard.texts()), description=f"live: {expected}", seconds=seconds)


async def calls_waiting(valkey: EmbeddedValkey) -> tuple[list[bytes], dict[bytes, float]]:
    """The calls that wait in Valkey: for now, and for later with when."""
    async with Redis.from_url(valkey.url()) as redis:
        now = await cast(Awaitable[list[bytes]], redis.lrange(wake_list(LIVE), 0, -1))
        return now, dict(await redis.zrange(queue_name(LIVE), 0, -1, withscores=True))


async def guess(stack: Stack) -> int:
    """Try a credential that does not hold; the status of the answer."""
    answer = await stack.client.post(
        f"{stack.api}/graphql",
        json={"query": "{ viewer { scopes } }"},
        headers={"authorization": "Bearer bw_wrong"},
    )
    return answer.status_code


@pytest.mark.rule("R52")
@pytest.mark.rule("R59")
@pytest.mark.timeout(150)
async def test_a_valkey_that_starts_from_an_old_snapshot_repeats_and_loses_nothing(
    stack: Stack, own_valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    """Its wake-up calls name what was sent, or taken back, since; its counts are of a minute long past."""
    contact = await dana(stack)
    await stack.kill(stack.processes[-1])  # so that calls lie in Redis, unheard
    first = [
        await stack.send(contactId=contact, subject=f"Then {one}", text=f"then {one}") for one in range(3)
    ]
    undone = await stack.send(contactId=contact, subject="Undone", text="never", undoSeconds=10)
    while await guess(stack) != httpx.codes.TOO_MANY_REQUESTS:
        pass
    then = await calls_waiting(own_valkey)
    assert len(then[0]) == len(first) and then[1], "the mails, and what is to be undone"
    shutil.copytree(own_valkey.folder / "appendonlydir", tmp_path / "then")
    taken_back = await stack.ask(
        "mutation($id: ID!) { cancelSend(messageId: $id) { __typename ... on UserError { message } } }",
        id=undone["id"],
    )
    assert taken_back["cancelSend"]["__typename"] == "Message", taken_back

    await stack.start("worker")
    async with stack.listening() as heard:
        for message in first:
            await wait_until(partial(state_is, stack, "SENT", message["id"]), description="sent", seconds=60)
        await stack.simulator.deliver(DANA, ANN, subject="Between", text="between")
        await hears(heard, "between")
        before = await subjects(stack)

        own_valkey.stop()
        shutil.rmtree(own_valkey.folder / "appendonlydir")
        shutil.copytree(tmp_path / "then", own_valkey.folder / "appendonlydir")
        own_valkey.start()
        assert await calls_waiting(own_valkey) == then

        async def old_calls_are_heard() -> bool:
            now, later = await calls_waiting(own_valkey)
            return not now and not later.items() & then[1].items()

        await wait_until(old_calls_are_heard, description="the old calls are heard", seconds=60)
        after = heard.last_id
        sent = await stack.send(contactId=contact, subject="Now", text="now")
        await stack.simulator.deliver(DANA, ANN, subject="Answer", text="answered now")
        await hears(heard, "now", "answered now")
        await wait_until(partial(state_is, stack, "SENT", sent["id"]), description="sent", seconds=60)
        async with stack.listening(after) as late:
            await hears(late, "now", "answered now")

    assert await subjects(stack) == sorted([*before, "Now", "Answer"])
    assert await stack.delivery(undone["id"]) == "CANCELLED"
    assert sorted(heard.texts()) == ["answered now", "between", "now"]
    ids = [one["id"] for one in heard.events]
    assert len(set(ids)) == len(ids)
    assert [one["id"] for one in late.events] == ids[ids.index(str(after)) + 1 :]


@asynccontextmanager
async def silent(valkey: EmbeddedValkey) -> AsyncIterator[None]:
    """Let the server stand still: connections are taken, and nothing is ever answered."""
    async with Redis.from_url(valkey.url()) as redis:
        process = int((await redis.info("server"))["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def ready(stack: Stack, setting: str) -> str:
    answer = await stack.client.get(f"http://127.0.0.1:{stack.environment[setting]}/ready")
    return str(answer.json()["state"])


@pytest.mark.rule("R27")
@pytest.mark.rule("R59")
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "rounds", [2, pytest.param(30, marks=[pytest.mark.soak, pytest.mark.timeout(300)])], ids=["short", "long"]
)
async def test_a_valkey_that_hangs_holds_up_neither_clients_nor_mail(
    stack: Stack, own_valkey: EmbeddedValkey, rounds: int
) -> None:
    contact = await dana(stack)
    loop = asyncio.get_running_loop()
    slowest = 0.0
    expected = []
    async with stack.listening() as heard:
        async with silent(own_valkey):
            for one in range(rounds):
                began = loop.time()
                sent = await stack.send(contactId=contact, subject=f"Hangs {one}", text=f"out {rounds} {one}")
                await stack.ask("{ viewer { workspace { name } } }")
                slowest = max(slowest, loop.time() - began)
                await stack.simulator.deliver(DANA, ANN, subject=f"Comes {one}", text=f"in {rounds} {one}")
                expected += [f"out {rounds} {one}", f"in {rounds} {one}"]
                await hears(heard, *expected)
                await wait_until(partial(state_is, stack, "SENT", sent["id"]), description="sent", seconds=30)
            assert [await ready(stack, port) for port in ("HTTP_PORT", "WORKER_PORT")] == ["degraded"] * 2
        await wait_until(lambda: ready_again(stack), description="API and worker hear it again", seconds=30)
        await stack.simulator.deliver(DANA, ANN, subject="Woken", text=f"woken {rounds}")
        await hears(heard, f"woken {rounds}")

    assert slowest < 3
    assert sorted(one for one in heard.texts() if one in expected) == sorted(expected)
    theirs = [one for one in await subjects(stack) if one.startswith("Hangs")]
    assert len(set(theirs)) == len(theirs)


async def ready_again(stack: Stack) -> bool:
    return [await ready(stack, port) for port in ("HTTP_PORT", "WORKER_PORT")] == ["ready"] * 2
