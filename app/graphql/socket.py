"""GraphQL over WebSocket, the server half of graphql-transport-ws, as an ASGI application.

Belongs here: the protocol's state (handshake, initialised, acknowledged) and its order. What a message is,
is in messages.py; what runs under an id, in operations.py; how bytes leave, in wire.py and frames.py; why a
socket is closed, in close_codes.py.
Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md; security requirements R23 to R27.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, assert_never

import structlog

from app.graphql import close_codes
from app.graphql.close_codes import Close
from app.graphql.frames import EXTENSION, FramesProtocol, FrameWire
from app.graphql.messages import (
    CONNECTION_ACK,
    SUBPROTOCOL,
    ClientMessage,
    Complete,
    ConnectionInit,
    InvalidMessage,
    Ping,
    Pong,
    Subscribe,
    pong_message,
    read_message,
)
from app.graphql.open_sockets import OpenSockets, ViewerT
from app.graphql.operations import Execution, Operations
from app.graphql.socket_credentials import origin_is_allowed, scope_of_credential
from app.graphql.wire import AsgiWire, Send, Wire
from app.live.payload import BacklogBudget
from schema.faults import Fault

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Authenticate = Callable[[Scope], Awaitable[ViewerT | None]]
"""Returns who sent a request with these headers, or raises a `Fault`; GraphQL over HTTP asks the same."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What one socket may do; the burst lets a client that comes back start all its operations at once."""

    frame_bytes: int = 64 * 1024
    initialisation: timedelta = timedelta(seconds=10)
    operations: int = 20
    messages_per_second: float = 20.0
    message_burst: int = 40


class GraphQLSocket(Generic[ViewerT]):
    """The ASGI application of the `/graphql` WebSocket."""

    def __init__(
        self,
        execution: Execution[ViewerT],
        authenticate: Authenticate[ViewerT],
        open_sockets: OpenSockets[ViewerT],
        *,
        allowed_origins: frozenset[str],
        budget: BacklogBudget,
        limits: SocketLimits | None = None,
    ) -> None:
        self.execution = execution
        self.authenticate = authenticate
        self.open_sockets = open_sockets
        self.limits = limits or SocketLimits()
        self._allowed_origins = allowed_origins
        self._budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        event = await receive()
        if event["type"] != "websocket.connect":
            return
        try:
            if not origin_is_allowed(scope, self._allowed_origins):
                await send({"type": "websocket.close", "code": close_codes.FORBIDDEN.code})
                return
            speaks = SUBPROTOCOL in scope["subprotocols"]
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if speaks else None})
        except OSError:
            return  # the client left during the handshake
        wire = self._wire(scope, send)
        if speaks:
            await self._converse(scope, receive, wire)
        else:
            wire.close(close_codes.SUBPROTOCOL_NOT_ACCEPTABLE)
        await wire.finish()

    async def _converse(self, scope: Scope, receive: Receive, wire: Wire) -> None:
        connection = Connection(self, scope, wire)
        try:
            while not wire.closed:
                event = await receive()
                if event["type"] != "websocket.receive" or wire.closed:
                    break
                await connection.receive(event)
        except Exception:
            log.exception("socket_failed")
            wire.close(close_codes.INTERNAL_ERROR)
        finally:
            connection.end()

    def _wire(self, scope: Scope, send: Send) -> AsgiWire | FrameWire:
        protocol = (scope.get("extensions") or {}).get(EXTENSION)
        if isinstance(protocol, FramesProtocol):
            return FrameWire(protocol, self._budget)
        return AsgiWire(send, self._budget)


