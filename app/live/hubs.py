"""The door of the live engine: every hub of the process, each alive from its first subscriber to its last.

Belongs here: the life of hubs and of one subscription's membership. A hub outlives its last member by a
grace, so that a client that reconnects does not start it anew.
"""

import asyncio
from datetime import timedelta

import structlog

from app.live.feed import EventSource, LiveRefusal, LiveRequest, Sink
from app.live.groups import Executions, Group
from app.live.hub import Bell, Hub, HubPace
from app.live.replay import replay, starting_number
from rules.words import WorkspaceId

log = structlog.get_logger(__name__)


class _Residence:
    """A hub, how many hold it, and what ends it."""

    __slots__ = ("ending", "holders", "hub", "starting")

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.holders = 0
        self.starting = asyncio.create_task(hub.start(), name=f"hub start {hub.workspace_id}")
        self.ending: asyncio.TimerHandle | None = None


class Membership:
    """One subscription's place; `leave` it when the client is gone or no longer interested."""

    __slots__ = ("_group", "_hubs", "_left", "_replaying", "_residence", "_sink")

    def __init__(self, hubs: "Hubs", residence: _Residence, sink: Sink) -> None:
        self._hubs = hubs
        self._residence = residence
        self._sink = sink
        self._group: Group | None = None
        self._replaying: asyncio.Task[None] | None = None
        self._left = False

    def leave(self) -> None:
        """Stop every delivery; calling it again does nothing."""
        if self._left:
            return
        self._left = True
        if self._replaying is not None:
            self._replaying.cancel()
        if self._group is not None:
            self._residence.hub.leave(self._group, self._sink)
        self._hubs.release(self._residence)

    def join(self, request: LiveRequest, joined_after: int) -> None:
        """Go on with the live stream; a subscription that left meanwhile stays away."""
        if not self._left:
            self._group = self._residence.hub.join(request, self._sink, joined_after)

    def start_replay(self, request: LiveRequest, after: int) -> None:
        """Replay in a task of its own, which ends when the live stream is joined."""
        self._replaying = asyncio.create_task(self._replay(request, after), name="live replay")

    async def _replay(self, request: LiveRequest, after: int) -> None:
        try:
            await replay(
                self._residence.hub, request, self._sink, after, lambda number: self.join(request, number)
            )
        except LiveRefusal as refusal:
            self._sink.refuse(refusal)
        except Exception:
            log.exception("live_replay_failed", after=after)
            self._sink.interrupt()
        finally:
            self._replaying = None


class Hubs:
    """All workspaces that anybody in this process listens to."""

    def __init__(
        self,
        source: EventSource,
        bell: Bell,
        *,
        pace: HubPace | None = None,
        executions_at_once: int = 8,
        execution_timeout: timedelta = timedelta(seconds=20),
    ) -> None:
        self._source = source
        self._bell = bell
        self._pace = pace or HubPace()
        self._executions = Executions(executions_at_once, execution_timeout)
        self._residences: dict[WorkspaceId, _Residence] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    async def subscribe(self, request: LiveRequest, sink: Sink) -> Membership:
        """Deliver to the sink every event from now on, or after `request.after`, until it leaves.

        Raises:
            LiveRefusal: `after` is not an event of the workspace.
        """
        residence = self._hold(request.interest.workspace_id)
        membership = Membership(self, residence, sink)
        hub = residence.hub
        try:
            await asyncio.shield(residence.starting)
            if request.after is None:
                membership.join(request, hub.read_to)
            else:
                after = await starting_number(hub, request.after)
                if after >= hub.read_to:
                    membership.join(request, after)
                else:
                    membership.start_replay(request, after)
        except BaseException:
            membership.leave()
            raise
        return membership

    @property
    def workspaces(self) -> int:
        """How many hubs are alive."""
        return len(self._residences)

    @property
    def members(self) -> int:
        """How many subscriptions are joined to a live stream."""
        return sum(residence.hub.members for residence in self._residences.values())

    async def close(self) -> None:
        """Stop every hub."""
        residences = list(self._residences.values())
        self._residences.clear()
        for residence in residences:
            if residence.ending is not None:
                residence.ending.cancel()
            self._stop(residence)
        await asyncio.gather(*self._stopping)

    def release(self, residence: _Residence) -> None:
        """One holder less; the last one starts the grace."""
        residence.holders -= 1
        if not residence.holders:
            residence.ending = asyncio.get_running_loop().call_later(
                self._pace.grace.total_seconds(), self._end, residence
            )

    def _hold(self, workspace_id: WorkspaceId) -> _Residence:
        residence = self._residences.get(workspace_id)
        if residence is None or (residence.starting.done() and _failed(residence.starting)):
            hub = Hub(workspace_id, self._source, self._bell, self._pace, self._executions)
            residence = self._residences[workspace_id] = _Residence(hub)
        residence.holders += 1
        if residence.ending is not None:
            residence.ending.cancel()
            residence.ending = None
        return residence

    def _end(self, residence: _Residence) -> None:
        if self._residences.get(residence.hub.workspace_id) is residence:
            del self._residences[residence.hub.workspace_id]
        self._stop(residence)

    def _stop(self, residence: _Residence) -> None:
        residence.starting.cancel()
        task = asyncio.create_task(residence.hub.stop(), name=f"hub stop {residence.hub.workspace_id}")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


def _failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None
