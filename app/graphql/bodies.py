"""Read a GraphQL request out of HTTP: the body within its cap and its time, JSON of no strange shape.

Nothing is parsed before the whole body is known to be small. JSON is read strictly: what two readers could
understand differently (a key given twice, NaN, half a surrogate pair) is refused.
Source: security requirements R16 and R18; https://graphql.github.io/graphql-over-http/draft/#sec-Request.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

from app.graphql.limits import Limits
from schema.faults import Code

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

SLOWEST_BODY: Final = timedelta(seconds=10)
# A client that is still sending when the connection closes does not see why: so somewhat more than may be
# sent is read and forgotten, in multiples of the limit.
_DRAINED: Final = 4
_LONGEST_NUMBER: Final = 40
_MOST_PARAMETERS: Final = 16


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of one request; `variables` as the client sent them."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]


@dataclass
class RefusedRequest(Exception):
    """An HTTP request that is no GraphQL request; `message` is for the client."""

    status: int
    message: str
    code: Code = Code.BAD_REQUEST
    headers: Mapping[str, str] = field(default_factory=dict)


class ClientLeft(Exception):
    """The client closed the connection before the request was complete."""


def bad_request(message: str) -> RefusedRequest:
    """Return a refusal with status 400."""
    return RefusedRequest(400, message)


def _too_large(limits: Limits) -> RefusedRequest:
    return RefusedRequest(
        413, f"The request body is larger than {limits.body_bytes} bytes.", headers={"connection": "close"}
    )


def check_declared_size(headers: Mapping[str, str], limits: Limits) -> None:
    """Look at Content-Length, before anything is read.

    Raises:
        RefusedRequest: the body would be larger than the limit (413).
    """
    declared = headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > limits.body_bytes):
        raise _too_large(limits)


async def read_body(receive: Receive, limits: Limits) -> bytes:
    """Return the request's body.

    Raises:
        RefusedRequest: it is larger than the limit (413), or takes too long to arrive (408).
        ClientLeft: the connection was closed.
    """
    chunks: list[bytes] = []
    size = 0
    longest_drain = limits.body_bytes * _DRAINED
    try:
        async with asyncio.timeout(SLOWEST_BODY.total_seconds()):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                chunk = message.get("body", b"")
                size += len(chunk)
                is_last = not message.get("more_body", False)
                if size > limits.body_bytes:
                    chunks.clear()
                    if is_last or size > longest_drain:
                        raise _too_large(limits)
                    continue
                chunks.append(chunk)
                if is_last:
                    return b"".join(chunks)
    except TimeoutError as error:
        raise RefusedRequest(
            408, "The request body took too long to arrive.", headers={"connection": "close"}
        ) from error


def request_of_json(body: bytes, limits: Limits) -> GraphQLRequest:
    """Return the request that a POST body holds.

    Raises:
        RefusedRequest: it holds none.
    """
    value = read_json(body, limits, "The request body")
    if isinstance(value, list):
        raise bad_request("Batches are not served: send one operation per request.")
    if not isinstance(value, dict):
        raise bad_request("The request body must be a JSON object.")
    return _request(value)


def request_of_query(query_string: bytes, limits: Limits) -> GraphQLRequest:
    """Return the request that a GET's query string holds.

    Raises:
        RefusedRequest: it holds none.
    """
    try:
        text = query_string.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise bad_request("The query string cannot be read.") from error
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise bad_request(f"The parameter {name[:40]} is given twice.")
        is_json = name in ("variables", "extensions") and value
        values[name] = read_json(value.encode(), limits, f"The parameter {name}") if is_json else value
    return _request({name: value for name, value in values.items() if value != ""})


def _request(values: dict[str, Any]) -> GraphQLRequest:
    query = values.get("query")
    if not isinstance(query, str):
        raise bad_request("The parameter query must be a string.")
    operation_name = values.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise bad_request("The parameter operationName must be a string or null.")
    for name in ("variables", "extensions"):
        if values.get(name) is not None and not isinstance(values[name], dict):
            raise bad_request(f"The parameter {name} must be an object or null.")
    return GraphQLRequest(query, operation_name or None, values.get("variables") or {})


def read_json(body: bytes, limits: Limits, what: str) -> Any:
    """Return what strict JSON holds; `what` names it in the refusal.

    Raises:
        RefusedRequest: it is not UTF-8, not JSON, nested too deeply, or could be understood in two ways.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise bad_request(f"{what} is not UTF-8.") from error
    if _depth_passes(text, limits.json_depth):
        raise bad_request(f"{what} is nested more than {limits.json_depth} deep.")
    try:
        value = _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"{what} is not valid JSON.") from error
    if "\\u" in text and not _is_encodable(value):
        raise bad_request(f"{what} has half a surrogate pair.")
    return value


def _depth_passes(text: str, depth: int) -> bool:
    """Tell whether brackets are nested too deeply; brackets in strings count only where it could matter."""
    if text.count("{") + text.count("[") <= depth:
        return False
    inside = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "{[":
            inside += 1
            deepest = max(deepest, inside)
        elif character in "}]":
            inside -= 1
    return deepest > depth


def _is_encodable(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is given twice")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if len(text) > _LONGEST_NUMBER or value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value


_decoder: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer, parse_float=_float
)
