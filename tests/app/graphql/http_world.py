"""A GraphQL endpoint on a real uvicorn, with a schema that can do everything the tests need."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import strawberry
import uvicorn
from starlette.types import ASGIApp

from app.graphql.documents import Documents
from app.graphql.http import GraphQLOverHTTP, Wiring
from app.graphql.limits import Limits
from schema.faults import Code, Fault, NotFound
from tests.loopback import UNENCRYPTED, PromptServer
from tests.waiting import wait_until

TOKEN = "the-token"
CANARY = "canary-5f1d"


@dataclass(frozen=True)
class Caller:
    """Who asks, in these tests."""

    name: str


@dataclass
class Seen:
    """What the server saw."""

    changes: list[str] = field(default_factory=list)
    charged: list[int] = field(default_factory=list)
    wait: timedelta | None = None
    waiting: int = 0
    """Requests that hold a place in `slow`."""
    released: asyncio.Event = field(default_factory=asyncio.Event)


@strawberry.type
class Item:
    id: strawberry.ID
    name: str

    @strawberry.field
    def children(self, first: int = 25) -> list["Item"]:
        return [Item(id=strawberry.ID(f"{self.id}.{n}"), name=self.name) for n in range(first)]

    @strawberry.field
    def child(self) -> "Item":
        return self


@strawberry.type
class Query:
    @strawberry.field
    def items(self, first: int = 25) -> list[Item]:
        return [Item(id=strawberry.ID(str(n)), name="item") for n in range(first)]

    @strawberry.field
    def item(self, id: strawberry.ID | None = None, name: str = "item") -> Item:
        return Item(id=id or strawberry.ID("1"), name=name)

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound

    @strawberry.field
    async def broken(self) -> str | None:
        raise RuntimeError(CANARY)

    @strawberry.field
    def unserialisable(self) -> int | None:
        return CANARY  # type: ignore[return-value]  # the test is about a resolver that lies

    @strawberry.field
    async def slow(self, info: strawberry.Info[Any, None]) -> str:
        seen = info.context[2]
        seen.waiting += 1
        await seen.released.wait()
        return "done"

    @strawberry.field
    def who(self, info: strawberry.Info[tuple[Caller, str], None]) -> str:
        return info.context[0].name


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self, info: strawberry.Info[Any, None], name: str = "x") -> str:
        info.context[2].changes.append(name)
        return name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def changes(self) -> AsyncGenerator[str, None]:
        yield "never over HTTP"


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)._schema


@asynccontextmanager
async def served(
    limits: Limits | None = None, page: ASGIApp | None = None, at_once: int = 64
) -> AsyncIterator[tuple[httpx.AsyncClient, Seen]]:
    """Run the endpoint; the client sends the token unless told otherwise."""
    seen = Seen()
    numbers = iter(range(1, 10**9))

    async def authenticate(scope: MutableMapping[str, Any]) -> Caller | None:
        headers = dict(scope["headers"])
        if b"cookie" in headers:
            raise AssertionError("a cookie came through")
        if headers.get(b"authorization") == b"Bearer limited":
            raise Fault("Too many attempts.", Code.RATE_LIMITED, retry_after_seconds=7)
        return Caller("alice") if headers.get(b"authorization") == f"Bearer {TOKEN}".encode() else None

    async def charge(caller: Caller, cost: int) -> timedelta | None:
        seen.charged.append(cost)
        return seen.wait

    endpoint = GraphQLOverHTTP(
        Documents(SCHEMA, limits, hide_suggestions=True),
        Wiring(
            authenticate=authenticate,
            make_context=lambda caller, request_id: (caller, request_id, seen),
            new_request_id=lambda: f"request-{next(numbers)}",
            charge=charge,
            page=page,
            at_once=at_once,
        ),
    )
    config = uvicorn.Config(endpoint, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = PromptServer(config)
    running = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started, description="the server listens")
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, verify=UNENCRYPTED
    ) as client:
        try:
            yield client, seen
        finally:
            server.stop()
    await running
