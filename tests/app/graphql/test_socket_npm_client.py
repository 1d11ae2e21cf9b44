"""The protocol's own client, npm graphql-ws, against our server: results, refusals, and coming back."""

import asyncio
import json
from typing import Any

import pytest

from app.graphql.close_codes import FORBIDDEN, INTERRUPTED, TOO_MANY_OPERATIONS, TOO_SLOW, Close
from tests.app.graphql.socket_world import ORIGIN, World, running
from tests.node_programs import run_node
from tests.waiting import wait_until


async def subscribed(world: World) -> None:
    await wait_until(lambda: world.hubs.members == 1, description="the client is subscribed")


def close_all(world: World, close: Close) -> None:
    for sockets in list(world.open_sockets._sockets.values()):
        for socket in list(sockets):
            socket.close(close)


async def converse(world: World, last: int) -> list[dict[str, Any]]:
    output = await run_node(
        "subscribe.js", f"ws://127.0.0.1:{world.port}/graphql", ORIGIN, "token-npm", f"{last}"
    )
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "close", [TOO_SLOW, INTERRUPTED, FORBIDDEN, Close(1012, "")], ids=lambda close: str(close)
)
async def test_the_client_comes_back_with_after_and_misses_nothing(close: Close) -> None:
    async with running(World()) as world:
        client = asyncio.create_task(converse(world, 30))
        await subscribed(world)
        world.happen(10)
        await wait_until(lambda: world.executions == 10, description="ten events were sent")
        close_all(world, close)
        world.happen(10)
        await wait_until(lambda: world.hubs.members == 0, description="the socket is closed")
        world.happen(5)
        await subscribed(world)
        world.happen(5)
        said = await client
    assert said[0] == {"query": {"data": {"hello": "world"}}}
    assert said[1] == {"query": {"errors": [{"code": "GRAPHQL_PARSE_FAILED"}]}}
    assert {"closed": close.code, "reason": close.reason} in said
    assert [line["number"] for line in said if "number" in line] == list(range(1, 31))
    assert not [line for line in said if "fatal" in line]


@pytest.mark.timeout(120)
async def test_a_breach_of_limits_is_final_for_the_client() -> None:
    async with running(World()) as world:
        client = asyncio.create_task(converse(world, 5))
        await subscribed(world)
        close_all(world, TOO_MANY_OPERATIONS)
        said = await client
    assert {"fatal": 4429} in said
    assert len(world.open_sockets) == 0
