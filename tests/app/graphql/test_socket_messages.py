"""Messages of the protocol, well-formed or not: what each gets as an answer, and which close the socket."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.graphql.close_codes import MAX_REASON_BYTES, bad_request, subscriber_exists
from app.graphql.messages import InvalidMessage, read_message
from app.graphql.socket import SocketLimits
from tests.app.graphql.socket_world import INBOX, World, acknowledged, open_client, running

SUBSCRIBE = '{"id":"1","type":"subscribe","payload":%s}'

INVALID = {
    "": "Message is not valid JSON",
    "{": "Message is not valid JSON",
    '{"type":"ping"': "Message is not valid JSON",
    '{"type":"ping","payload":{"a":NaN}}': "Message is not valid JSON",
    '{"type":"ping","payload":{"a":"\\ud800"}}': "Message is not valid JSON",
    "[" * 5000: "Message is not valid JSON",
    "[]": "Message is expected to be an object, but got an array",
    '[{"type":"ping"}]': "Message is expected to be an object, but got an array",
    "null": "Message is expected to be an object, but got null or nothing",
    "1": "Message is expected to be an object, but got a number",
    "true": "Message is expected to be an object, but got a boolean",
    '"ping"': "Message is expected to be an object, but got a string",
    "{}": "Message type is expected to be a string, but got null or nothing",
    '{"type":1}': "Message type is expected to be a string, but got a number",
    '{"type":["ping"]}': "Message type is expected to be a string, but got an array",
    '{"type":"start","id":"1"}': "Message of type 'start' is not one a client sends",
    '{"type":"next","id":"1","payload":{}}': "Message of type 'next' is not one a client sends",
    '{"type":"connection_ack"}': "Message of type 'connection_ack' is not one a client sends",
    '{"type":"%s"}' % ("x" * 500): "Invalid message",
    '{"type":"ping","payload":[]}': "Message payload is expected to be an object, but got an array",
    '{"type":"pong","payload":"x"}': "Message payload is expected to be an object, but got a string",
    '{"type":"connection_init","payload":1}': "Message payload is expected to be an object, but got a number",
    '{"type":"ping","payload":' + '{"a":' * 100 + "1" + "}" * 101: "Message is nested more than 64 deep",
    '{"type":"subscribe","payload":{"query":"{a}"}}': (
        "Message id is expected to be a string, but got null or nothing"
    ),
    '{"id":1,"type":"subscribe","payload":{"query":"{a}"}}': (
        "Message id is expected to be a string, but got a number"
    ),
    '{"id":{},"type":"subscribe","payload":{"query":"{a}"}}': (
        "Message id is expected to be a string, but got an object"
    ),
    '{"id":"","type":"subscribe","payload":{"query":"{a}"}}': (
        "Message id is expected to be a non-empty string"
    ),
    '{"id":"%s","type":"complete"}' % ("i" * 257): "Message id is longer than 256 bytes",
    '{"id":7,"type":"complete"}': "Message id is expected to be a string, but got a number",
    '{"type":"complete"}': "Message id is expected to be a string, but got null or nothing",
    '{"id":"","type":"complete"}': "Message id is expected to be a non-empty string",
    '{"id":"1","type":"subscribe"}': "Subscribe payload is expected to be an object, but got null or nothing",
    SUBSCRIBE % '"{ hello }"': "Subscribe payload is expected to be an object, but got a string",
    SUBSCRIBE % "{}": "Subscribe query is expected to be a string, but got null or nothing",
    SUBSCRIBE % '{"query":5}': "Subscribe query is expected to be a string, but got a number",
    SUBSCRIBE
    % '{"query":"{a}","operationName":1}': "operationName is expected to be a string, but got a number",
    SUBSCRIBE
    % '{"query":"{a}","variables":[]}': "Subscribe variables is expected to be an object, but got an array",
    SUBSCRIBE
    % '{"query":"{a}","variables":"x"}': "Subscribe variables is expected to be an object, but got a string",
    SUBSCRIBE
    % '{"query":"{a}","extensions":1}': "Subscribe extensions is expected to be an object, but got a number",
}


@pytest.fixture(params=[False, True], ids=["frames", "plain asgi"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with running(World(), plain_asgi=request.param) as world:
        yield world


@pytest.mark.rule("R25")
@pytest.mark.parametrize(("text", "reason"), INVALID.items(), ids=range(len(INVALID)))
def test_what_the_protocol_does_not_know_has_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidMessage) as invalid:
        read_message(text)
    assert bad_request(str(invalid.value)).reason == reason
    assert len(reason.encode()) <= MAX_REASON_BYTES


@pytest.mark.rule("R25")
async def test_an_invalid_message_is_closed_with_4400_before_and_after_the_acknowledgement(
    world: World,
) -> None:
    for text, reason in INVALID.items():
        async with acknowledged(world) as client:
            await client.send_raw(text)
            assert await client.closed() == (4400, reason), text[:100]
        async with open_client(world) as client:
            await client.send_raw(text)
            assert await client.closed() == (4400, reason), text[:100]
    assert len(world.open_sockets) == 0


async def test_a_binary_message_is_closed_with_4400(world: World) -> None:
    async with acknowledged(world) as client:
        await client.send_raw(b'{"type":"ping"}')
        assert await client.closed() == (4400, "Message is expected to be text, but got binary")


@pytest.mark.rule("R25")
async def test_a_frame_over_64_kib_is_closed_with_1009_even_before_the_initialisation(world: World) -> None:
    frame = '{"type":"ping","payload":{"a":"%s"}}' % ("x" * 65_600)
    async with open_client(world) as client:
        await client.send_raw(frame)
        code, _ = await client.closed()
        assert code == 1009
    async with acknowledged(world) as client:
        await client.send_raw(frame)
        code, _ = await client.closed()
        assert code == 1009


async def test_our_own_frame_limit_holds_where_the_server_has_none() -> None:
    async with (
        running(World(), limits=SocketLimits(frame_bytes=1000)) as world,
        acknowledged(world) as client,
    ):
        await client.send_raw('{"type":"ping","payload":{"a":"%s"}}' % ("x" * 1000))
        assert await client.closed() == (1009, "Message too big")


async def test_a_ping_is_answered_with_its_payload(world: World) -> None:
    async with open_client(world) as client:
        await client.send(
            {"type": "ping"}, {"type": "ping", "payload": {"a": [1, "é"]}}, {"type": "ping", "payload": {}}
        )
        assert await client.receive() == {"type": "pong"}
        assert await client.receive() == {"type": "pong", "payload": {"a": [1, "é"]}}
        assert await client.receive() == {"type": "pong", "payload": {}}


async def test_a_pong_nobody_asked_for_is_taken(world: World) -> None:
    async with open_client(world) as client:
        await client.send({"type": "pong"}, {"type": "pong", "payload": {"a": 1}})
        await client.alive()


async def test_completing_what_does_not_run_is_taken(world: World) -> None:
    async with acknowledged(world) as client:
        await client.send({"id": "nothing", "type": "complete"})
        await client.alive()


async def test_a_second_subscriber_with_an_id_is_closed_with_4409(world: World) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("same", INBOX)
        await client.subscribe("same", "{ hello }")
        assert await client.closed() == (4409, "Subscriber for same already exists")


def test_an_id_too_long_for_a_close_frame_is_left_out_of_its_reason() -> None:
    assert subscriber_exists("i" * 93).reason == f"Subscriber for {'i' * 93} already exists"
    assert subscriber_exists("i" * 94).reason == "Subscriber already exists"


@pytest.mark.rule("R25")
async def test_more_than_twenty_operations_are_closed_with_4429(world: World) -> None:
    async with acknowledged(world) as client:
        for number in range(20):
            await client.subscribe(f"{number}", INBOX)
        await client.alive()
        await client.subscribe("one more", INBOX)
        assert await client.closed() == (4429, "Too many operations")
    assert world.hubs.members == 0


@pytest.mark.rule("R25")
async def test_more_messages_a_second_than_allowed_are_closed_with_4429(world: World) -> None:
    async with acknowledged(world) as client:
        await client.send(*[{"type": "pong"}] * 60)
        assert await client.closed() == (4429, "Too many messages")


async def test_messages_at_an_allowed_rate_go_on() -> None:
    limits = SocketLimits(messages_per_second=400, message_burst=2)
    async with running(World(), limits=limits) as world, acknowledged(world) as client:
        loop = asyncio.get_running_loop()
        for _ in range(20):
            earned = loop.create_future()
            loop.call_later(0.004, earned.set_result, None)
            await earned
            await client.alive()


async def test_a_client_that_closes_normally_is_answered_so(world: World) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("1", INBOX)
        await client.alive()
        await client.connection.close(1000)
        assert client.connection.close_code == 1000


async def test_an_initialisation_in_time_outlives_the_time_out() -> None:
    limits = SocketLimits(initialisation=timedelta(milliseconds=40))
    async with running(World(), limits=limits) as world, acknowledged(world) as client:
        loop = asyncio.get_running_loop()
        passed = loop.create_future()
        loop.call_later(0.08, passed.set_result, None)
        await passed
        await client.alive()
