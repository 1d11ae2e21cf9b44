"""The live events of one workspace in one process: read once, in order, handed to the groups.

Belongs here: how far the event table was read, and when to read again. The law: `read_to` moves only
forward, and in the same step of the event loop in which the events up to it were taken, so that whoever
joins with `joined_after >= read_to` can neither miss an event nor get one twice. A ring only says "look";
lost, doubled or late rings change nothing but the moment.
"""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from app.ending import end
from app.live.feed import EventSource, LiveRefusal, LiveRequest, Sink
from app.live.groups import Executions, Group, key_of
from rules.happenings import NumberedEvent
from rules.words import WorkspaceId

log = structlog.get_logger(__name__)


class Bell(Protocol):
    """Tells that a workspace may have new events; may ring too often, and too seldom while not `healthy`."""

    @property
    def healthy(self) -> bool: ...

    def listen(
        self, workspace_id: WorkspaceId, ring: Callable[[], None]
    ) -> AbstractAsyncContextManager[None]:
        """Call `ring` for every ring of the workspace, and whenever `healthy` changes, while entered."""


@dataclass(frozen=True, slots=True)
class HubPace:
    """How often a hub looks without having been rung, and how much it reads at once."""

    poll_deaf: timedelta = timedelta(seconds=1)
    poll_hearing: timedelta = timedelta(seconds=10)
    grace: timedelta = timedelta(seconds=30)
    page_events: int = 100


def expired() -> LiveRefusal:
    """Return the refusal of a subscription whose next events were purged."""
    return LiveRefusal(
        "EVENTS_EXPIRED",
        "Events after this one are no longer kept: fetch again, then subscribe without `after`.",
    )


def is_gapless(events: Sequence[NumberedEvent], number: int) -> bool:
    """Tell whether the events are exactly the ones after `number`."""
    return all(event.number == number + offset for offset, event in enumerate(events, start=1))


class Hub:
    """One workspace's reader; `start` it, `join` groups, `stop` it."""

    def __init__(
        self,
        workspace_id: WorkspaceId,
        source: EventSource,
        bell: Bell,
        pace: HubPace,
        executions: Executions,
    ) -> None:
        self.workspace_id = workspace_id
        self.read_to = 0
        self.source = source
        self.executions = executions
        self.pace = pace
        self._bell = bell
        self._ring = asyncio.Event()
        self._groups: dict[Hashable, Group] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up reading at the latest event."""
        self.read_to = await self.source.latest(self.workspace_id)
        self._task = asyncio.create_task(self._run(), name=f"hub {self.workspace_id}")

    async def stop(self) -> None:
        """Stop reading; members get nothing any more."""
        if self._task is not None:
            await end(self._task)

    @property
    def members(self) -> int:
        return sum(len(group) for group in self._groups.values())

    def join(self, request: LiveRequest, sink: Sink, joined_after: int) -> Group:
        """Deliver events after `joined_after`, which must not be less than `read_to`, to the sink."""
        assert joined_after >= self.read_to
        key = key_of(request)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(request, self.executions)
        group.join(sink, joined_after)
        return group

    def leave(self, group: Group, sink: Sink) -> None:
        """Deliver nothing to the sink any more."""
        group.leave(sink)
        if not group and self._groups.get(group.key) is group:
            del self._groups[group.key]

    async def _run(self) -> None:
        async with self._bell.listen(self.workspace_id, self._ring.set):
            while True:
                poll = self.pace.poll_hearing if self._bell.healthy else self.pace.poll_deaf
                try:
                    async with asyncio.timeout(poll.total_seconds()):
                        await self._ring.wait()
                except TimeoutError:
                    pass  # the table is looked at unasked, too: a ring may have been lost
                self._ring.clear()
                try:
                    await self._catch_up()
                except Exception:
                    # The database is away, or a page was unreadable: nothing was taken, so look again soon.
                    log.exception("live_read_failed", workspace_id=str(self.workspace_id))
                    await asyncio.sleep(self.pace.poll_deaf.total_seconds())
                    self._ring.set()

    async def _catch_up(self) -> None:
        page = self.pace.page_events
        while True:
            events = await self.source.after(self.workspace_id, self.read_to, page)
            if not events:
                return
            complete = is_gapless(events, self.read_to)
            self.read_to = events[-1].number
            if complete:
                await self._dispatch(events)
            else:
                log.error("live_events_expired", workspace_id=str(self.workspace_id), read_to=self.read_to)
                self._refuse_all(expired())
            if len(events) < page:
                return

    async def _dispatch(self, events: Sequence[NumberedEvent]) -> None:
        await asyncio.gather(*(group.hear(events) for group in tuple(self._groups.values())))

    def _refuse_all(self, refusal: LiveRefusal) -> None:
        for group in tuple(self._groups.values()):
            for sink in group.sinks():
                sink.refuse(refusal)
