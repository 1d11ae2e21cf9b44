"""A server that answers with the very bytes a test wants, and counts what it was sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Manner = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """`manners` are taken in turn, one a request; the last one stays. `seen` holds each request's bytes."""

    manners: list[Manner]
    url: str = ""
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await self._request(reader):
                self.seen.append(head)
                manner = self.manners.pop(0) if len(self.manners) > 1 else self.manners[0]
                await manner(writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""
        for line in head.lower().splitlines():
            if line.startswith(b"content-length:"):
                head += await reader.readexactly(int(line.partition(b":")[2]))
        return head


def answer(body: bytes, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> Manner:
    """A complete answer; `length` may lie."""

    async def manner(writer: asyncio.StreamWriter) -> None:
        said = len(body) if length is None else length
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {said}\r\n{headers}\r\n".encode() + body)

    return manner


def closing(first: bytes = b"") -> Manner:
    """Say these bytes and close the connection."""

    async def manner(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        writer.close()

    return manner


async def silent(_writer: asyncio.StreamWriter) -> None:
    """Say nothing, and keep the connection."""


def dripping(pause_seconds: float) -> Manner:
    """A long answer, a byte at a time, for as long as somebody listens."""

    async def manner(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        gone = asyncio.ensure_future(writer.wait_closed())
        while not gone.done():
            writer.write(b"x")
            await asyncio.wait({gone}, timeout=pause_seconds)
        gone.exception()  # A reset is how the listener hangs up.

    return manner


@asynccontextmanager
async def running_server(*manners: Manner) -> AsyncIterator[Server]:
    server = Server(list(manners))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()[:2]
    server.url = f"http://{host}:{port}/"
    try:
        yield server
    finally:
        listening.close()
