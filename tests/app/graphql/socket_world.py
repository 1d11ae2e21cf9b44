"""A whole GraphQL socket on a real uvicorn, with an event table in memory: what the socket tests speak to."""

import asyncio
import itertools
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import uvicorn
from graphql import build_schema
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from app.graphql.documents import Documents
from app.graphql.frames import FramesProtocol
from app.graphql.open_sockets import OpenSockets
from app.graphql.operations import Execution
from app.graphql.socket import GraphQLSocket, SocketLimits
from app.live.feed import SubscriptionField
from app.live.hub import Bell, HubPace
from app.live.hubs import Hubs
from app.live.payload import BacklogBudget, BacklogLimits
from rules.event_ids import encode_event_id
from rules.happenings import NumberedEvent, ThreadChanged
from rules.words import ThreadId, WorkspaceId
from schema.faults import Code, Fault, NotFound
from tests.app.live.memory import WORKSPACE, HandBell, MemoryEvents
from tests.loopback import PromptServer
from tests.waiting import wait_until

ORIGIN = "https://crm.example"
SDL = """
scalar EventID
type Item { id: EventID!, number: Int!, room: ID!, text(length: Int): String, viewer: String, secret: Int }
type Query { hello: String, slow: String, secret: Int, big(length: Int!): String }
type Mutation { record(value: Int!): Int }
type Subscription { inbox(after: EventID, room: ID): Item!, whole(after: EventID): Item }
"""
INBOX = "subscription Inbox($after: EventID) { inbox(after: $after) { id number } }"


@dataclass(frozen=True)
class Viewer:
    """Who speaks, named by the token."""

    credential: str
    workspace_id: WorkspaceId = WORKSPACE
    valid_until: datetime | None = None


@dataclass
class Context:
    viewer: Viewer
    world: "World"


@dataclass
class Item:
    number: int
    room_id: ThreadId
    workspace_id: WorkspaceId

    def id(self, _info: Any) -> str:
        return encode_event_id(self.workspace_id, self.number)

    def room(self, _info: Any) -> str:
        return str(self.room_id)

    def text(self, _info: Any, length: int = 10) -> str:
        return "x" * length

    def viewer(self, info: Any) -> str:
        return str(info.context.viewer.credential)

    def secret(self, _info: Any) -> int:
        raise RuntimeError("canary-9f3")


@dataclass
class ItemInterest:
    """All items of a workspace, or of one room."""

    workspace_id: WorkspaceId
    scope_key: Hashable
    room: ThreadId | None
    world: "World"

    def concerns(self, event: NumberedEvent) -> bool:
        assert isinstance(event.event, ThreadChanged)
        return self.room is None or event.event.thread_id == self.room

    async def root_values(self, events: Sequence[NumberedEvent]) -> Sequence[object | None]:
        items: list[object | None] = []
        for event in events:
            assert isinstance(event.event, ThreadChanged)
            item = Item(event.number, event.event.thread_id, self.workspace_id)
            items.append({"inbox": lambda *_, item=item, **__: self.world.executed(item), "whole": item})
        return items


class ItemFeed:
    """The subscriptions of the test's schema."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def interest(self, field: SubscriptionField, viewer: Viewer) -> ItemInterest:
        room = field.arguments.get("room")
        if room == "forbidden":
            raise NotFound
        if room == "broken":
            raise RuntimeError("canary-77a")
        thread = None if room is None else ThreadId(UUID(str(room)))
        return ItemInterest(viewer.workspace_id, "all", thread, self._world)


@dataclass
class World:
    """What the server's parts share with a test."""

    events: MemoryEvents = field(default_factory=MemoryEvents)
    bell: Bell = field(default_factory=HandBell)
    revoked: set[str] = field(default_factory=set)
    valid_until: datetime | None = None
    executions: int = 0
    recorded: list[int] = field(default_factory=list)
    slow: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: int = 0
    authentications: int = 0
    pause: timedelta | None = None
    port: int = 0
    hubs: Hubs = field(init=False)
    budget: BacklogBudget = field(init=False)
    open_sockets: OpenSockets[Viewer] = field(init=False)

    def executed(self, item: Item) -> Item:
        self.executions += 1
        return item

    def happen(self, count: int = 1, room: ThreadId | None = None) -> None:
        """Commit events and ring."""
        for _ in range(count):
            self.events.commit(room=room)
        assert isinstance(self.bell, HandBell)
        self.bell.ring()

    async def authenticate(self, scope: Any) -> Viewer | None:
        self.authentications += 1
        header = dict(scope["headers"])[b"authorization"].decode()
        if header == "Bearer crash":
            raise RuntimeError("canary-5d1")
        if header == "Bearer fault":
            raise Fault("Too many attempts.", Code.RATE_LIMITED)
        if not header.startswith("Bearer token") or header in self.revoked:
            return None
        return Viewer(header, valid_until=self.valid_until)

    async def still_valid(self, viewers: Sequence[Viewer]) -> Sequence[bool]:
        return [viewer.credential not in self.revoked for viewer in viewers]

    async def charge(self, _viewer: Viewer, _cost: int) -> timedelta | None:
        return self.pause