class Connection(Generic[ViewerT]):
    """One socket from its acceptance to its end."""

    __slots__ = (
        "_endpoint",
        "_init_timer",
        "_measured_at",
        "_messages_left",
        "_scope",
        "operations",
        "who",
        "wire",
    )

    def __init__(self, endpoint: GraphQLSocket[ViewerT], scope: Scope, wire: Wire) -> None:
        loop = asyncio.get_running_loop()
        self.wire = wire
        self.who: ViewerT | None = None
        self.operations = Operations(endpoint.execution, wire)
        wire.on_close = self.operations.end_all
        self._endpoint = endpoint
        self._scope: Scope | None = scope
        self._messages_left = float(endpoint.limits.message_burst)
        self._measured_at = loop.time()
        self._init_timer: asyncio.TimerHandle | None = loop.call_later(
            endpoint.limits.initialisation.total_seconds(), wire.close, close_codes.INITIALISATION_TIMEOUT
        )

    @property
    def viewer(self) -> ViewerT:
        """Who was acknowledged; asked only afterwards."""
        assert self.who is not None
        return self.who

    def close(self, close: Close) -> None:
        """Close the socket; nothing is delivered from now on."""
        self.wire.close(close)

    def end(self) -> None:
        """Let go of everything; the socket is closed."""
        self._stop_timer()
        self.operations.end_all()
        if self.who is not None:
            self._endpoint.open_sockets.dismiss(self)

    async def receive(self, event: MutableMapping[str, Any]) -> None:
        """Take one frame."""
        text = event.get("text")
        if not self._within_rate():
            self.close(close_codes.TOO_MANY_MESSAGES)
        elif text is None:
            self.close(close_codes.bad_request("Message is expected to be text, but got binary"))
        elif len(text) > self._endpoint.limits.frame_bytes:
            self.close(close_codes.MESSAGE_TOO_BIG)
        else:
            try:
                message = read_message(text)
            except InvalidMessage as invalid:
                self.close(close_codes.bad_request(str(invalid)))
            else:
                await self._obey(message)

    async def _obey(self, message: ClientMessage) -> None:
        match message:
            case ConnectionInit():
                await self._initialise(message)
            case Subscribe():
                await self._subscribe(message)
            case Complete():
                self.operations.complete(message.id)
            case Ping():
                self.wire.push(pong_message(message.payload))
            case Pong():
                pass  # the protocol lets a client send one at any time
            case _:
                assert_never(message)

    async def _initialise(self, message: ConnectionInit) -> None:
        if self._scope is None:
            self.close(close_codes.TOO_MANY_INITIALISATIONS)
            return
        scope, self._scope = self._scope, None
        self._stop_timer()
        credential = scope_of_credential(scope, message.payload)
        viewer = None
        if credential is not None:
            viewer = await self._authenticate(credential)
        if viewer is None:
            self.close(close_codes.FORBIDDEN)
        elif not self.wire.closed:
            self.who = viewer
            if self._endpoint.open_sockets.admit(self):
                self.wire.push(CONNECTION_ACK)
            else:
                self.close(close_codes.TOO_MANY_SOCKETS)

    async def _authenticate(self, credential: Scope) -> ViewerT | None:
        try:
            async with asyncio.timeout(self._endpoint.limits.initialisation.total_seconds()):
                return await self._endpoint.authenticate(credential)
        except Fault:
            return None  # over HTTP it has a status of its own; here every refusal is 4403

    async def _subscribe(self, message: Subscribe) -> None:
        if self.who is None:
            self.close(close_codes.UNAUTHORIZED)
        elif message.id in self.operations:
            self.close(close_codes.subscriber_exists(message.id))
        elif len(self.operations) >= self._endpoint.limits.operations:
            self.close(close_codes.TOO_MANY_OPERATIONS)
        else:
            await self.operations.start(message, self.who)

    def _within_rate(self) -> bool:
        limits = self._endpoint.limits
        now = asyncio.get_running_loop().time()
        earned = (now - self._measured_at) * limits.messages_per_second
        self._messages_left = min(float(limits.message_burst), self._messages_left + earned) - 1.0
        self._measured_at = now
        return self._messages_left >= 0.0

    def _stop_timer(self) -> None:
        if self._init_timer is not None:
            self._init_timer.cancel()
            self._init_timer = None
