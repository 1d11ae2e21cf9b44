"""What a verification compares, and what it may conclude.

Pure. A mailbox's proof of completeness: everything that the provider lists since the connection was stored,
skipped with a reason, or set aside. Skips are remembered for a time only, so nothing older can be proved,
and must not be looked at: a mail that was skipped would be decided a second time, by rules that have
changed since, and would sync retroactively.
Source: failures, complaint 1; architecture, flow 6.
"""

from datetime import datetime, timedelta
from typing import Final

DECISIONS_KEPT: Final = timedelta(days=30)
"""How long it is remembered why a mail was skipped."""
MARGIN: Final = timedelta(days=2)
"""Longer than any verification takes, so that no decision it relies on is forgotten under its hands."""


def begins_at(connected_at: datetime, now: datetime) -> datetime:
    """Return from when on a mailbox is compared."""
    return max(connected_at, now - DECISIONS_KEPT + MARGIN)
