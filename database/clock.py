"""The clock. Nothing else in the house reads it; everything else is given `now`.

The law: a deployment has one clock, the database's. Due times and leases are compared there, so a process
whose own machine's clock is wrong, or steps, goes by what the database last said (`follow`) and by how much
time has passed since. Without that, as in the operator's commands, it is this machine's.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Never steps, and goes on while the machine sleeps where there is such a clock."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What the database's clock said, and when by our steady one."""

    at: datetime
    steady: float


_said: _Said | None = None


def now() -> datetime:
    """This instant, aware and in UTC."""
    if _said is None:
        return datetime.now(UTC)
    return _said.at + timedelta(seconds=steady() - _said.steady)


def steady() -> float:
    """Seconds since some moment, of a clock that never steps."""
    return time.clock_gettime(_STEADY)


def follow(at: datetime, between: tuple[float, float]) -> timedelta:
    """Go by the database's clock, which said `at` between two moments of `steady`.

    Returns how far this machine's own clock is ahead of it.
    """
    global _said
    _said = _Said(at, sum(between) / 2)
    return datetime.now(UTC) - now()


def follow_nobody() -> None:
    """Go by this machine's clock again."""
    global _said
    _said = None
