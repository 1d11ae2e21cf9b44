"""One execution per event for everybody who asked the same and may see the same.

Belongs here: the members of a group and the delivery to them. The law: a member gets every event after
`joined_after` that concerns the group, once, in order; whoever cannot be served is interrupted, never
skipped in silence.
"""

import asyncio
from collections.abc import Hashable, Sequence
from datetime import timedelta

import structlog

from app.live.feed import LiveRequest, Sink
from app.live.payload import Payload
from rules.happenings import NumberedEvent

log = structlog.get_logger(__name__)


class Executions:
    """The bound on executions at once in a process, and on how long one batch of a group may take."""

    def __init__(self, at_once: int, timeout: timedelta) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._timeout_seconds = timeout.total_seconds()

    async def payloads(
        self, request: LiveRequest, events: Sequence[NumberedEvent]
    ) -> list[tuple[int, Payload]]:
        """Execute the request for each event it may see and return number and payload, in order.

        Raises:
            TimeoutError: it took too long.
        """
        answers: list[tuple[int, Payload]] = []
        async with self._slots, asyncio.timeout(self._timeout_seconds):
            context = request.make_context()
            roots = await request.interest.root_values(events)
            for event, root in zip(events, roots, strict=True):
                if root is not None:
                    answers.append((event.number, Payload(await request.execute(context, root))))
        return answers


def key_of(request: LiveRequest) -> Hashable:
    """Return what subscriptions of one group have in common."""
    return (request.key, request.interest.scope_key)


class Group:
    """Subscriptions that share every payload."""

    __slots__ = ("_executions", "_members", "_request", "key")

    def __init__(self, request: LiveRequest, executions: Executions) -> None:
        self.key = key_of(request)
        self._request = request
        self._executions = executions
        self._members: dict[Sink, int] = {}

    def __len__(self) -> int:
        return len(self._members)

    def join(self, sink: Sink, joined_after: int) -> None:
        """Deliver events with numbers greater than `joined_after` to this sink from now on."""
        self._members[sink] = joined_after

    def leave(self, sink: Sink) -> None:
        self._members.pop(sink, None)

    async def hear(self, events: Sequence[NumberedEvent]) -> None:
        """Execute and deliver a batch; where that fails, interrupt every member that would miss something."""
        try:
            concerned = [event for event in events if self._request.interest.concerns(event)]
            if not concerned:
                return
            for number, payload in await self._executions.payloads(self._request, concerned):
                self._deliver(number, payload)
                await asyncio.sleep(
                    0
                )  # sockets drain between two events, so a burst overflows none that reads
        except Exception:
            log.exception("live_execution_failed", first=events[0].number, last=events[-1].number)
            self._interrupt(events[-1].number)

    def _deliver(self, number: int, payload: Payload) -> None:
        for sink, joined_after in tuple(self._members.items()):
            if number > joined_after:
                sink.push(payload)

    def _interrupt(self, number: int) -> None:
        """Interrupt the members that event `number` was for."""
        for sink, joined_after in tuple(self._members.items()):
            if number > joined_after:
                sink.interrupt()

    def sinks(self) -> tuple[Sink, ...]:
        return tuple(self._members)
