"""The sockets whose connection was acknowledged, and the watch over their credentials.

Belongs here: how many sockets a credential has, and closing them when it ends. A revoked key, a suspended
workspace, an expired token or changed rights close the socket with 4403 within two rounds of the watch;
the client comes back with a new credential, or not at all. Source: security requirements R25 and R26.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import structlog

from app.graphql.close_codes import FORBIDDEN, Close

log = structlog.get_logger(__name__)


class SocketViewer(Protocol):
    """Who speaks through a socket, as far as the socket must know."""

    @property
    def credential(self) -> Hashable:
        """The API key, session or token that was shown; sockets are counted and revoked by it."""

    @property
    def valid_until(self) -> datetime | None:
        """When the credential ends by itself; None: when it is revoked."""


ViewerT = TypeVar("ViewerT", bound=SocketViewer)
ViewerT_co = TypeVar("ViewerT_co", bound=SocketViewer, covariant=True)


class OpenSocket(Protocol[ViewerT_co]):
    """An acknowledged connection."""

    @property
    def viewer(self) -> ViewerT_co: ...

    def close(self, close: Close) -> None: ...


StillValid = Callable[[Sequence[ViewerT]], Awaitable[Sequence[bool]]]
"""Tells for each viewer, in order, whether credential and rights are still what they were."""


class OpenSockets(Generic[ViewerT]):
    """Every acknowledged socket of the process; the watch runs while there is one."""

    def __init__(
        self,
        still_valid: StillValid[ViewerT],
        now: Callable[[], datetime],
        *,
        per_credential: int = 50,
        every: timedelta = timedelta(seconds=4),
    ) -> None:
        self._still_valid = still_valid
        self._now = now
        self._per_credential = per_credential
        self._every_seconds = every.total_seconds()
        self._sockets: dict[Hashable, set[OpenSocket[ViewerT]]] = {}
        self._watch: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self._sockets.values())

    def admit(self, socket: OpenSocket[ViewerT]) -> bool:
        """Count a socket in, unless its credential has too many already."""
        sockets = self._sockets.setdefault(socket.viewer.credential, set())
        if len(sockets) >= self._per_credential:
            return False
        sockets.add(socket)
        if self._watch is None:
            self._watch = asyncio.create_task(self._keep_watch(), name="socket watch")
        return True

    def dismiss(self, socket: OpenSocket[ViewerT]) -> None:
        """Count a socket out; one that was never admitted is ignored."""
        credential = socket.viewer.credential
        sockets = self._sockets.get(credential)
        if sockets is not None:
            sockets.discard(socket)
            if not sockets:
                del self._sockets[credential]
        if not self._sockets and self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(self._every_seconds)
            try:
                async with asyncio.timeout(self._every_seconds):
                    await self._look()
            except Exception:
                # Credentials cannot be read now, and neither can events: the next round looks again.
                log.exception("socket_watch_failed")

    async def _look(self) -> None:
        now = self._now()
        for socket in [socket for sockets in self._sockets.values() for socket in sockets]:
            valid_until = socket.viewer.valid_until
            if valid_until is not None and valid_until <= now:
                socket.close(FORBIDDEN)
        viewers = [next(iter(sockets)).viewer for sockets in self._sockets.values() if sockets]
        if not viewers:
            return
        for viewer, valid in zip(viewers, await self._still_valid(viewers), strict=True):
            if not valid:
                for socket in tuple(self._sockets.get(viewer.credential, ())):
                    socket.close(FORBIDDEN)
