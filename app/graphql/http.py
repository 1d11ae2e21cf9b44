"""GraphQL over HTTP: one ASGI endpoint, from the request's bytes to the response's.

Belongs here: the order of the steps. Cookies are taken away before anybody looks who asks, so that a page
of another site can do nothing with its visitor's session: a query by GET is safe, and a POST must be JSON.
Mutations by GET are refused, several operations in one body too.
Source: https://graphql.github.io/graphql-over-http/draft/; security requirements R16 to R22.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import Any, Generic, TypeVar

import structlog
from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.graphql.bodies import (
    ClientLeft,
    GraphQLRequest,
    RefusedRequest,
    check_declared_size,
    read_body,
    request_of_json,
    request_of_query,
)
from app.graphql.documents import Documents, Operation
from app.graphql.masking import format_errors
from app.graphql.negotiation import MediaType, is_json_request, prefers_page, response_type
from app.graphql.room import Room
from schema.compiled import Result, write_json
from schema.faults import Code, Fault, Unauthenticated

log = structlog.get_logger(__name__)

ViewerT = TypeVar("ViewerT")

_STATUS_OF_CODE = {
    Code.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
_METHODS = "GET, POST"


@dataclass(frozen=True)
class Wiring(Generic[ViewerT]):
    """What the endpoint is given by the process it runs in.

    `authenticate` sees the request's scope without cookies; None is nobody, and a Fault is answered with
    its status (a `retry_after_seconds` of it as Retry-After). `charge` returns how long to wait where a
    budget is used up. `page` serves a browser that asks for HTML. `at_once`: how many requests are worked on
    at the same time.
    """

    authenticate: Callable[[MutableMapping[str, Any]], Awaitable[ViewerT | None]]
    make_context: Callable[[ViewerT, str], object]
    new_request_id: Callable[[], str]
    charge: Callable[[ViewerT, int], Awaitable[timedelta | None]] | None = None
    at_once: int = 64
    page: ASGIApp | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


class GraphQLOverHTTP(Generic[ViewerT]):
    """The endpoint, an ASGI application for one path."""

    def __init__(self, documents: Documents, wiring: Wiring[ViewerT]) -> None:
        self._documents = documents
        self._wiring = wiring
        self._room = Room(wiring.at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; scopes other than HTTP are not ours."""
        assert scope["type"] == "http", "sockets have an endpoint of their own"
        headers = Headers(scope=scope)
        accept = headers.get("accept")
        is_asking = scope["method"] == "GET" and b"query=" not in scope["query_string"]
        if self._wiring.page is not None and is_asking and prefers_page(accept):
            await self._wiring.page(scope, receive, send)
            return
        state = scope.get("state") or {}
        request_id = str(state.get("request_id") or self._wiring.new_request_id())
        media = response_type(accept)
        try:
            answer = await self._answer(scope, receive, headers, media, request_id)
        except ClientLeft:
            return
        except Exception as error:
            wrapped = GraphQLError("unexpected", original_error=error)
            answer = _refuse(500, format_errors([wrapped], request_id))
        await _send(send, answer, media or MediaType.JSON, request_id, scope["method"] == "HEAD")

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        headers: Headers,
        media: MediaType | None,
        request_id: str,
    ) -> _Answer:
        try:
            if media is None:
                raise RefusedRequest(
                    406, f"Responses are {MediaType.RESPONSE.value} or {MediaType.JSON.value}."
                )
            _check_method(scope["method"], headers)
            check_declared_size(headers, self._documents.limits)
            with self._room.place():
                viewer = await self._authenticate(scope)
            request = await self._read(scope, receive)
            with self._room.place():
                return await self._carry_out(scope["method"], viewer, request, media, request_id)
        except RefusedRequest as refused:
            error = {"message": refused.message, "extensions": {"code": refused.code.value}}
            return _refuse(refused.status, [error], refused.headers)
        except Fault as fault:
            return _refuse_fault(fault, request_id)

    async def _carry_out(
        self, method: str, viewer: ViewerT, request: GraphQLRequest, media: MediaType, request_id: str
    ) -> _Answer:
        try:
            operation = self._operation(request)
            cost = operation.cost(request.variables)
        except _RefusedDocument as refused_document:
            return _refuse_document(media, format_errors(refused_document.errors, request_id))
        except GraphQLError as error:
            return _refuse_document(media, format_errors([error], request_id))
        refusal = self._refuse_kind(method, operation) or await self._refuse_cost(viewer, cost)
        if refusal is not None:
            return refusal
        context = self._wiring.make_context(viewer, request_id)
        return _executed(await operation.run(context, request.variables), media, request_id)

    async def _authenticate(self, scope: Scope) -> ViewerT:
        """Return who asks.

        Raises:
            Fault: nobody known does, or somebody who may not.
        """
        kept = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        viewer = await self._wiring.authenticate({**scope, "headers": kept})
        if viewer is None:
            raise Unauthenticated
        return viewer

    async def _read(self, scope: Scope, receive: Receive) -> GraphQLRequest:
        limits = self._documents.limits
        if scope["method"] == "POST":
            return request_of_json(await read_body(receive, limits), limits)
        return request_of_query(scope["query_string"], limits)

    def _operation(self, request: GraphQLRequest) -> Operation:
        document = self._documents.get(request.query)
        if isinstance(document, list):
            raise _RefusedDocument(document)
        return document.select(request.operation_name)

    def _refuse_kind(self, method: str, operation: Operation) -> _Answer | None:
        if operation.is_mutation and method != "POST":
            error = {
                "message": "Mutations are sent by POST.",
                "extensions": {"code": Code.BAD_REQUEST.value},
            }
            return _refuse(405, [error], {"allow": "POST"})
        if operation.is_subscription:
            error = {
                "message": "Subscriptions are served over WebSocket, protocol graphql-transport-ws.",
                "extensions": {"code": Code.BAD_REQUEST.value},
            }
            return _refuse(400, [error])
        return None

    async def _refuse_cost(self, viewer: ViewerT, cost: int) -> _Answer | None:
        if self._wiring.charge is None:
            return None
        wait = await self._wiring.charge(viewer, cost)
        if wait is None:
            return None
        seconds = max(1, ceil(wait.total_seconds()))
        error = {
            "message": f"The budget of this key is used up; try again in {seconds} s.",
            "extensions": {"code": Code.RATE_LIMITED.value, "retryAfterSeconds": seconds, "cost": cost},
        }
        return _refuse(429, [error], {"retry-after": str(seconds)})


