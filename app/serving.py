"""How every HTTP server of the house runs: uvicorn with uvloop and httptools, and a stop that ends."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from app.ending import end
from app.graphql.frames import FramesProtocol

FRAME_BYTES: Final = 64 * 1024
_QUEUED_CONNECTIONS: Final = 1024
_YOUNG_OBJECTS: Final = 10_000


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: a process has one place that handles them, below."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(
    app: ASGIApp, host: str, port: int, *, stop_seconds: int, trusted_proxies: tuple[str, ...] = ()
) -> Server:
    """Return a server that runs until `should_exit` is set."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws=FramesProtocol,
        ws_max_size=FRAME_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=30,
        timeout_graceful_shutdown=stop_seconds,
        backlog=_QUEUED_CONNECTIONS,
    )
    return Server(config)


def spare_the_collector() -> None:
    """Let Python's collector of cycles pass over what was made at the start: it lives as long as the process.

    Looking through schema and libraries takes a tenth of a second, for which requests would wait, and which a
    process that ends spends several times. It is not done here either: starting leaves less than a thousand
    objects to collect. What requests leave behind is nearly all freed by its count, so it is looked through
    less often, too.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])


async def until_signal() -> signal.Signals:
    """Return the signal that asks this process to stop; a second one ends it at once."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[signal.Signals] = loop.create_future()

    def note(number: signal.Signals) -> None:
        if asked.done():
            raise SystemExit(128 + number)
        asked.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, note, number)
    return await asked


async def run_until_signal(http: Server) -> None:
    """Serve until a signal asks to stop, then let requests under way end within the server's patience."""
    signals = asyncio.create_task(until_signal(), name="signals")
    serving = asyncio.create_task(http.serve(), name="http")
    await asyncio.wait([signals, serving], return_when=asyncio.FIRST_COMPLETED)
    http.should_exit = True
    await serving
    await end(signals)
