"""A small HTTP server of our own that takes Pub/Sub notifications, as an application would."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Receiver:
    """Keeps what was posted; `statuses` are the answers to give, the last of them for good."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    posts: list[tuple[dict[str, str], Json]] = field(default_factory=list)

    @property
    def data(self) -> list[Json]:
        """The decoded data of every post."""
        return [json.loads(base64.b64decode(body["message"]["data"])) for _headers, body in self.posts]

    @property
    def message_ids(self) -> list[str]:
        """The Pub/Sub message ids, in order of arrival."""
        return [str(body["message"]["messageId"]) for _headers, body in self.posts]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.posts.append((headers, body))
        status = self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    """Listen on a free port."""
    receiver = Receiver(statuses=list(statuses) or [204])
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/hooks/gmail"
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
