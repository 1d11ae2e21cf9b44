"""A faster wire for uvicorn: whole frames written to the transport, no task and no copy per socket.

Belongs here: everything that touches uvicorn's protocol class. It is used by giving `FramesProtocol` to
uvicorn as `ws`, with `ws_per_message_deflate=False` and `ws_max_size` as the frame limit; where the server
is another one, app/graphql/wire.py does the same over plain ASGI. Against ASGI's `send` it saves a coroutine
and two encodings per message, learns of back-pressure instead of waiting in it, and can let go of a client
that never reads, which a graceful close cannot.
Source: RFC 6455 section 5.2 (frames); uvicorn's websockets_sansio_impl.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from app.graphql.close_codes import TOO_SLOW, Close
from app.graphql.messages import PAYLOAD_END
from app.live.payload import Backlog, BacklogBudget, Payload

EXTENSION: Final = "bothways.frames"
"""The key of the scope's `extensions` under which the protocol offers itself."""

_HIGH_WATER_BYTES = 32 * 1024
"""What the transport copies before it says stop; the rest waits uncopied in the backlog."""
_LET_GO_AFTER = timedelta(seconds=5)


class WritingObserver(Protocol):
    """Who wants to know that writing can go on."""

    def writable(self) -> None: ...

    def lost(self) -> None: ...


class FramesProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which offers `write_frame`, `refuse_more` and word of back-pressure."""

    observer: WritingObserver | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.observer is not None:
            self.observer.writable()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        observer, self.observer = self.observer, None
        if observer is not None:
            observer.lost()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._let_go_later()

    def shutdown(self) -> None:
        super().shutdown()
        self._let_go_later()

    @property
    def can_write(self) -> bool:
        """Whether the transport takes more without growing past its high-water mark."""
        return self.writable.is_set()

    @property
    def is_over(self) -> bool:
        """Whether a close frame went out, or the connection is gone."""
        return self.close_sent or self.disconnected or self.transport.is_closing()

    def write_frame(self, data: bytes) -> None:
        """Write a whole, unmasked frame."""
        self.transport.write(data)

    def close_frame(self, code: int, reason: str) -> None:
        """Send a close frame behind what was written, and end the connection soon, read or not."""
        if self.is_over:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._let_go_later()

    def _let_go_later(self) -> None:
        if self.disconnected:
            return
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(_LET_GO_AFTER.total_seconds(), self.transport.abort)


def frame_header(length: int) -> bytes:
    """Return the header of an unmasked, unfragmented text frame. Source: RFC 6455 section 5.2."""
    if length < 126:
        return b"\x81" + length.to_bytes(1, "big")
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


class FrameWire:
    """A wire over `FramesProtocol`."""

    __slots__ = ("_backlog", "_protocol", "_waiters", "on_close")

    def __init__(self, protocol: FramesProtocol, budget: BacklogBudget) -> None:
        self._protocol = protocol
        self._backlog = Backlog(budget, self._overflown)
        self._waiters: list[asyncio.Future[None]] = []
        self.on_close: Callable[[], None] | None = None
        protocol.observer = self

    @property
    def closed(self) -> bool:
        return self._protocol.is_over

    def push(self, prefix: bytes, payload: Payload | None = None) -> None:
        protocol = self._protocol
        if protocol.is_over:
            return
        if protocol.can_write and not self._backlog:
            protocol.write_frame(_frame(prefix, payload))
        else:
            self._backlog.append(prefix, payload)

    def close(self, close: Close) -> None:
        self._backlog.clear()
        self._protocol.close_frame(close.code, close.reason)
        self._ended()

    async def drained(self) -> None:
        if self._backlog and not self._protocol.is_over:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def finish(self) -> None:
        """Everything was handed over already."""

    def writable(self) -> None:
        """Write what waits until the transport says stop."""
        protocol = self._protocol
        while self._backlog and protocol.can_write and not protocol.is_over:
            protocol.write_frame(_frame(*self._backlog.popleft()))
        if not self._backlog:
            self._release()

    def lost(self) -> None:
        self._backlog.clear()
        self._ended()

    def _overflown(self) -> None:
        self.close(TOO_SLOW)

    def _ended(self) -> None:
        self._release()
        on_close, self.on_close = self.on_close, None
        if on_close is not None:
            on_close()

    def _release(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()


def _frame(prefix: bytes, payload: Payload | None) -> bytes:
    if payload is None:
        return frame_header(len(prefix)) + prefix
    data = payload.data
    return b"".join((frame_header(len(prefix) + len(data) + 1), prefix, data, PAYLOAD_END))
