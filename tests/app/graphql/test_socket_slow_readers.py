"""Clients that do not read: what waits for them is bounded, then they are let go; nobody else notices.

Run on uvloop as production does, each test in a loop of its own.
"""

import asyncio
import base64
import gc
import os
import socket as sockets
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvloop

from app.live.payload import Backlog, BacklogBudget, BacklogLimits, Payload
from rules.event_ids import encode_event_id
from tests.app.graphql.socket_world import ORIGIN, World, acknowledged, running
from tests.app.live.memory import WORKSPACE
from tests.waiting import wait_until

LONG = "subscription Long($after: EventID) { inbox(after: $after) { number text(length: 8000) } }"


def on_uvloop(story: Coroutine[Any, Any, None]) -> None:
    """Run to the end, or fail before the test's own time-out, which uvloop would not let through."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(story, timeout=25))


def rss_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class DeafClient:
    """A client that subscribes and then never reads another byte."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = sockets.socket()
        self.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self._port = port
        self._token = token

    async def subscribe(self, query: str) -> None:
        """Shake hands, initialise and subscribe, reading no further than the acknowledgement."""
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self._port))
        key = base64.b64encode(os.urandom(16)).decode()
        await loop.sock_sendall(
            self.socket,
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Origin: {ORIGIN}\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode(),
        )
        await self._read_to(b"\r\n\r\n")
        await self._send({"type": "connection_init", "payload": {"token": self._token}})
        await self._read_to(b'"connection_ack"}')
        await self._send({"id": "1", "type": "subscribe", "payload": {"query": query}})

    async def _read_to(self, end: bytes) -> None:
        head = b""
        while not head.endswith(end):
            byte = await asyncio.get_running_loop().sock_recv(self.socket, 1)
            assert byte, f"the server closed after {head!r}"
            head += byte

    async def _send(self, message: object) -> None:
        text = orjson.dumps(message)
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        unmasked = b"\x00\x00\x00\x00"
        await asyncio.get_running_loop().sock_sendall(self.socket, b"\x81" + length + unmasked + text)


@pytest.mark.rule("R27")
def test_a_hundred_clients_that_never_read_cost_bounded_memory_and_are_let_go() -> None:
    async def story() -> None:
        async with running(World()) as world:
            deaf = [DeafClient(world.port, f"token-{number // 5}") for number in range(100)]
            try:
                for client in deaf:
                    await client.subscribe(LONG)
                async with acknowledged(world, "token-reader") as reader:
                    await reader.subscribe("r", LONG)
                    await reader.alive()
                    await wait_until(lambda: world.hubs.members == 101, description="everybody subscribed")
                    before = rss_bytes()
                    highest = 0
                    for number in range(1, 1501):
                        world.happen()
                        assert (await reader.receive())["payload"]["data"]["inbox"]["number"] == number
                        if number % 50 == 0:
                            highest = max(highest, rss_bytes())
                        if world.hubs.members == 1:
                            break
                    assert world.hubs.members == 1, "every client that never read was closed"
                    assert highest - before <= 20 * 1024 * 1024
                    assert world.budget.waiting_bytes == 0
                    await wait_until(
                        lambda: len(world.open_sockets) == 1, description="their connections are let go"
                    )
                    await reader.alive()
            finally:
                for client in deaf:
                    client.socket.close()

    on_uvloop(story())


@pytest.mark.rule("R27")
@pytest.mark.parametrize("plain_asgi", [False, True], ids=["frames", "plain asgi"])
def test_a_client_that_reads_too_late_is_told_to_come_back_and_misses_nothing(plain_asgi: bool) -> None:
    async def story() -> None:
        limits = BacklogLimits(messages=20)
        async with running(World(), plain_asgi=plain_asgi, backlog=limits) as world:
            async with acknowledged(world) as client:
                await client.subscribe("1", LONG)
                await client.alive()
                client.connection.transport.pause_reading()
                await wait_until(lambda: _happen_until_closed(world), description="the backlog overflows")
                client.connection.transport.resume_reading()
                seen = 0
                try:
                    while True:
                        seen = (await client.receive())["payload"]["data"]["inbox"]["number"]
                except Exception:
                    assert await client.closed() == (4503, "Too slow: reconnect with `after`")
            latest = await world.events.latest(WORKSPACE)
            assert 0 < seen < latest
            async with acknowledged(world) as client:
                await client.subscribe("1", LONG, variables={"after": encode_event_id(WORKSPACE, seen)})
                for number in range(seen + 1, latest + 1):
                    assert (await client.receive())["payload"]["data"]["inbox"]["number"] == number

    on_uvloop(story())


def _happen_until_closed(world: World) -> bool:
    if world.hubs.members:
        world.happen(20)
    return not world.hubs.members


def test_a_client_that_reads_slowly_gets_everything() -> None:
    async def story() -> None:
        async with running(World()) as world, acknowledged(world) as client:
            await client.subscribe("1", LONG)
            await client.alive()
            for start in range(0, 900, 90):
                world.happen(90)
                for number in range(start + 1, start + 91):
                    assert (await client.receive())["payload"]["data"]["inbox"]["number"] == number

    on_uvloop(story())


def test_a_backlog_counts_a_shared_payload_once() -> None:
    budget = BacklogBudget(BacklogLimits())
    backlogs = [Backlog(budget, lambda: None) for _ in range(10)]
    payload = Payload(b"x" * 1000)
    for backlog in backlogs:
        backlog.append(b"prefix", payload)
    assert budget.waiting_bytes == 1000 + 10 * 64
    for backlog in backlogs:
        assert backlog.popleft() == (b"prefix", payload)
    assert budget.waiting_bytes == 0


@pytest.mark.parametrize(
    ("limits", "fits"),
    [(BacklogLimits(messages=5), 5), (BacklogLimits(bytes_=530), 5), (BacklogLimits(process_bytes=800), 4)],
    ids=["messages", "bytes", "process"],
)
def test_a_backlog_overflows_once_and_stays_empty(limits: BacklogLimits, fits: int) -> None:
    overflows: list[int] = []
    budget = BacklogBudget(limits)
    backlog = Backlog(budget, lambda: overflows.append(1))
    for number in range(fits):
        backlog.append(b"prefix", Payload(b"x" * 100))
        assert len(backlog) == number + 1
    for _ in range(3):
        backlog.append(b"prefix", Payload(b"x" * 100))
    assert (len(backlog), backlog.size_bytes, budget.waiting_bytes, overflows) == (0, 0, 0, [1])


def test_over_the_process_limit_the_longest_backlog_goes_first() -> None:
    gone: list[str] = []
    budget = BacklogBudget(BacklogLimits(process_bytes=10_000))
    short = Backlog(budget, lambda: gone.append("short"))
    long = Backlog(budget, lambda: gone.append("long"))
    for _ in range(6):
        long.append(b"", Payload(b"x" * 1000))
    for _ in range(4):
        short.append(b"", Payload(b"x" * 1000))
    assert gone == ["long"]
    assert (len(short), budget.waiting_bytes) == (4, 4 * 1064)
