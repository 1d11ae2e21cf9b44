"""Hubs and groups: shared executions, failures that skip nobody in silence, lives that end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.live.feed import LiveRefusal
from app.live.hub import HubPace
from app.live.hubs import Hubs
from rules.event_ids import encode_event_id
from rules.words import WorkspaceId
from tests.app.live.memory import (
    ROOMS,
    WORKSPACE,
    Executed,
    HandBell,
    MemoryEvents,
    MemorySink,
    RoomInterest,
    request,
)
from tests.waiting import wait_until

QUICK = HubPace(poll_deaf=timedelta(milliseconds=5), grace=timedelta(milliseconds=20), page_events=4)


class House:
    def __init__(self) -> None:
        self.events = MemoryEvents()
        self.bell = HandBell()
        self.hubs = Hubs(
            self.events,
            self.bell,
            pace=QUICK,
            execution_timeout=timedelta(seconds=9),
            executions_at_once=2,
        )
        self.executed = Executed()

    def happen(self, count: int = 1) -> None:
        for _ in range(count):
            self.events.commit()
        self.bell.ring()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.hubs.close()


async def sees(sink: MemorySink, numbers: list[int]) -> None:
    await wait_until(lambda: len(sink.numbers) >= len(numbers), description=f"{numbers} arrive")
    assert sink.numbers == numbers


async def test_equal_subscriptions_are_executed_once_per_event(house: House) -> None:
    sinks = [MemorySink() for _ in range(50)]
    for sink in sinks:
        await house.hubs.subscribe(request(RoomInterest(), house.executed), sink)
    house.happen(10)
    for sink in sinks:
        await sees(sink, list(range(1, 11)))
    assert house.executed.count == 10


@pytest.mark.parametrize(
    "other",
    [
        request(RoomInterest(scope_key="admins"), Executed()),
        request(RoomInterest(), Executed(), key="another document"),
    ],
    ids=["scope", "document"],
)
async def test_what_differs_in_document_or_scope_is_executed_apart(house: House, other: object) -> None:
    one, two = MemorySink(), MemorySink()
    await house.hubs.subscribe(request(RoomInterest(), house.executed), one)
    await house.hubs.subscribe(other, two)  # type: ignore[arg-type] # parametrize has no types
    house.happen()
    await sees(one, [1])
    await sees(two, [1])
    assert house.executed.count == 1


async def test_what_may_not_be_seen_is_neither_executed_nor_sent(house: House) -> None:
    sink = MemorySink()
    await house.hubs.subscribe(request(RoomInterest(hidden=frozenset({2, 3})), house.executed), sink)
    house.happen(5)
    await sees(sink, [1, 4, 5])
    assert house.executed.count == 3


async def test_an_event_that_concerns_nobody_costs_no_look_up(house: House) -> None:
    sink = MemorySink()
    interest = RoomInterest(room=ROOMS[0])
    await house.hubs.subscribe(request(interest, house.executed), sink)
    house.happen(3)
    await sees(sink, [3])
    assert interest.batches == [1]


async def test_workspaces_do_not_hear_each_other(house: House) -> None:
    elsewhere = WorkspaceId(ROOMS[0])
    here, there = MemorySink(), MemorySink()
    await house.hubs.subscribe(request(RoomInterest(), house.executed), here)
    await house.hubs.subscribe(request(RoomInterest(workspace_id=elsewhere), house.executed), there)
    house.events.commit(elsewhere)
    house.bell.ring(elsewhere)
    await sees(there, [1])
    house.happen(2)
    await sees(here, [1, 2])
    assert there.numbers == [1]


async def test_a_failed_look_up_interrupts_its_group_and_no_other(house: House) -> None:
    good, bad = MemorySink(), MemorySink()
    failing = RoomInterest(scope_key="failing", fails_with=RuntimeError("broken"))
    await house.hubs.subscribe(request(RoomInterest(), house.executed), good)
    await house.hubs.subscribe(request(failing, house.executed), bad)
    house.happen(2)
    await sees(good, [1, 2])
    await wait_until(lambda: bad.interruptions, description="the failing group is interrupted")
    assert bad.numbers == []


async def test_an_execution_that_never_ends_interrupts_its_group(house: House) -> None:
    async def never(_context: object, _root: object) -> bytes:
        await asyncio.Event().wait()
        return b""

    house.hubs = Hubs(house.events, house.bell, pace=QUICK, execution_timeout=timedelta(milliseconds=50))
    stuck, good = MemorySink(), MemorySink()
    await house.hubs.subscribe(request(RoomInterest(), never, key="stuck"), stuck)
    await house.hubs.subscribe(request(RoomInterest(), house.executed), good)
    house.happen()
    await wait_until(lambda: stuck.interruptions == 1, description="the stuck group is interrupted")
    house.happen()
    await sees(good, [1, 2])


async def test_a_database_that_is_away_delays_events_and_loses_none(house: House) -> None:
    sink = MemorySink()
    await house.hubs.subscribe(request(RoomInterest(), house.executed), sink)
    house.events.fails_with = ConnectionError("away")
    reads = house.events.reads
    house.happen(3)
    await wait_until(lambda: house.events.reads > reads + 1, description="the hub tries again")
    house.events.fails_with = None
    await sees(sink, [1, 2, 3])
    assert not sink.interruptions


async def test_a_subscriber_is_told_when_the_database_is_away_at_the_start(house: House) -> None:
    house.events.fails_with = ConnectionError("away")
    with pytest.raises(ConnectionError):
        await house.hubs.subscribe(request(RoomInterest(), house.executed), MemorySink())
    house.events.fails_with = None
    sink = MemorySink()
    await house.hubs.subscribe(request(RoomInterest(), house.executed), sink)
    house.happen()
    await sees(sink, [1])


async def test_events_purged_before_the_hub_read_them_are_never_skipped_in_silence(house: House) -> None:
    sink = MemorySink()
    await house.hubs.subscribe(request(RoomInterest(), house.executed), sink)
    house.events.fails_with = ConnectionError("asleep")
    house.happen(9)
    house.events.purge(5)
    house.events.fails_with = None
    await wait_until(lambda: sink.refusals, description="the subscription is refused")
    assert [refusal.code for refusal in sink.refusals] == ["EVENTS_EXPIRED"]
    assert 6 not in sink.numbers


async def test_a_replay_waits_for_a_sink_that_does_not_read(house: House) -> None:
    house.happen(40)
    sink = MemorySink()
    sink.reading.clear()
    start = encode_event_id(WORKSPACE, 0)
    await house.hubs.subscribe(request(RoomInterest(), house.executed, after=start), sink)
    await wait_until(lambda: house.executed.count > 0, description="the replay starts")
    house.happen()
    assert sink.numbers == []
    assert house.executed.count <= 4
    sink.reading.set()
    await sees(sink, list(range(1, 42)))


async def test_leaving_during_a_replay_ends_it(house: House) -> None:
    house.happen(40)
    sink = MemorySink()
    sink.reading.clear()
    start = encode_event_id(WORKSPACE, 0)
    membership = await house.hubs.subscribe(request(RoomInterest(), house.executed, after=start), sink)
    membership.leave()
    membership.leave()
    sink.reading.set()
    await wait_until(lambda: house.hubs.workspaces == 0, description="the hub ends after its grace")
    assert sink.numbers == []
    assert house.hubs.members == 0


async def test_a_replay_that_fails_interrupts_its_sink(house: House) -> None:
    house.happen(3)
    sink = MemorySink()
    failing = RoomInterest(fails_with=RuntimeError("broken"))
    start = encode_event_id(WORKSPACE, 0)
    await house.hubs.subscribe(request(failing, house.executed, after=start), sink)
    await wait_until(lambda: sink.interruptions == 1, description="the sink is interrupted")


@pytest.mark.parametrize(
    "after", ["", "x", encode_event_id(WorkspaceId(ROOMS[1]), 1), encode_event_id(WORKSPACE, 4)]
)
async def test_a_start_that_is_no_event_of_the_workspace_is_refused(house: House, after: str) -> None:
    house.happen(3)
    with pytest.raises(LiveRefusal) as refused:
        await house.hubs.subscribe(request(RoomInterest(), house.executed, after=after), MemorySink())
    assert refused.value.code == "BAD_USER_INPUT"


async def test_a_client_that_comes_back_within_the_grace_finds_its_hub(house: House) -> None:
    first = await house.hubs.subscribe(request(RoomInterest(), house.executed), MemorySink())
    first.leave()
    sink = MemorySink()
    second = await house.hubs.subscribe(request(RoomInterest(), house.executed), sink)
    house.happen()
    await sees(sink, [1])
    second.leave()
    await wait_until(lambda: house.hubs.workspaces == 0, description="the hub ends after its grace")
    # The hub is stopped by a task of its own, which may still have to run.
    await wait_until(lambda: not house.bell.listeners[WORKSPACE], description="the hub hears no bell")
