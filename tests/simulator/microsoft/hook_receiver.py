"""A small HTTP server of our own that takes Graph's notifications, as an application would."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]


@dataclass
class Hook:
    """Keeps what was posted; `statuses` are the answers, the last for good; `echo` answers handshakes."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [202])
    echo: str | None = None
    tokens: list[str] = field(default_factory=list)
    bodies: list[Json] = field(default_factory=list)

    @property
    def items(self) -> list[Json]:
        """Every entry of every `value` array."""
        return [item for body in self.bodies for item in body["value"]]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        token = parse_qs(urlsplit(head[0].split(" ")[1]).query).get("validationToken")
        if token:
            self.tokens.append(token[0])
            text = (token[0] if self.echo is None else self.echo).encode()
            status = 200
        else:
            self.bodies.append(json.loads(body))
            status, text = (self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)), b""
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n".encode()
        )
        writer.write(b"Connection: close\r\n\r\n" + text)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def hooked(*statuses: int) -> AsyncIterator[Hook]:
    """Listen on a free port."""
    hook = Hook(statuses=list(statuses) or [202])
    server = await asyncio.start_server(hook.take, "127.0.0.1", 0)
    hook.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks/graph"
    try:
        yield hook
    finally:
        server.close()
        await server.wait_closed()
