"""A way to a server whose lines can fall silent at once, as when a host loses its power: nobody hangs up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass
class Lines:
    """Lines to the Redis at a Unix socket, through a TCP port."""

    url: str = ""
    _pipes: list[asyncio.Task[None]] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def freeze(self) -> None:
        """Let nothing through on the lines there are; new ones are whole."""
        for pipe in self._pipes:
            pipe.cancel()
        self._pipes.clear()

    def close(self) -> None:
        self.freeze()
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def lines_to(redis_url: str) -> AsyncIterator[Lines]:
    """Give lines to a Redis that answers at a Unix socket."""
    parts = urlsplit(redis_url)
    lines = Lines()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(parts.path)
        lines._writers += [writer, far_writer]
        for one, other in ((reader, far_writer), (far_reader, writer)):
            lines._pipes.append(asyncio.create_task(pipe(one, other)))

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    database = parse_qs(parts.query).get("db", ["0"])[0]
    lines.url = f"redis://127.0.0.1:{port}/{database}"
    try:
        yield lines
    finally:
        lines.close()
        listening.close()
