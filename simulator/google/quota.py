"""Quota units, counted over the last minute for each user and for the project.

Source: https://developers.google.com/workspace/gmail/api/reference/quota.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from simulator.clock import Clock
from simulator.dials import Switchboard
from simulator.google import errors

MINUTE_MS = 60_000


class Window:
    """Units spent within the last minute."""

    def __init__(self) -> None:
        """Start with nothing spent."""
        self.spent: deque[tuple[int, int]] = deque()
        self.total = 0

    def forget(self, now_ms: int) -> None:
        """Drop what is older than a minute."""
        while self.spent and self.spent[0][0] <= now_ms - MINUTE_MS:
            self.total -= self.spent.popleft()[1]

    def add(self, now_ms: int, units: int) -> None:
        """Spend units."""
        self.spent.append((now_ms, units))
        self.total += units


class Meter:
    """Counts units and calls under way."""

    def __init__(self, clock: Clock, dials: Switchboard) -> None:
        """Start with nothing spent."""
        self.clock = clock
        self.dials = dials
        self.windows: dict[str, Window] = {}
        self.calls: dict[str, int] = {}

    def spend(self, user: str, project: str, units: int) -> None:
        """Count a call.

        Raises:
            GoogleError: 403 with the dialled body; a refused call costs nothing.
        """
        quota = self.dials.now.quota
        if not quota.enabled:
            return
        now_ms = self.clock.now_ms()
        limits = (
            (f"user {user} {project}", quota.per_user_per_minute, quota.error),
            (f"project {project}", quota.per_project_per_minute, "queriesPerMinutePerProject"),
        )
        for name, limit, error in limits:
            window = self.windows.setdefault(name, Window())
            window.forget(now_ms)
            if window.total + units > limit:
                wait_ms = window.spent[0][0] + MINUTE_MS - now_ms if window.spent else MINUTE_MS
                raise errors.named(error, self.clock.now(), 403, timedelta(milliseconds=wait_ms))
        for name, _limit, _error in limits:
            self.windows[name].add(now_ms, units)

    @contextmanager
    def under_way(self, user: str | None) -> Iterator[errors.GoogleError | None]:
        """Count a call while it lasts; yield the 429 that it gets above the dialled number, else None."""
        most = self.dials.now.quota.concurrent_per_user
        if user is None or most is None:
            yield None
            return
        others = self.calls.get(user, 0)
        self.calls[user] = others + 1
        try:
            wait = timedelta(seconds=1)
            yield errors.named("concurrent", self.clock.now(), 429, wait) if others >= most else None
        finally:
            self.calls[user] -= 1
