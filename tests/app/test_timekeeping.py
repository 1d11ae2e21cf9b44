"""A process goes by the database's clock, whatever its own machine's says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.timekeeping import keeping_time
from database import clock
from database.lines import DatabaseAway
from database.pool import Database
from tests.waiting import wait_until

AWHILE = timedelta(seconds=1)
HOUR = timedelta(hours=1)


class WrongMachine(datetime):
    """A clock that is an hour ahead."""

    @classmethod
    def now(cls, tz: object = None) -> "WrongMachine":
        return super().now(UTC) + HOUR


@pytest.fixture
def _machine_is_wrong(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "datetime", WrongMachine)
    yield
    clock.follow_nobody()


@pytest.mark.usefixtures("_machine_is_wrong")
async def test_the_database_s_clock_counts_and_is_forgotten_at_the_end(db: Database) -> None:
    """Fault 20."""
    async with keeping_time(db):
        assert abs(clock.now() - await db.time()) < AWHILE
    assert clock.now() - await db.time() > HOUR - AWHILE


async def test_a_database_whose_clock_steps_or_that_is_away_is_followed_when_it_can_be(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = db.time, 0

    async def steps() -> datetime:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise DatabaseAway("It does not answer.")
        return await real() - (HOUR if asked > 2 else timedelta())

    monkeypatch.setattr(db, "time", steps)
    async with keeping_time(db, every=timedelta(milliseconds=5)):
        assert abs(datetime.now(UTC) - clock.now()) < AWHILE
        await wait_until(lambda: datetime.now(UTC) - clock.now() > HOUR - AWHILE, description="it follows")
