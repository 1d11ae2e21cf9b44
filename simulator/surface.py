"""A provider's root as an ASGI application: reads a request, answers, or spoils the connection."""

import asyncio
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.clock import Clock
from simulator.exchange import Answer, Request

MOST_REQUEST_BYTES = 220_000_000
TRANSPORT = "simulator.transport"
Respond = Callable[[Request, str], Awaitable[Answer]]
Refuse = Callable[[int, str], Answer]


class ProviderDoor:
    """Answers everything below one provider's path.

    `respond` takes the request and the root's URL; `refuse` words a 413 or 400 that the door itself gives.
    """

    def __init__(self, clock: Clock, respond: Respond, refuse: Refuse) -> None:
        """Keep all three; answers are dated by the simulated clock."""
        self.clock = clock
        self.respond = respond
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        root = scope.get("root_path", "")
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        root_url = f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}{root}"
        body = await _body(receive)
        if body is None:
            answer = self.refuse(413, "Request entity too large")
        else:
            answer = await self._answer(scope, root, headers, body, root_url)
        answer.headers.setdefault("date", format_datetime(self.clock.now(), usegmt=True))
        match answer.manner:
            case "plain":
                await _reply(send, answer, answer.body)
            case "half":
                await _reply(send, answer, answer.body[: len(answer.body) // 2], final=False)
                scope[TRANSPORT].close()
            case "drop":
                scope[TRANSPORT].abort()
            case "hang":
                pass
        if answer.manner != "plain":
            await _until_gone(scope, receive)

    async def _answer(
        self, scope: Scope, root: str, headers: dict[str, str], body: bytes, root_url: str
    ) -> Answer:
        try:
            query = parse_qs(
                scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=1000
            )
        except ValueError:
            return self.refuse(400, "Too many query parameters")
        verb = headers.get("x-http-method-override", str(scope["method"])).upper()
        if verb != scope["method"] and headers.get("content-type", "").startswith(
            "application/x-www-form-urlencoded"
        ):
            query = {**query, **parse_qs(body.decode("latin-1"), keep_blank_values=True)}
            body = b""
        request = Request(verb, scope["path"].removeprefix(root), query, headers, body)
        return await self.respond(request, root_url)


class KeepTransport:
    """Puts the connection's transport where a fault can reach it, before any middleware wraps `send`.

    uvicorn hands every application the bound method of its request cycle, which holds the transport.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the outermost application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the transport and go on."""
        cycle = getattr(send, "__self__", None)
        transport = getattr(cycle, "transport", None)
        if transport is not None:
            scope[TRANSPORT] = transport
        await self.app(scope, receive, send)


async def _until_gone(scope: Scope, receive: Receive) -> None:
    """Wait until the client has gone; when the program ends, close without an answer."""
    try:
        while (await receive())["type"] != "http.disconnect":
            continue
    except asyncio.CancelledError:
        scope[TRANSPORT].abort()
        raise


async def _body(receive: Receive) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(pieces)
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > MOST_REQUEST_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(pieces)


async def _reply(send: Send, answer: Answer, body: bytes, *, final: bool = True) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": not final})
