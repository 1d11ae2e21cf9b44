"""How bytes leave for one client: never waiting, never without bound.

Belongs here: the writing half of a socket over plain ASGI, for any server. app/graphql/frames.py has a
faster one for uvicorn. The law of both: `push` returns at once; what cannot go now waits in a bounded
backlog; a client that lets it overflow is closed with 4503 and what waited is dropped.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from app.graphql.close_codes import TOO_SLOW, Close
from app.graphql.messages import PAYLOAD_END
from app.live.payload import Backlog, BacklogBudget, Payload

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Wire(Protocol):
    """The writing half of an accepted socket; `on_close` is called once, when nothing is sent any more."""

    on_close: Callable[[], None] | None

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""

    def push(self, prefix: bytes, payload: Payload | None = None) -> None:
        """Send `prefix` alone, or as the head of a message whose payload is shared with other sockets."""

    def close(self, close: Close) -> None:
        """Send a close frame; a client that never reads is let go."""

    async def drained(self) -> None:
        """Return once nothing waits, or the socket is closed."""


def whole_message(prefix: bytes, payload: Payload | None) -> bytes:
    """Return the message that a frame of a backlog stands for."""
    return prefix if payload is None else b"".join((prefix, payload.data, PAYLOAD_END))


class AsgiWire:
    """A wire over ASGI's `send`; a task lives only while something waits.

    A client that never reads holds its connection until the server's own keep-alive gives it up; what
    waited for it is gone at once.
    """

    def __init__(self, send: Send, budget: BacklogBudget) -> None:
        self._send = send
        self._backlog = Backlog(budget, lambda: self.close(TOO_SLOW))
        self._sending: asyncio.Task[None] | None = None
        self._close: Close | None = None
        self.on_close: Callable[[], None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def closed(self) -> bool:
        return self._close is not None

    def push(self, prefix: bytes, payload: Payload | None = None) -> None:
        if self._close is not None:
            return
        self._backlog.append(prefix, payload)
        self._empty.clear()
        self._wake()

    def close(self, close: Close) -> None:
        if self._close is not None:
            return
        self._close = close
        self._wake()
        if self.on_close is not None:
            self.on_close()

    async def drained(self) -> None:
        if self._close is None:
            await self._empty.wait()

    async def finish(self) -> None:
        """Return once the close frame, if any, was handed to the server."""
        if self._sending is not None:
            await asyncio.gather(self._sending, return_exceptions=True)

    def _wake(self) -> None:
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all(), name="socket send")

    async def _send_all(self) -> None:
        try:
            while self._backlog and not self._close_overtakes():
                prefix, payload = self._backlog.popleft()
                text = whole_message(prefix, payload).decode()
                await self._send({"type": "websocket.send", "text": text})
            if self._close is not None:
                self._backlog.clear()
                await self._send(
                    {"type": "websocket.close", "code": self._close.code, "reason": self._close.reason}
                )
        except OSError:
            # Starlette's and uvicorn's word for a client that is gone; the receiving half hears it too.
            self._backlog.clear()
            self._close = self._close or TOO_SLOW
        finally:
            self._sending = None
            self._empty.set()

    def _close_overtakes(self) -> bool:
        return self._close is TOO_SLOW
