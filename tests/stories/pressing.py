"""A process that asks a server of ours so many times a second, whether or not it keeps up.

`python -m tests.stories.pressing PORT RATE SECONDS AT_ONCE` reads one HTTP request from its input and sends
it RATE times a second. A crowd does not wait for its answers: each request that comes due goes out on a free
connection, or on a new one, up to AT_ONCE of them. With a RATE of 0 each connection asks again as soon as it
was answered: that shows what the server can do. It prints `[due, status, seconds, retry_after]` for each
request as JSON; a status of 0 is an answer that never came.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass
from typing import cast

import uvloop

from tests.simulator_process import ROOT

PATIENCE_SECONDS = 15.0
FAILED = 520
"""The status of an answer of 200 with errors in it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when it was due, since the beginning; the answer's status; how long it took from then."""

    at: float
    status: int
    seconds: float
    retry_after: str | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a crowd met."""

    asked: tuple[Asked, ...]
    seconds: float

    def goodput(self) -> float:
        """Requests a second that were done."""
        return len(self.of(200)) / self.seconds

    def of(self, *statuses: int) -> list[Asked]:
        return [one for one in self.asked if one.status in statuses]


def percentile(asked: list[Asked], hundredth: int) -> float:
    return sorted(one.seconds for one in asked)[min(len(asked) - 1, len(asked) * hundredth // 100)]


async def pressed(port: int, request: bytes, *, rate: float, seconds: float, at_once: int) -> Pressed:
    """Press a server from a process of its own; what it answered."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stories.pressing", str(port), str(rate), str(seconds), str(at_once)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate(request)
    assert process.returncode == 0, "the crowd fell over; it says why on standard error"
    return Pressed(tuple(Asked(*one) for one in json.loads(told)), seconds)


class _Line(asyncio.Protocol):
    """One connection: it reads the head of an answer, and past its body."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.kept = True
        self._answer: asyncio.Future[tuple[int, str | None]] | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _: Exception | None) -> None:
        self.kept = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError())

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if self._answer is None or self._answer.done() or not end or length is None:
            return
        if len(body) >= int(length[1]):
            retry_after = re.search(rb"(?i)\r\nretry-after: (\d+)", head)
            self.kept = self.kept and b"\r\nconnection: close" not in head.lower()
            status = FAILED if b'"errors":' in body and head[9:12] == b"200" else int(head[9:12])
            self._answer.set_result((status, retry_after[1].decode() if retry_after else None))

    async def ask(self, request: bytes) -> tuple[int, str | None]:
        assert self.transport is not None
        self._read, self._answer = b"", asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer


class _Crowd:
    def __init__(self, port: int, request: bytes, at_once: int) -> None:
        self.port, self.request = port, request
        self.places = asyncio.Semaphore(at_once)
        self.free: list[_Line] = []
        self.began = time.monotonic()
        self.asked: list[Asked] = []

    async def ask(self, due: float) -> None:
        status, retry_after = 0, None
        async with self.places:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    status, retry_after = await self._ask()
            except (TimeoutError, OSError):
                status = 0
        self.asked.append(Asked(due, status, time.monotonic() - self.began - due, retry_after))

    async def _ask(self) -> tuple[int, str | None]:
        self.free = [line for line in self.free if line.kept]  # the server lets go of idle ones
        line = self.free.pop() if self.free else await self._connect()
        answered = False
        try:
            found = await line.ask(self.request)
            answered = True
            return found
        finally:
            if answered and line.kept:
                self.free.append(line)
            elif line.transport is not None:
                line.transport.abort()

    async def _connect(self) -> _Line:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(_Line, "127.0.0.1", self.port))[1]

    async def over_and_over(self, seconds: float) -> None:
        while (due := time.monotonic() - self.began) < seconds:
            await self.ask(due)


async def _is(moment: float) -> None:
    """Return at a moment of the monotonic clock, which paces the crowd."""
    loop = asyncio.get_running_loop()
    come = loop.create_future()
    loop.call_later(moment - time.monotonic(), come.set_result, None)
    await come


async def _press(port: int, rate: float, seconds: float, at_once: int) -> None:
    crowd = _Crowd(port, sys.stdin.buffer.read(), at_once)
    async with asyncio.TaskGroup() as tasks:
        if rate == 0:
            for _ in range(at_once):
                tasks.create_task(crowd.over_and_over(seconds))
        for number in range(int(rate * seconds)):
            due = number / rate
            await _is(crowd.began + due)
            tasks.create_task(crowd.ask(due))
    for line in crowd.free:
        assert line.transport is not None
        line.transport.abort()
    print(json.dumps([[one.at, one.status, one.seconds, one.retry_after] for one in crowd.asked]))


if __name__ == "__main__":
    port, rate, seconds, at_once = sys.argv[1:]
    uvloop.run(_press(int(port), float(rate), float(seconds), int(at_once)))
