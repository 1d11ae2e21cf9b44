"""The live engine's surroundings, in memory: an event table, a bell rung by hand, a sink that remembers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.live.feed import LiveRefusal, LiveRequest
from app.live.payload import Payload
from rules.happenings import NumberedEvent, ThreadChanged
from rules.words import ContactId, ThreadId, WorkspaceId

WORKSPACE = WorkspaceId(UUID(int=1))
ROOMS = [ThreadId(UUID(int=100 + index)) for index in range(3)]
CONTACT = ContactId(UUID(int=7))


def event(number: int, room: ThreadId | None = None) -> NumberedEvent:
    """Return event `number`; rooms take turns unless one is named."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    return NumberedEvent(number, at, ThreadChanged(room or ROOMS[number % len(ROOMS)], CONTACT))


class MemoryEvents:
    """An event table: numbers are gapless, the oldest can be purged, reading can take a while or fail."""

    def __init__(self, pause: Callable[[], int] = lambda: 0) -> None:
        self.events: dict[WorkspaceId, list[NumberedEvent]] = {}
        self.purged: dict[WorkspaceId, int] = {}
        self.reads = 0
        self.fails_with: Exception | None = None
        self._pause = pause

    def commit(self, workspace_id: WorkspaceId = WORKSPACE, room: ThreadId | None = None) -> int:
        """Append one event and return its number."""
        events = self.events.setdefault(workspace_id, [])
        events.append(event(len(events) + 1, room))
        return len(events)

    def purge(self, up_to: int, workspace_id: WorkspaceId = WORKSPACE) -> None:
        self.purged[workspace_id] = up_to

    async def after(self, workspace_id: WorkspaceId, number: int, limit: int) -> Sequence[NumberedEvent]:
        self.reads += 1
        await self._take_time()
        start = max(number, self.purged.get(workspace_id, 0))
        page = self.events.get(workspace_id, [])[start : start + limit]
        await self._take_time()
        return page

    async def latest(self, workspace_id: WorkspaceId) -> int:
        await self._take_time()
        return len(self.events.get(workspace_id, []))

    async def _take_time(self) -> None:
        for _ in range(self._pause()):
            await asyncio.sleep(0)
        if self.fails_with is not None:
            raise self.fails_with


class HandBell:
    """A bell that rings when it is told to."""

    def __init__(self) -> None:
        self.healthy = True
        self.listeners: dict[WorkspaceId, list[Callable[[], None]]] = {}

    def ring(self, workspace_id: WorkspaceId = WORKSPACE) -> None:
        for listener in list(self.listeners.get(workspace_id, ())):
            listener()

    @asynccontextmanager
    async def listen(self, workspace_id: WorkspaceId, ring: Callable[[], None]) -> AsyncIterator[None]:
        self.listeners.setdefault(workspace_id, []).append(ring)
        try:
            yield
        finally:
            self.listeners[workspace_id].remove(ring)


class MemorySink:
    """A sink that keeps the numbers it was sent; `room` bounds what it takes before it must be drained."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.refusals: list[LiveRefusal] = []
        self.interruptions = 0
        self.reading = asyncio.Event()
        self.reading.set()

    def push(self, payload: Payload) -> None:
        self.numbers.append(int(payload.data))

    def refuse(self, refusal: LiveRefusal) -> None:
        self.refusals.append(refusal)

    def interrupt(self) -> None:
        self.interruptions += 1

    async def drained(self) -> None:
        await self.reading.wait()


@dataclass
class RoomInterest:
    """An interest in one room's events, or in all; what is in `hidden` may not be seen."""

    workspace_id: WorkspaceId = WORKSPACE
    scope_key: Hashable = "everybody"
    room: ThreadId | None = None
    hidden: frozenset[int] = frozenset()
    fails_with: Exception | None = None
    batches: list[int] = field(default_factory=list)

    def concerns(self, event: NumberedEvent) -> bool:
        assert isinstance(event.event, ThreadChanged)
        return self.room is None or event.event.thread_id == self.room

    async def root_values(self, events: Sequence[NumberedEvent]) -> Sequence[object | None]:
        self.batches.append(len(events))
        if self.fails_with is not None:
            raise self.fails_with
        return [None if event.number in self.hidden else event.number for event in events]


@dataclass
class Executed:
    """Counts executions and answers each event with its number."""

    count: int = 0

    async def __call__(self, context: object, root_value: object) -> bytes:
        self.count += 1
        await asyncio.sleep(0)
        return str(root_value).encode()


def request(
    interest: RoomInterest,
    executed: Callable[[object, object], Awaitable[bytes]],
    *,
    after: str | None = None,
    key: Hashable = "document",
) -> LiveRequest:
    """Return a subscription to what an interest concerns."""
    return LiveRequest(key=key, interest=interest, make_context=object, execute=executed, after=after)
