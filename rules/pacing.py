"""How fast a provider may be asked: token buckets as plain state, Gmail's prices, and the backoff.

Pure: a bucket is a value, `now` and dice are arguments; who stores buckets and waits is in providers/.
Source: https://developers.google.com/workspace/gmail/api/reference/quota (as of September 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

BACKOFF_FIRST: Final = timedelta(seconds=1)
BACKOFF_LIMIT: Final = timedelta(seconds=64)

GMAIL_UNITS: Final[Mapping[str, int]] = {
    "gmail.users.getProfile": 1,
    "gmail.users.watch": 100,
    "gmail.users.stop": 50,
    "gmail.users.history.list": 2,
    "gmail.users.messages.list": 5,
    "gmail.users.messages.get": 20,
    "gmail.users.messages.modify": 5,
    "gmail.users.messages.batchModify": 50,
    "gmail.users.messages.send": 100,
    "gmail.users.messages.attachments.get": 20,
    "gmail.users.threads.get": 40,
    "gmail.users.threads.list": 10,
    "gmail.users.threads.modify": 10,
    "gmail.users.drafts.create": 10,
    "gmail.users.drafts.update": 15,
    # The price changed in 2026 to a figure that is not published in what we could read; the dearer guess.
    "gmail.users.drafts.get": 20,
    "gmail.users.drafts.list": 5,
    "gmail.users.drafts.delete": 10,
    "gmail.users.drafts.send": 100,
    "gmail.users.labels.list": 1,
    "gmail.users.settings.sendAs.list": 1,
}
"""Quota units by method id, as for projects made from May 2026 on."""

UNKNOWN_METHOD_UNITS: Final = 40
"""What a method without a row is taken to cost: no less than the dearest way of reading."""


def gmail_units(method_id: str) -> int:
    """Return the quota units of a Gmail method, by its discovery id."""
    return GMAIL_UNITS.get(method_id, UNKNOWN_METHOD_UNITS)


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket's size and how fast it fills."""

    capacity: float
    per_second: float


KEPT_BACK: Final = 0.1
"""The share of a limit that is left alone: a provider's clock and its way of counting are not ours."""


def keeping_to(limit: float, seconds: float, *, burst: float) -> Rate:
    """Return the rate whose burst and refill together keep to a limit in every stretch of so many seconds."""
    return Rate(burst, (limit * (1 - KEPT_BACK) - burst) / seconds)


GMAIL_USER_RATE: Final = keeping_to(6_000, 60, burst=1_000)
"""Units a minute, user and project; the burst is a few pages."""
GMAIL_PROJECT_RATE: Final = keeping_to(1_200_000, 60, burst=100_000)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a bucket held at an instant; `blocked_until` is a pause that the provider asked for."""

    tokens: float
    at: datetime
    blocked_until: datetime | None = None


def full(rate: Rate, now: datetime) -> Bucket:
    """Return a bucket that nothing was taken from."""
    return Bucket(rate.capacity, now)


def take(bucket: Bucket, rate: Rate, cost: float, now: datetime) -> tuple[Bucket, timedelta]:
    """Return the bucket after taking `cost`, and how long to wait before making the request.

    The tokens are taken at once and may go below zero: whoever comes next waits longer, so that waiting
    requests keep their order. A clock that steps back fills nothing.
    """
    passed = max((now - bucket.at).total_seconds(), 0.0)
    tokens = min(rate.capacity, bucket.tokens + passed * rate.per_second) - cost
    wait = timedelta(seconds=max(0.0, -tokens / rate.per_second))
    if bucket.blocked_until is not None and bucket.blocked_until > now:
        wait = max(wait, bucket.blocked_until - now)
    return Bucket(tokens, max(now, bucket.at), bucket.blocked_until), wait


def room(rate: Rate, cost: float, wanted: int, wait: timedelta, patience: timedelta) -> int:
    """Return how many of `wanted` things at `cost` each can be had within `patience`.

    `wait` is what all of them would have to wait.
    """
    missing = max((wait - patience).total_seconds(), 0.0) * rate.per_second
    return max(wanted - ceil(missing / cost), 0)


def block(bucket: Bucket, until: datetime) -> Bucket:
    """Return the bucket with the provider's pause; a pause that is already longer stays."""
    later = until if bucket.blocked_until is None else max(until, bucket.blocked_until)
    return Bucket(bucket.tokens, bucket.at, later)


def backoff(attempts: int, dice: float) -> timedelta:
    """Return the pause before the next attempt: doubled each time up to a minute, plus a jitter.

    `attempts` counts those that failed before, `dice` is in [0, 1).
    Source: https://developers.google.com/workspace/gmail/api/guides/handle-errors ("exponential backoff").
    """
    doublings = min(max(attempts, 0), 10)
    return min(BACKOFF_FIRST * (1 << doublings) + timedelta(seconds=dice), BACKOFF_LIMIT)


GRAPH_MAILBOX_RATE: Final = keeping_to(10_000, 600, burst=200)
"""Requests in ten minutes, app and mailbox; a burst of a few pages.

Source: https://learn.microsoft.com/en-us/graph/throttling-limits#outlook-service-limits
"""
GRAPH_APP_RATE: Final = keeping_to(130_000, 10, burst=20_000)
"""Requests in ten seconds, app and all tenants. Source: the same page."""
GRAPH_UPLOAD_RATE: Final = keeping_to(150_000_000, 300, burst=70_000_000)
"""Bytes for one mailbox in five minutes. Source: the same page."""
GRAPH_APP_UPLOAD_RATE: Final = Rate(capacity=1e12, per_second=1e12)
"""No such limit is documented for an app."""