@dataclass
class _RefusedDocument(Exception):
    errors: list[GraphQLError]


def _check_method(method: str, headers: Headers) -> None:
    if method not in ("GET", "POST"):
        raise RefusedRequest(405, f"Use {_METHODS}.", headers={"allow": _METHODS})
    if method == "POST" and not is_json_request(headers.get("content-type")):
        raise RefusedRequest(415, "The request body must be application/json in UTF-8.")


def _refuse(status: int, errors: list[dict[str, Any]], headers: Mapping[str, str] | None = None) -> _Answer:
    return _Answer(status, write_json({"errors": errors}), headers or {})


def _refuse_fault(fault: Fault, request_id: str) -> _Answer:
    status = _STATUS_OF_CODE.get(fault.code, HTTPStatus.BAD_REQUEST)
    headers: dict[str, str] = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    retry_after = (fault.extensions or {}).get("retry_after_seconds")
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return _refuse(status, format_errors([fault], request_id), headers)


def _refuse_document(media: MediaType, errors: list[dict[str, Any]]) -> _Answer:
    """Refuse a well-formed request. Source: GraphQL over HTTP, sections 6.4.1 and 6.4.2."""
    return _refuse(200 if media is MediaType.JSON else 400, errors)


def _executed(result: Result, media: MediaType, request_id: str) -> _Answer:
    if result.errors is None:
        return _Answer(200, result.json(), {})
    errors = format_errors(result.errors, request_id)
    if not result.was_executed:
        return _refuse_document(media, errors)
    return _Answer(200, write_json({"data": result.data, "errors": errors}), {})


async def _send(send: Send, answer: _Answer, media: MediaType, request_id: str, is_head: bool) -> None:
    headers = [
        (b"content-type", f"{media.value}; charset=utf-8".encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode("latin-1", "replace")),
        *((name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else answer.body})
