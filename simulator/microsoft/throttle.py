"""Outlook's limits for one application and one mailbox: at once, and within a window.

Source: https://learn.microsoft.com/en-us/graph/throttling-limits (4 at once, 10 000 in 10 minutes,
150 MB in 5).
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from simulator.clock import Clock
from simulator.dials import Switchboard
from simulator.microsoft import errors

REQUESTS_MS, UPLOADS_MS = 600_000, 300_000


class Window:
    """What was spent within the last minutes."""

    def __init__(self, length_ms: int) -> None:
        """Start with nothing spent."""
        self.length_ms, self.total = length_ms, 0
        self.spent: deque[tuple[int, int]] = deque()

    def spend(self, now_ms: int, amount: int) -> None:
        """Add to it, and forget what is too old."""
        self.spent.append((now_ms, amount))
        self.total += amount
        while self.spent and self.spent[0][0] <= now_ms - self.length_ms:
            self.total -= self.spent.popleft()[1]


class Throttle:
    """Counts by `client mailbox`; a throttled request counts too, as Graph's do."""

    def __init__(self, clock: Clock, dials: Switchboard) -> None:
        """Start with nothing counted."""
        self.clock, self.dials = clock, dials
        self.requests: dict[str, Window] = {}
        self.uploads: dict[str, Window] = {}
        self.calls: dict[str, int] = {}

    def spend(self, key: str, upload_bytes: int) -> None:
        """Count a request.

        Raises:
            GraphError: 429 TooManyRequests.
        """
        dials, now_ms = self.dials.now.microsoft, self.clock.now_ms()
        requests = self.requests.setdefault(key, Window(REQUESTS_MS))
        uploads = self.uploads.setdefault(key, Window(UPLOADS_MS))
        requests.spend(now_ms, 1)
        uploads.spend(now_ms, upload_bytes)
        over = (requests, dials.requests_per_10_minutes), (uploads, dials.upload_bytes_per_5_minutes)
        for window, limit in over:
            if window.total > limit:
                frees_ms = window.spent[0][0] + window.length_ms - now_ms
                told = dials.retry_after_seconds
                raise errors.throttled(None if told is None else min(told, ceil(frees_ms / 1000)))

    @contextmanager
    def under_way(self, key: str) -> Iterator[errors.GraphError | None]:
        """Count a request while it lasts; yield its 429 above the dialled number, else None.

        A request without a token (an empty key) is not counted.
        """
        if not key:
            yield None
            return
        dials = self.dials.now.microsoft
        others = self.calls.get(key, 0)
        too_many = dials.concurrent_per_mailbox is not None and others >= dials.concurrent_per_mailbox
        self.calls[key] = others + 1
        try:
            yield errors.over_concurrency(dials.retry_after_seconds) if too_many else None
        finally:
            self.calls[key] -= 1
