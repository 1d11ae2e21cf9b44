"""What every HTTP answer of a process has, whoever made it: a request id, safe headers, no traceback.

Belongs here: pure ASGI around the application. Never: who asks, or what they may do.
Source: security requirements R21, R22; OWASP Secure Headers.
"""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.metrics import Metrics

log = structlog.get_logger(__name__)

_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}
_CLOSED_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_TRANSPORT: Final = "max-age=31536000; includeSubDomains"
_PATHS: Final = frozenset(
    {"graphql", "graphiql", "oauth", "hooks", "attachments", "live", "ready", "metrics", "connected"}
    | {"assets", "mail-frame", "mail-images", "t", "settings", "contacts", "admin"}
)


class Guards:
    """The outermost application of a process."""

    def __init__(
        self, app: ASGIApp, *, new_request_id: Callable[[], str], metrics: Metrics, https: bool
    ) -> None:
        self._app = app
        self._new_request_id = new_request_id
        self._metrics = metrics
        headers = _ALWAYS | ({"strict-transport-security": _TRANSPORT} if https else {})
        headers |= {"content-security-policy": _CLOSED_POLICY}
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id
        began = perf_counter()
        status = 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(message, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_guarded)
            except Exception:
                # The application has answered already, see `application`.
                log.exception("request_failed", method=scope["method"], path=_path(scope))
            finally:
                seconds = perf_counter() - began
                self._metrics.requests.labels(_path(scope), str(status or 499)).observe(seconds)

    def _add_headers(self, message: Message, request_id: str) -> None:
        said = [pair for pair in message.get("headers", ()) if pair[0] != b"x-request-id"]
        present = {name for name, _ in said}
        said.append((b"x-request-id", request_id.encode()))
        said += [pair for pair in self._headers if pair[0] not in present]
        message["headers"] = said


def _path(scope: Scope) -> str:
    """Return the first word of the path if it is one of ours: a label of the figures, so a closed set."""
    first = str(scope["path"]).strip("/").partition("/")[0]
    return f"/{first}" if first in _PATHS else "other"


async def answer_failure(request: Request, _: Exception) -> Response:
    """Answer a request that failed unexpectedly: the request id, by which the log is found, and no more."""
    error = {
        "message": "Something went wrong on our side.",
        "extensions": {"code": "INTERNAL", "requestId": request.state.request_id},
    }
    return JSONResponse({"errors": [error]}, 500, {"cache-control": "no-store"})


def beside(endpoints: Mapping[str, ASGIApp], app: ASGIApp) -> ASGIApp:
    """Return an application that has these exact paths answered without a router, and all else by `app`."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = endpoints.get(scope["path"], app) if scope["type"] == "http" else app
        await endpoint(scope, receive, send)

    return answer


def application(routes: Sequence[BaseRoute], middleware: Sequence[Middleware] = ()) -> Starlette:
    """Return a Starlette application whose failures are answered as above; the guards log them."""
    return Starlette(
        routes=list(routes), middleware=list(middleware), exception_handlers={Exception: answer_failure}
    )
