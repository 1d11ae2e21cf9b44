"""The bell on a real Valkey: heard, lost, heard again, and nobody misses an event meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.live.bell import RedisBell, RedisRings
from app.live.hub import HubPace
from app.live.hubs import Hubs
from tests.app.live.killable_valkey import KillableValkey, killable_valkey
from tests.app.live.memory import WORKSPACE, Executed, MemoryEvents, MemorySink, RoomInterest, request
from tests.waiting import wait_until


@pytest.fixture
async def valkey() -> AsyncIterator[KillableValkey]:
    async with killable_valkey() as valkey:
        yield valkey


class Ears:
    """Counts rings."""

    def __init__(self) -> None:
        self.rings = 0

    def ring(self) -> None:
        self.rings += 1

    async def wait_for(self, rings: int) -> None:
        await wait_until(lambda: self.rings >= rings, description=f"{rings} rings are heard")


async def test_a_ring_reaches_every_listener_of_its_workspace(valkey: KillableValkey) -> None:
    one, other = Ears(), Ears()
    async with (
        RedisBell(valkey.url) as bell,
        bell.listen(WORKSPACE, one.ring),
        bell.listen(WORKSPACE, other.ring),
    ):
        await one.wait_for(1)  # the confirmed subscription rings by itself
        rings = one.rings, other.rings
        await valkey.until_heard()
        await one.wait_for(rings[0] + 1)
        await other.wait_for(rings[1] + 1)


async def test_who_stopped_listening_is_not_rung(valkey: KillableValkey) -> None:
    ears = Ears()
    async with RedisBell(valkey.url) as bell:
        async with bell.listen(WORKSPACE, ears.ring):
            await valkey.until_heard()
            await ears.wait_for(1)

        await valkey.until_left()


@pytest.mark.rule("R27")
async def test_the_bell_is_heard_again_after_a_kill_and_restart(valkey: KillableValkey) -> None:
    ears = Ears()
    async with RedisBell(valkey.url) as bell, bell.listen(WORKSPACE, ears.ring):
        for _ in range(3):
            await wait_until(lambda: bell.healthy, description="the bell is heard")
            rings = ears.rings
            await valkey.kill()
            await wait_until(lambda: not bell.healthy, description="the loss is noticed")
            await ears.wait_for(rings + 1)  # the loss rings
            rings = ears.rings
            await valkey.start()
            await ears.wait_for(rings + 1)  # so does the way back
            await valkey.until_heard()


async def test_redis_need_not_be_there_at_the_start(valkey: KillableValkey) -> None:
    await valkey.kill()
    ears = Ears()
    async with RedisBell(valkey.url) as bell, bell.listen(WORKSPACE, ears.ring):
        assert not bell.healthy
        await valkey.start()
        await wait_until(lambda: bell.healthy, description="the bell is heard")
        rings = ears.rings
        await valkey.until_heard()
        await ears.wait_for(rings + 1)


@pytest.mark.rule("R59")
async def test_events_flow_within_a_second_while_redis_is_away(valkey: KillableValkey) -> None:
    await valkey.kill()
    events, sink = MemoryEvents(), MemorySink()
    async with RedisBell(valkey.url) as bell:
        hubs = Hubs(events, bell, pace=HubPace(poll_hearing=timedelta(hours=1)))
        await hubs.subscribe(request(RoomInterest(), Executed()), sink)
        loop = asyncio.get_running_loop()
        started = loop.time()
        events.commit()
        await wait_until(lambda: sink.numbers == [1], description="the event arrives unrung")
        assert loop.time() - started < 1.5
        await hubs.close()


async def test_rings_that_nobody_takes_are_one_per_channel() -> None:
    rings = RedisRings("unix:///nowhere")
    for number in range(10_000):
        rings._ring("a", f"{number}")
        rings._ring("b", f"{number}")
    assert [(await rings.next_published()).message for _ in range(2)] == ["9999", "9999"]
    assert not rings._rung
