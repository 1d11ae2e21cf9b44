"""Keeps a process's clock with the database's: at its start, and twice a minute.

Belongs here: the rhythm, and telling the operator of a clock that is wrong. What follows from it is in
database/clock.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from app.ending import end
from database import clock
from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(seconds=30)
_UNCLEAR: Final = 1.0
"""Seconds; an answer that took longer says too little about when it was given."""
_WRONG: Final = timedelta(seconds=2)


@asynccontextmanager
async def keeping_time(db: Database, every: timedelta = EVERY) -> AsyncIterator[None]:
    """Go by the database's clock while entered. Raises: DatabaseAway, DatabaseBusy."""
    await _ask(db)
    keeping = asyncio.create_task(_keep(db, every), name="clock")
    try:
        yield
    finally:
        await end(keeping)
        clock.follow_nobody()


async def _keep(db: Database, every: timedelta) -> None:
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            await _ask(db)
        except (DatabaseAway, DatabaseBusy) as trouble:
            log.info("clock_not_asked", reason=str(trouble))


async def _ask(db: Database) -> None:
    before = clock.steady()
    at = await db.time()
    after = clock.steady()
    if after - before > _UNCLEAR:
        return
    ahead = clock.follow(at, (before, after))
    if abs(ahead) > _WRONG:
        log.warning(
            "clock_is_wrong", ahead_seconds=round(ahead.total_seconds(), 1), effect="the database's counts"
        )
