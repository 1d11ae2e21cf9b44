"""Opening and initialising: who may, in what order, and how soon."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import InvalidStatus

from app.graphql.socket import SocketLimits
from tests.app.graphql.socket_world import World, acknowledged, open_client, running
from tests.waiting import wait_until

INIT = {"type": "connection_init", "payload": {"token": "token-a"}}


@pytest.fixture(params=[False, True], ids=["frames", "plain asgi"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    limits = SocketLimits(initialisation=timedelta(milliseconds=300))
    async with running(World(), limits=limits, plain_asgi=request.param) as world:
        yield world


async def test_the_subprotocol_is_graphql_transport_ws(world: World) -> None:
    async with open_client(world, subprotocols=["graphql-ws", "graphql-transport-ws"]) as client:
        assert client.connection.subprotocol == "graphql-transport-ws"


@pytest.mark.rule("R23")
@pytest.mark.parametrize("subprotocols", [["graphql-ws"], [], ["graphql-transport-ws2"]])
async def test_another_subprotocol_or_none_is_closed_with_4406(world: World, subprotocols: list[str]) -> None:
    async with open_client(world, subprotocols=subprotocols) as client:
        assert await client.closed() == (4406, "Subprotocol not acceptable")
    assert world.authentications == 0


@pytest.mark.rule("R24")
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://crm.example.evil", "http://crm.example", "null", "https://CRM.example"],
)
async def test_a_foreign_origin_is_refused_at_the_handshake(world: World, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with open_client(world, origin=origin):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.rule("R24")
async def test_without_an_origin_only_a_token_in_connection_init_counts(world: World) -> None:
    header = {"Authorization": "Bearer token-a"}
    async with open_client(world, origin=None, headers=header) as client:
        await client.send({"type": "connection_init"})
        assert await client.closed() == (4403, "Forbidden")
    assert world.authentications == 0
    async with acknowledged(world, origin=None) as client:
        await client.alive()


@pytest.mark.parametrize(
    "payload",
    [{"token": "token-a"}, {"authorization": "Bearer token-a"}, {"Authorization": "Bearer token-a"}],
)
async def test_connection_init_carries_the_credential(world: World, payload: dict[str, str]) -> None:
    async with open_client(world) as client:
        await client.send({"type": "connection_init", "payload": payload})
        assert await client.receive() == {"type": "connection_ack"}


async def test_a_header_carries_the_credential_where_the_origin_is_allowed(world: World) -> None:
    async with open_client(world, headers={"Authorization": "Bearer token-a"}) as client:
        await client.send({"type": "connection_init", "payload": None})
        assert await client.receive() == {"type": "connection_ack"}


@pytest.mark.rule("R23")
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"token": "wrong"},
        {"token": "fault"},
        {"token": ""},
        {"token": 7},
        {"token": {"a": 1}},
        {"authorization": "Basic token-a"},
        {"authorization": "Bearer token-a\r\nX-Admin: 1"},
        {"token": "x" * 9000},
        {"token": "tökén"},
    ],
)
async def test_a_bad_credential_is_closed_with_4403(world: World, payload: dict[str, object]) -> None:
    async with open_client(world, headers={"Cookie": "session=token-a"}) as client:
        await client.send({"type": "connection_init", "payload": payload})
        assert await client.closed() == (4403, "Forbidden")
    assert len(world.open_sockets) == 0


@pytest.mark.rule("R23")
async def test_no_initialisation_in_time_is_closed_with_4408(world: World) -> None:
    async with open_client(world) as client:
        assert await client.closed() == (4408, "Connection initialisation timeout")


async def test_pings_do_not_stand_in_for_the_initialisation(world: World) -> None:
    async with open_client(world) as client:
        await client.alive()
        assert await client.closed() == (4408, "Connection initialisation timeout")


@pytest.mark.rule("R23")
async def test_a_second_initialisation_is_closed_with_4429(world: World) -> None:
    async with acknowledged(world) as client:
        await client.send(INIT)
        assert await client.closed() == (4429, "Too many initialisation requests")
    async with open_client(world) as client:
        await client.send(INIT, INIT)
        assert await client.closed() == (4429, "Too many initialisation requests")


@pytest.mark.rule("R23")
async def test_subscribing_before_the_acknowledgement_is_closed_with_4401(world: World) -> None:
    async with open_client(world) as client:
        await client.subscribe("1", "{ hello }")
        assert await client.closed() == (4401, "Unauthorized")


async def test_a_failure_of_ours_is_closed_with_4500_and_tells_nothing(world: World) -> None:
    async with open_client(world) as client:
        await client.send({"type": "connection_init", "payload": {"token": "crash"}})
        # "Bearer crash" makes the credential store of this test raise.
        assert await client.closed() == (4500, "Internal server error")


@pytest.mark.rule("R25")
async def test_a_credential_has_a_bounded_number_of_sockets(world: World) -> None:
    async with (
        acknowledged(world),
        acknowledged(world),
        acknowledged(world),
        acknowledged(world),
        acknowledged(world) as fifth,
    ):
        async with open_client(world) as client:
            await client.send(INIT)
            assert await client.closed() == (4429, "Too many sockets")
        async with acknowledged(world, token="token-b") as other:
            await other.alive()
        await fifth.connection.close()
        await wait_until(
            lambda: len(world.open_sockets) == 4, description="the closed sockets are counted out"
        )
        async with acknowledged(world) as client:
            await client.alive()


@pytest.mark.rule("R26")
async def test_a_revoked_credential_closes_its_sockets_and_no_others(world: World) -> None:
    async with acknowledged(world) as client, acknowledged(world, token="token-b") as other:
        await client.subscribe("1", "subscription { inbox { number } }")
        await client.alive()
        world.revoked.add("Bearer token-a")
        assert await client.closed() == (4403, "Forbidden")
        assert world.hubs.members == 0
        await other.alive()


@pytest.mark.rule("R26")
async def test_an_expired_credential_closes_its_socket(world: World) -> None:
    world.valid_until = datetime.now(UTC) + timedelta(milliseconds=150)
    async with acknowledged(world) as client:
        await client.alive()
        assert await client.closed() == (4403, "Forbidden")
