"""The simulator's own time, which a dial can shift, so that a week can pass in a test."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Aware UTC time plus an offset."""

    def __init__(self) -> None:
        """Start with the machine's time."""
        self.offset = timedelta()

    def now(self) -> datetime:
        """Return the simulated instant."""
        return datetime.now(UTC) + self.offset

    def now_ms(self) -> int:
        """Return the simulated instant in milliseconds of the Unix epoch."""
        return int(self.now().timestamp() * 1000)


def from_ms(instant_ms: int) -> datetime:
    """Return the aware UTC instant of epoch milliseconds."""
    return datetime.fromtimestamp(instant_ms / 1000, UTC)


def iso_ms(instant: datetime) -> str:
    """Write an instant as Google does in its error texts: `2026-11-21T10:13:55.000Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
