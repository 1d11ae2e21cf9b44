"""Whatever is committed, rung, lost and joined in whatever order: each sees exactly what came after."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.live.hub import HubPace
from app.live.hubs import Hubs
from rules.event_ids import encode_event_id
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

PACE = HubPace(
    poll_deaf=timedelta(milliseconds=2),
    poll_hearing=timedelta(milliseconds=2),
    grace=timedelta(milliseconds=5),
    page_events=3,
)

commits = st.tuples(st.just("commit"), st.integers(1, 5))
rings = st.tuples(st.just("ring"), st.integers(0, 3))
joins = st.tuples(st.just("join"), st.integers(-1, 12))
room_joins = st.tuples(st.just("join room"), st.integers(-1, 12))
leaves = st.tuples(st.just("leave"), st.integers(0, 5))
yields = st.tuples(st.just("yield"), st.integers(1, 20))
health = st.tuples(st.just("health"), st.integers(0, 1))


class Listener:
    """One subscription and what it must have seen in the end."""

    def __init__(self, first: int, room: int | None, *, replays: bool) -> None:
        self.first = first
        self.replays = replays
        self.room = None if room is None else ROOMS[room]
        self.sink = MemorySink()
        self.left_at: int | None = None

    def wanted(self) -> list[int]:
        """What it saw, less what a live subscriber may see of the moment before it joined."""
        return [number for number in self.sink.numbers if number > self.first]

    def expected(self, events: MemoryEvents) -> list[int]:
        interest = RoomInterest(room=self.room)
        return [
            event.number
            for event in events.events.get(WORKSPACE, [])
            if event.number > self.first and interest.concerns(event)
        ]


class World:
    """A hub over memory, driven by a script."""

    def __init__(self, pauses: list[int]) -> None:
        turns = cycle(pauses)
        self.events = MemoryEvents(pause=lambda: next(turns))
        self.bell = HandBell()
        self.hubs = Hubs(self.events, self.bell, pace=PACE, executions_at_once=2)
        self.executed = Executed()
        self.listeners: list[Listener] = []
        self.leaving: list[Callable[[], None]] = []

    async def play(self, script: list[tuple[str, int]]) -> None:
        for step, amount in script:
            match step:
                case "commit":
                    for _ in range(amount):
                        self.events.commit()
                case "ring":
                    for _ in range(amount):
                        self.bell.ring()
                case "join" | "join room":
                    await self.join(amount, room=amount % len(ROOMS) if step == "join room" else None)
                case "leave" if self.leaving:
                    self.leave(amount % len(self.leaving))
                case "yield":
                    for _ in range(amount):
                        await asyncio.sleep(0)
                case "health":
                    self.bell.healthy = bool(amount)

    async def join(self, back: int, room: int | None) -> None:
        """Join live (-1) or after the event that lies `back` before the latest one."""
        latest = len(self.events.events.get(WORKSPACE, []))
        first = latest if back < 0 else max(0, latest - back)
        after = None if back < 0 else encode_event_id(WORKSPACE, first)
        listener = Listener(first, room, replays=back >= 0)
        interest = RoomInterest(room=listener.room, scope_key=listener.room)
        membership = await self.hubs.subscribe(request(interest, self.executed, after=after), listener.sink)
        self.listeners.append(listener)

        def leave() -> None:
            membership.leave()
            listener.left_at = len(listener.sink.numbers)

        self.leaving.append(leave)

    def leave(self, index: int) -> None:
        self.leaving[index]()

    async def check(self) -> None:
        for listener in self.listeners:
            expected = listener.expected(self.events)
            if listener.left_at is None:
                await wait_until(
                    lambda listener=listener, expected=expected: listener.wanted()[-1:] == expected[-1:],  # type: ignore[misc] # mypy cannot infer defaults
                    description=f"event {expected[-1:]} arrives",
                    seconds=5,
                )
                assert listener.wanted() == expected
            else:
                assert len(listener.sink.numbers) == listener.left_at, "nothing comes after a leave"
                assert listener.wanted() == expected[: len(listener.wanted())]
            assert listener.sink.numbers == sorted(set(listener.sink.numbers)), "in order, none twice"
            assert listener.replays is False or listener.sink.numbers == listener.wanted()
            assert not listener.sink.refusals
            assert not listener.sink.interruptions


@settings(max_examples=150, deadline=None)
@given(
    script=st.lists(st.one_of(commits, rings, joins, room_joins, leaves, yields, health), max_size=30),
    pauses=st.lists(st.integers(0, 4), min_size=1, max_size=7),
)
@example(
    script=[("commit", 5), ("join", 12), ("commit", 5), ("ring", 1), ("join", -1), ("commit", 1)], pauses=[1]
)
def test_every_subscriber_sees_exactly_what_came_after_its_event(
    script: list[tuple[str, int]], pauses: list[int]
) -> None:
    """Rings may be lost, doubled or late, and events committed at any moment: no gap, no repeat, in order."""

    async def story() -> None:
        world = World(pauses)
        try:
            await world.play(script)
            await world.check()
        finally:
            await world.hubs.close()

    asyncio.run(story())
