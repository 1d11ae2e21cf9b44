"""The messages of graphql-transport-ws, read strictly and written as bytes.

Belongs here: text to message and message to text, pure. Never: state, sockets, GraphQL.
Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md, "Message types".
"""

from dataclasses import dataclass
from typing import Any

import orjson

SUBPROTOCOL = "graphql-transport-ws"
MAX_ID_BYTES = 256
"""The protocol names no bound; an id is repeated on every event, so it must have one."""

MAX_DEPTH = 64
"""How deeply a payload may be nested; what is read must also be writable, and hashable as a key."""

CONNECTION_ACK = b'{"type":"connection_ack"}'
PAYLOAD_END = b"}"


class InvalidMessage(Exception):
    """A client sent what the protocol does not know; the text is the reason of close code 4400."""


@dataclass(frozen=True, slots=True)
class ConnectionInit:
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    payload: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    payload: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`variables` is what the client sent, not yet coerced."""

    id: str
    query: str
    operation_name: str | None
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


ClientMessage = ConnectionInit | Ping | Pong | Subscribe | Complete


def read_message(text: str) -> ClientMessage:
    """Return the client's message.

    Raises:
        InvalidMessage: it is not JSON, not an object, of no known type, or has a member of the wrong type.
    """
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidMessage("Message is not valid JSON") from error
    if not isinstance(message, dict):
        raise InvalidMessage(f"Message is expected to be an object, but got {_kind(message)}")
    if not _is_shallow(message, MAX_DEPTH):
        raise InvalidMessage(f"Message is nested more than {MAX_DEPTH} deep")
    match message.get("type"):
        case "connection_init":
            return ConnectionInit(_optional_payload(message) or {})
        case "ping":
            return Ping(_optional_payload(message))
        case "pong":
            return Pong(_optional_payload(message))
        case "subscribe":
            return _subscribe(message)
        case "complete":
            return Complete(_id(message))
        case str(unknown):
            raise InvalidMessage(f"Message of type {unknown!r} is not one a client sends")
        case other:
            raise InvalidMessage(f"Message type is expected to be a string, but got {_kind(other)}")


def next_prefix(operation_id: str) -> bytes:
    """Return what stands before the payload of every `next` message of an operation.

    The message is `next_prefix(id) + payload + PAYLOAD_END`, so that one payload serves every socket.
    """
    return b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'


def error_message(operation_id: str, errors: list[dict[str, Any]]) -> bytes:
    """Return an `error` message; it ends the operation."""
    return b'{"id":%b,"type":"error","payload":%b}' % (orjson.dumps(operation_id), orjson.dumps(errors))


def complete_message(operation_id: str) -> bytes:
    """Return a `complete` message."""
    return b'{"id":%b,"type":"complete"}' % orjson.dumps(operation_id)


def pong_message(payload: dict[str, Any] | None) -> bytes:
    """Return the answer to a ping, with the ping's own payload where it had one."""
    if payload is None:
        return b'{"type":"pong"}'
    return b'{"type":"pong","payload":%b}' % orjson.dumps(payload)


def _subscribe(message: dict[str, Any]) -> Subscribe:
    operation_id = _id(message)
    payload = message.get("payload")
    if not isinstance(payload, dict):
        raise InvalidMessage(f"Subscribe payload is expected to be an object, but got {_kind(payload)}")
    query = payload.get("query")
    if not isinstance(query, str):
        raise InvalidMessage(f"Subscribe query is expected to be a string, but got {_kind(query)}")
    operation_name = payload.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise InvalidMessage(f"operationName is expected to be a string, but got {_kind(operation_name)}")
    for name in ("variables", "extensions"):
        value = payload.get(name)
        if value is not None and not isinstance(value, dict):
            raise InvalidMessage(f"Subscribe {name} is expected to be an object, but got {_kind(value)}")
    return Subscribe(operation_id, query, operation_name, payload.get("variables") or {})


def _id(message: dict[str, Any]) -> str:
    operation_id = message.get("id")
    if not isinstance(operation_id, str):
        raise InvalidMessage(f"Message id is expected to be a string, but got {_kind(operation_id)}")
    if not operation_id:
        raise InvalidMessage("Message id is expected to be a non-empty string")
    if len(operation_id.encode()) > MAX_ID_BYTES:
        raise InvalidMessage(f"Message id is longer than {MAX_ID_BYTES} bytes")
    return operation_id


def _optional_payload(message: dict[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise InvalidMessage(f"Message payload is expected to be an object, but got {_kind(payload)}")
    return payload


def _is_shallow(value: object, depth: int) -> bool:
    match value:
        case dict():
            return depth > 0 and all(_is_shallow(member, depth - 1) for member in value.values())
        case list():
            return depth > 0 and all(_is_shallow(member, depth - 1) for member in value)
        case _:
            return True


def _kind(value: object) -> str:
    match value:
        case None:
            return "null or nothing"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
