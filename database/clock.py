"""The clock. Nothing else in the house reads it; everything else is given `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """This instant, aware and in UTC."""
    return datetime.now(UTC)
