"""How many requests are worked on at once: what comes above is refused at once instead of waiting.

A queue that grows answers everybody late, and goes on doing so long after the crowd has left. So a request
either is worked on now or is told when to come back. Reading a body is not counted: somebody who sends
slowly must take nobody's place.
Source: security requirement R64.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from app.graphql.bodies import RefusedRequest
from schema.faults import Code

RETRY_AFTER_SECONDS: Final = 1
FULL: Final = f"The API has more to do than it can; try again in {RETRY_AFTER_SECONDS} s."


class Room:
    """Places for requests, in one process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place. Raises: RefusedRequest: there is none (503 with Retry-After)."""
        if self._taken >= self._most:
            headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
            raise RefusedRequest(HTTPStatus.SERVICE_UNAVAILABLE, FULL, Code.UNAVAILABLE, headers)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