class RootValue:
    """Resolvers of the test's queries and mutation."""

    def hello(self, _info: Any) -> str:
        return "world"

    def secret(self, _info: Any) -> int:
        raise RuntimeError("canary-1c8")

    def big(self, _info: Any, length: int) -> str:
        return "y" * length

    async def slow(self, info: Any) -> str:
        world: World = info.context.world
        try:
            await world.slow.wait()
        except asyncio.CancelledError:
            world.cancelled += 1
            raise
        return "done"

    async def record(self, info: Any, value: int) -> int:
        world: World = info.context.world
        await world.slow.wait()
        world.recorded.append(value)
        return value


def make_socket(
    world: World, limits: SocketLimits, backlog: BacklogLimits, watch: timedelta
) -> GraphQLSocket[Viewer]:
    """Put the socket together as wiring does."""
    schema = build_schema(SDL)
    root = RootValue()
    for type_ in (schema.query_type, schema.mutation_type):
        assert type_ is not None
        for name, definition in type_.fields.items():
            resolver = getattr(root, name)
            definition.resolve = lambda _source, info, resolver=resolver, **arguments: resolver(
                info, **arguments
            )
    ids = itertools.count(1)
    world.hubs = Hubs(world.events, world.bell, pace=HubPace(grace=timedelta(milliseconds=50)))
    world.budget = BacklogBudget(backlog)
    world.open_sockets = OpenSockets(
        world.still_valid, lambda: datetime.now(UTC), per_credential=5, every=watch
    )
    execution: Execution[Viewer] = Execution(
        schema=schema,
        documents=Documents(schema, viewer_fields=["Item.viewer"]),
        make_context=lambda viewer, _request_id: Context(viewer, world),
        feed=ItemFeed(world),
        hubs=world.hubs,
        new_request_id=lambda: f"request-{next(ids)}",
        charge=world.charge,
    )
    return GraphQLSocket(
        execution,
        world.authenticate,
        world.open_sockets,
        allowed_origins=frozenset([ORIGIN]),
        budget=world.budget,
        limits=limits,
    )


@asynccontextmanager
async def running(
    world: World,
    *,
    limits: SocketLimits | None = None,
    backlog: BacklogLimits | None = None,
    watch: timedelta = timedelta(milliseconds=50),
    plain_asgi: bool = False,
) -> AsyncIterator[World]:
    """Serve the world's socket on a free port; `plain_asgi` leaves uvicorn's own protocol class in place."""
    endpoint = make_socket(world, limits or SocketLimits(), backlog or BacklogLimits(), watch)
    async with serving(endpoint, "websockets-sansio" if plain_asgi else FramesProtocol) as port:
        world.port = port
        try:
            yield world
        finally:
            await world.hubs.close()


@asynccontextmanager
async def serving(app: Callable[..., Awaitable[None]], ws: Any) -> AsyncIterator[int]:
    """Run an ASGI application under uvicorn in this loop and give its port."""
    listener = sockets.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, ws=ws, ws_max_size=64 * 1024, ws_per_message_deflate=False, lifespan="off", log_level="critical"
    )
    server = PromptServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await wait_until(lambda: server.started, description="uvicorn serves")
    try:
        yield listener.getsockname()[1]
    finally:
        server.stop()
        await task
        listener.close()


class Client:
    """A raw client: it sends what it is told, right or wrong."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, *messages: object) -> None:
        for message in messages:
            await self.connection.send(orjson.dumps(message).decode())

    async def send_raw(self, frame: str | bytes) -> None:
        await self.connection.send(frame)

    async def receive(self) -> Any:
        async with asyncio.timeout(10):
            return orjson.loads(await self.connection.recv())

    async def subscribe(self, operation_id: str, query: str, **payload: object) -> None:
        await self.send({"id": operation_id, "type": "subscribe", "payload": {"query": query, **payload}})

    async def ask(self, query: str, operation_id: str = "q", **payload: object) -> Any:
        """Run an operation and return its first message."""
        await self.subscribe(operation_id, query, **payload)
        return await self.receive()

    async def alive(self) -> None:
        """Assert that the socket still answers, and that everything sent before was taken."""
        await self.send({"type": "ping"})
        assert await self.receive() == {"type": "pong"}

    async def closed(self) -> tuple[int, str]:
        """Return the code and reason of the close, reading what comes before it away."""
        try:
            async with asyncio.timeout(10):
                while True:
                    await self.connection.recv()
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code, closed.rcvd.reason


@asynccontextmanager
async def open_client(
    world: World,
    *,
    subprotocols: Sequence[str] = ("graphql-transport-ws",),
    origin: str | None = ORIGIN,
    headers: dict[str, str] | None = None,
) -> AsyncIterator[Client]:
    """Open a socket without initialising the connection."""
    async with connect(
        f"ws://127.0.0.1:{world.port}/graphql",
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        origin=None if origin is None else Origin(origin),
        additional_headers=headers,
        compression=None,
        max_size=None,
        close_timeout=1,
    ) as connection:
        yield Client(connection)


@asynccontextmanager
async def acknowledged(world: World, token: str = "token-a", **options: Any) -> AsyncIterator[Client]:
    """Open a socket and initialise the connection."""
    async with open_client(world, **options) as client:
        await client.send({"type": "connection_init", "payload": {"token": token}})
        assert await client.receive() == {"type": "connection_ack"}
        yield client
