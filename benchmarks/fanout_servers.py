"""The servers that benchmarks.fanout measures: ours, Strawberry as documented, and a floor without GraphQL.

Run as `python -m benchmarks.fanout_servers KIND PORT REDIS_URL`. Each hears of event n by a Redis publication
on one channel. Ours reads the event's number from Redis again, in place of the event table.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import redis.asyncio as redis
import strawberry
import uvicorn
import uvloop
from broadcaster import Broadcast
from strawberry.asgi import GraphQL

from app.graphql.documents import Documents
from app.graphql.frames import FramesProtocol
from app.graphql.open_sockets import OpenSockets
from app.graphql.operations import Execution
from app.graphql.socket import GraphQLSocket
from app.live.bell import RedisBell, channel_of
from app.live.feed import SubscriptionField
from app.live.hubs import Hubs
from app.live.payload import BacklogBudget, BacklogLimits
from rules.happenings import NumberedEvent, ThreadChanged
from rules.words import ContactId, ThreadId, WorkspaceId

WORKSPACE = WorkspaceId(UUID(int=1))
CHANNEL = channel_of(WORKSPACE)
_COUNTER = "bench:latest"
_AT = datetime(2026, 1, 1, tzinfo=UTC)


@strawberry.type
class Participant:
    address: str
    name: str


@strawberry.type
class Message:
    id: strawberry.ID
    subject: str
    snippet: str
    sent_at: str
    sender: Participant
    to: list[Participant]


@strawberry.type
class MessageSynced:
    id: strawberry.ID
    at: str
    message: Message


def synced(number: int) -> MessageSynced:
    """Return what event `number` is about, as a look-up would."""
    ada, bo = (
        Participant(address="ada@example.com", name="Ada Obi"),
        Participant(address="bo@example.com", name="Bo"),
    )
    message = Message(
        id=strawberry.ID(f"message-{number}"),
        subject="Offer for the third quarter",
        snippet="Thank you for the call this morning; as promised, here are the figures " * 2,
        sent_at="2026-01-01T00:00:00.000Z",
        sender=ada,
        to=[bo, ada],
    )
    return MessageSynced(id=strawberry.ID(f"{number}"), at="2026-01-01T00:00:00.000Z", message=message)


broadcast = Broadcast(url="memory://")
"""Replaced by one over Redis where Strawberry is served."""


@strawberry.type
class Query:
    hello: str = "world"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def message_synced(self) -> AsyncGenerator[MessageSynced, None]:
        async with broadcast.subscribe(CHANNEL) as events:
            async for event in events:  # type: ignore[union-attr] # broadcaster annotates a coroutine
                assert event is not None
                yield synced(int(orjson.loads(event.message)["n"]))


schema = strawberry.Schema(Query, subscription=Subscription)


@dataclass(frozen=True)
class Viewer:
    credential: str = "bench"
    valid_until: datetime | None = None


class Counted:
    """An event source: every number up to the counter in Redis is an event."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)

    async def latest(self, workspace_id: WorkspaceId) -> int:
        return int(await self._redis.get(_COUNTER) or 0)

    async def after(self, workspace_id: WorkspaceId, number: int, limit: int) -> Sequence[NumberedEvent]:
        last = min(await self.latest(workspace_id), number + limit)
        about = ThreadChanged(ThreadId(UUID(int=2)), ContactId(UUID(int=3)))
        return [NumberedEvent(one, _AT, about) for one in range(number + 1, last + 1)]


class Everything:
    """An interest in all events."""

    workspace_id = WORKSPACE
    scope_key = "all"

    def concerns(self, event: NumberedEvent) -> bool:
        return True

    async def root_values(self, events: Sequence[NumberedEvent]) -> Sequence[object | None]:
        return [synced(event.number) for event in events]

    async def interest(self, field: SubscriptionField, viewer: Viewer) -> "Everything":
        return self


async def _authenticate(scope: Any) -> Viewer:
    return Viewer()


async def _all_valid(viewers: Sequence[Viewer]) -> Sequence[bool]:
    return [True] * len(viewers)


async def ours(url: str, port: int, *, plain: bool) -> None:
    """Serve our socket over its own frames, or over plain ASGI."""
    async with RedisBell(url) as bell:
        core = schema._schema
        execution: Execution[Viewer] = Execution(
            schema=core,
            documents=Documents(core),
            make_context=lambda viewer, request_id: None,
            feed=Everything(),
            hubs=Hubs(Counted(url), bell),
            new_request_id=lambda: "bench",
        )
        sockets = OpenSockets(_all_valid, lambda: datetime.now(UTC), per_credential=100_000)
        budget = BacklogBudget(BacklogLimits())
        app = GraphQLSocket(execution, _authenticate, sockets, allowed_origins=frozenset(), budget=budget)
        await _serve(app, port, "websockets-sansio" if plain else FramesProtocol)


async def documented(url: str, port: int) -> None:
    """Serve Strawberry and broadcaster as their documentation writes it."""
    global broadcast
    async with Broadcast(url) as broadcast:
        await _serve(GraphQL(schema), port, "websockets-sansio")


async def floor(url: str, port: int) -> None:
    """Serve the same bytes without any GraphQL: what ASGI itself costs."""
    sends: dict[Any, str] = {}

    async def publish() -> None:
        async with redis.Redis.from_url(url) as client, client.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            async for told in pubsub.listen():
                if told["type"] == "message":
                    data = {"messageSynced": strawberry.asdict(synced(int(orjson.loads(told["data"])["n"])))}
                    payload = orjson.dumps({"data": data}).decode()
                    for send, prefix in list(sends.items()):
                        with suppress(OSError):  # a client left meanwhile
                            await send({"type": "websocket.send", "text": f"{prefix}{payload}}}"})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        while (event := await receive())["type"] == "websocket.receive":
            message = orjson.loads(event["text"])
            if message["type"] == "connection_init":
                await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
            elif message["type"] == "subscribe":
                sends[send] = f'{{"id":"{message["id"]}","type":"next","payload":'
        sends.pop(send, None)

    publishing = asyncio.create_task(publish())
    await _serve(app, port, "websockets-sansio")
    publishing.cancel()


async def _serve(app: Any, port: int, ws: Any) -> None:
    config = uvicorn.Config(
        app,
        port=port,
        ws=ws,
        ws_per_message_deflate=False,
        ws_max_size=65536,
        lifespan="off",
        log_level="error",
    )
    config.configure_logging()
    await uvicorn.Server(config).serve()


def main() -> None:
    kind, port, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    serving: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
        "ours": lambda: ours(url, port, plain=False),
        "ours-plain-asgi": lambda: ours(url, port, plain=True),
        "strawberry": lambda: documented(url, port),
        "floor": lambda: floor(url, port),
    }
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving[kind]())


if __name__ == "__main__":
    main()
