"""A load generator for JSON over HTTP/1.1: some connections kept alive, one request under way on each."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import orjson


class BadAnswer(Exception):
    """A server answered with another status than 200; the message has what it said."""


class Connection(asyncio.Protocol):
    """One connection; it reads the status, the length or the chunks, and no JSON."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._body_at = -1
        self._length = -1
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BadAnswer("the connection was closed"))

    async def ask(self, request: bytes) -> bytes:
        """Send a request and return the answer's body. Raises: BadAnswer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._buffer, self._body_at = b"", -1
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._body_at < 0 and not self._read_head():
            return
        if self._length >= 0:
            if len(self._buffer) - self._body_at >= self._length:
                self._done(self._buffer[self._body_at :])
        elif self._buffer.endswith(b"0\r\n\r\n"):
            self._done(_unchunked(self._buffer[self._body_at :]))

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._buffer[:end].lower()
        self._body_at = end + 4
        found = head.find(b"\r\ncontent-length:")
        self._length = int(head[found + 17 :].split(b"\r\n", 1)[0]) if found >= 0 else -1
        return True

    def _done(self, body: bytes) -> None:
        assert self._answer is not None
        if self._buffer[9:12] == b"200":
            self._answer.set_result(body)
        else:
            self._answer.set_exception(BadAnswer(self._buffer[:600].decode("utf-8", "replace")))


def _unchunked(rest: bytes) -> bytes:
    parts = []
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        parts.append(rest[:size])
        rest = rest[size + 2 :]
    return b"".join(parts)


def request_of(body: object, token: str) -> bytes:
    """Return a POST of JSON to /graphql."""
    text = orjson.dumps(body)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


@dataclass(slots=True)
class Answered:
    """What one window of load brought."""

    seconds: float
    milliseconds: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.milliseconds)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def connect(port: int) -> Connection:
    """Open one connection."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


async def press(port: int, request: Callable[[int], bytes], *, at_once: int, seconds: float) -> Answered:
    """Ask for a stretch of time with so many requests under way; `request` gives the n-th one."""
    connections = [await connect(port) for _ in range(at_once)]
    began = time.perf_counter()
    answered = Answered(0.0)
    number = 0

    async def keep_asking(connection: Connection) -> None:
        nonlocal number
        while time.perf_counter() < began + seconds:
            number += 1
            asked = time.perf_counter()
            await connection.ask(request(number))
            answered.milliseconds.append((time.perf_counter() - asked) * 1000)

    try:
        await asyncio.gather(*(keep_asking(one) for one in connections))
    finally:
        for one in connections:
            one.close()
    answered.seconds = time.perf_counter() - began
    return answered
