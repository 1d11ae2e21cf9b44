"""The bell: Redis tells that a workspace has new events, and nothing else.

Belongs here: Redis pub/sub and its loss. `broadcaster` deals the rings out to listeners; the backend below
stands in for its Redis backend, which goes deaf for ever when Redis restarts (encode/broadcaster#144). The
law: whoever listens is rung after every ring, every (re)subscription that Redis confirmed, and every loss
of the connection; rings are coalesced per channel, so nothing grows while nobody listens.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio as redis
import structlog
from broadcaster import Broadcast, BroadcastBackend, Event
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.ending import end
from rules.words import WorkspaceId

log = structlog.get_logger(__name__)

_HEARTBEAT_CHANNEL = "bothways:events"
"""Always subscribed, so that there is a connection to watch before anybody listens."""
_QUIET_SECONDS = 2.0
_SILENT_QUIETS = 3
_CONNECTED_WITHIN_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0


def channel_of(workspace_id: WorkspaceId) -> str:
    """Return the Redis channel on which writers ring for a workspace."""
    return f"bothways:events:{workspace_id}"


class RedisRings(BroadcastBackend):
    """A broadcaster backend that outlives every restart of Redis."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._channels: set[str] = set()
        self._pubsub: PubSub | None = None
        self._rung: dict[str, str] = {}
        self._any_rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.healthy = False

    async def connect(self) -> None:
        """Start listening; Redis need not be there yet."""
        self._task = asyncio.create_task(self._run(), name="bell")

    async def disconnect(self) -> None:
        """Stop listening."""
        if self._task is not None:
            await end(self._task)

    async def subscribe(self, group: str) -> None:
        """Listen to a channel too, now or as soon as Redis is there."""
        self._channels.add(group)
        await self._tell_redis(lambda pubsub: pubsub.subscribe(group))

    async def unsubscribe(self, group: str) -> None:
        """Listen to a channel no more."""
        self._channels.discard(group)
        await self._tell_redis(lambda pubsub: pubsub.unsubscribe(group))

    async def publish(self, channel: str, message: Any) -> None:
        """Ring a channel, for whoever holds only this backend."""
        async with redis.Redis.from_url(self._url) as client:
            await client.publish(channel, message)

    async def next_published(self) -> Event:
        """Return a ring; several of one channel that nobody has taken yet are one."""
        while not self._rung:
            self._any_rung.clear()
            await self._any_rung.wait()
        channel = next(iter(self._rung))
        return Event(channel, self._rung.pop(channel))

    def _ring(self, channel: str, message: str = "") -> None:
        self._rung[channel] = message
        self._any_rung.set()

    def _ring_all(self) -> None:
        for channel in self._channels:
            self._ring(channel)

    async def _tell_redis(self, command: Callable[[PubSub], Any]) -> None:
        if self._pubsub is None:
            return
        try:
            await command(self._pubsub)
        except (RedisError, OSError):
            # The listening loop meets the same loss and subscribes to every channel when it is back.
            log.info("bell_command_failed")

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError) as error:
                if self.healthy:
                    pause = _FIRST_PAUSE_SECONDS
                    log.warning("bell_lost", error=type(error).__name__)
            finally:
                self.healthy = False
                self._pubsub = None
                self._ring_all()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _listen(self) -> None:
        client = redis.Redis.from_url(self._url, socket_connect_timeout=2, decode_responses=True)
        async with client, client.pubsub() as pubsub:
            # The client's own time-out is Python 3.11's wait_for, which may swallow a cancellation.
            async with asyncio.timeout(_CONNECTED_WITHIN_SECONDS):
                await pubsub.subscribe(_HEARTBEAT_CHANNEL, *self._channels)
            self._pubsub = pubsub
            quiets = 0
            while True:
                message = await pubsub.get_message(timeout=_QUIET_SECONDS)
                if message is None:
                    quiets += 1
                    if quiets > _SILENT_QUIETS:
                        raise TimeoutError("Redis answers no ping")
                    await pubsub.ping()
                else:
                    quiets = 0
                    self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe" if message["channel"] == _HEARTBEAT_CHANNEL:
                if not self.healthy:
                    log.info("bell_heard")
                self.healthy = True
            case "subscribe":
                self._ring(message["channel"])
            case "message":
                self._ring(message["channel"], message["data"])


class RedisBell:
    """The bell of a process, over broadcaster; `async with` it."""

    def __init__(self, url: str) -> None:
        self._rings = RedisRings(url)
        self._broadcast = Broadcast(backend=self._rings)

    async def __aenter__(self) -> "RedisBell":
        await self._broadcast.connect()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._broadcast.disconnect()

    @property
    def healthy(self) -> bool:
        """Whether Redis is heard; while it is not, hubs look at the database by themselves."""
        return self._rings.healthy

    @asynccontextmanager
    async def listen(self, workspace_id: WorkspaceId, ring: Callable[[], None]) -> AsyncIterator[None]:
        """Call `ring` for every ring of the workspace while entered."""
        async with self._broadcast.subscribe(channel_of(workspace_id)) as rings:

            async def pass_on() -> None:
                while True:
                    await rings.get()
                    ring()

            passing = asyncio.create_task(pass_on(), name=f"bell {workspace_id}")
            try:
                yield
            finally:
                await end(passing)
