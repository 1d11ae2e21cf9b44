"""The WebSocket close codes of the GraphQL socket: when each is used, and what a client may do then.

Belongs here: codes and reasons, nothing that closes. The npm client `graphql-ws` treats 4400, 4401, 4406,
4409, 4429 and 4500 as final and comes back by itself after 1012, 4403, 4408 and 4503, so a code here is
also a decision whether a client retries.
Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md; RFC 6455 section 7.4.
"""

from dataclasses import dataclass

MAX_REASON_BYTES = 123
"""RFC 6455 section 5.5: a control frame carries at most 125 bytes, two of which are the code."""


@dataclass(frozen=True, slots=True)
class Close:
    """A close code with its reason; `reason` fits a control frame."""

    code: int
    reason: str


MESSAGE_TOO_BIG = Close(1009, "Message too big")
UNAUTHORIZED = Close(4401, "Unauthorized")
FORBIDDEN = Close(4403, "Forbidden")
SUBPROTOCOL_NOT_ACCEPTABLE = Close(4406, "Subprotocol not acceptable")
INITIALISATION_TIMEOUT = Close(4408, "Connection initialisation timeout")
TOO_MANY_INITIALISATIONS = Close(4429, "Too many initialisation requests")
TOO_MANY_OPERATIONS = Close(4429, "Too many operations")
TOO_MANY_MESSAGES = Close(4429, "Too many messages")
TOO_MANY_SOCKETS = Close(4429, "Too many sockets")
INTERNAL_ERROR = Close(4500, "Internal server error")
TOO_SLOW = Close(4503, "Too slow: reconnect with `after`")
INTERRUPTED = Close(4503, "Live events were interrupted: reconnect with `after`")


def bad_request(reason: str) -> Close:
    """Return 4400 for a message that is not one of the protocol's, saying what is wrong with it."""
    return Close(4400, reason if len(reason.encode()) <= MAX_REASON_BYTES else "Invalid message")


def subscriber_exists(operation_id: str) -> Close:
    """Return 4409 with the protocol's words; an id too long for a control frame is left out."""
    reason = f"Subscriber for {operation_id} already exists"
    return Close(4409, reason if len(reason.encode()) <= MAX_REASON_BYTES else "Subscriber already exists")
