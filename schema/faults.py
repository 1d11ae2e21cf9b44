"""Errors that a client may read: what is wrong and what it can do, never what happened inside.

A mutation's foreseen refusals are members of its own union. A `Fault` is for what no union covers: who
asks is not known, may not, asks for what is not there, or asks wrongly. Any other exception is answered
as INTERNAL, with a request id in place of its text.
"""

from enum import StrEnum
from typing import Any

from graphql import GraphQLError


class Code(StrEnum):
    """`extensions.code` of an error."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    TOO_COMPLEX = "TOO_COMPLEX"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_REQUEST = "BAD_REQUEST"
    INTERNAL = "INTERNAL"


class Fault(GraphQLError):
    """A readable error with a code. Raise it in a resolver; the message goes to the client as it is."""

    def __init__(self, message: str, code: Code, **details: Any) -> None:
        """`details` join the code in `extensions`."""
        super().__init__(message, extensions={"code": code.value, **details})
        self.code = code


class Unauthenticated(Fault):
    """Nobody is known to ask."""

    def __init__(self, message: str = "This needs a valid access token or API key.") -> None:
        super().__init__(message, Code.UNAUTHENTICATED)


class Forbidden(Fault):
    """Who asks is known and may not."""

    def __init__(self, message: str = "You are not allowed to do this.") -> None:
        super().__init__(message, Code.FORBIDDEN)


class NotFound(Fault):
    """There is no such thing, or not for who asks: the two are answered alike."""

    def __init__(self, message: str = "There is no such object.") -> None:
        super().__init__(message, Code.NOT_FOUND)


class BadUserInput(Fault):
    """An argument cannot be used; the message says which and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Code.BAD_USER_INPUT)
