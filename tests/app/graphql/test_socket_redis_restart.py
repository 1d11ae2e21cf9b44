"""Two hundred live subscriptions, and Redis killed without a word and started again under them."""

from contextlib import AsyncExitStack

import pytest

from app.live.bell import RedisBell
from tests.app.graphql.socket_world import Client, World, acknowledged, running
from tests.app.live.killable_valkey import killable_valkey

QUERY = "subscription { inbox { number } }"
SUBSCRIBERS = 200


async def sees(clients: list[Client], numbers: range) -> None:
    for client in clients:
        for number in numbers:
            assert (await client.receive())["payload"] == {"data": {"inbox": {"number": number}}}


@pytest.mark.rule("R27")
async def test_no_subscription_misses_or_repeats_an_event_over_a_restart_of_redis() -> None:
    async with killable_valkey() as valkey, RedisBell(valkey.url) as bell, AsyncExitStack() as stack:
        world = await stack.enter_async_context(running(World(bell=bell)))
        clients = []
        for number in range(SUBSCRIBERS):
            client = await stack.enter_async_context(acknowledged(world, f"token-{number // 5}"))
            await client.subscribe("1", QUERY)
            await client.alive()
            clients.append(client)
        await valkey.until_heard()
        for _ in range(3):
            await valkey.ring(world.events.commit())
        await sees(clients, range(1, 4))
        await valkey.kill()
        for _ in range(3):
            world.events.commit()  # nobody can ring for these
        await sees(clients, range(4, 7))
        world.events.commit()
        await valkey.start()
        await sees(clients, range(7, 8))
        await valkey.until_heard()
        await valkey.ring(world.events.commit())
        await sees(clients, range(8, 9))
        assert world.executions == 8
