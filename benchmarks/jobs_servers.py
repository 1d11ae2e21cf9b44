"""The workers that benchmarks.jobs measures: ours, arq as it comes, and a floor.

Run as `python -m benchmarks.jobs_servers KIND REDIS_URL DATABASE_URL`. Each tells when a job began, by the
clock that all processes of a machine share, in a list of Redis.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.asyncio import ConnectionPool, Redis

from app.bell_listener import hear, listen
from app.command_runner import CommandRunner
from app.metrics import Metrics
from database.commands import Claimed
from database.pool import Database
from jobs.context import JobContext
from jobs.running import Done, Job, Outcome
from rules.happenings import Command

STARTED = "bench:started"
FLOOR = "bench:floor"
PLACES = 20


async def ours(redis_url: str, database_url: str) -> None:
    """The bell, the claim in PostgreSQL, the runner; a job that does nothing, and the end of its row."""
    client: Redis = Redis.from_url(redis_url)

    async def note(_: JobContext, claimed: Claimed, __: Command) -> Outcome:
        at = time.monotonic()
        await cast(Awaitable[int], client.rpush(STARTED, f"{claimed.id} {at}"))
        return Done()

    db = await Database.open(database_url)
    settings = SimpleNamespace(lease=timedelta(seconds=60))
    context = cast(JobContext, SimpleNamespace(db=db, settings=settings))
    table = {"pull_mailbox": Job(note, timedelta(seconds=10))}
    runner = CommandRunner(context, table, {"live": PLACES}, Metrics())
    await asyncio.gather(
        _sweep(db, runner), *(ear(redis_url, "live", PLACES, runner) for ear in (hear, listen))
    )


async def _sweep(db: Database, runner: CommandRunner) -> None:
    """Find what was not called for, as the worker does: a bell that takes too long is given up."""
    while True:
        await asyncio.sleep(5)
        for command_id, queue, _ in await db.across.due_commands(200):
            runner.start(command_id, queue, heard_by="sweeper")


async def _arq(redis_url: str, **more: Any) -> None:
    async def note(context: dict[Any, Any], job: str) -> None:
        at = time.monotonic()
        await context["redis"].rpush(STARTED, f"{job} {at}")

    logging.getLogger("arq.worker").setLevel(logging.WARNING)
    pool = ArqRedis(ConnectionPool.from_url(redis_url))
    worker = Worker(
        [func(cast(Any, note), name="note")],
        redis_pool=pool,
        handle_signals=False,
        **more,
    )
    await worker.async_run()


async def arq_default(redis_url: str, _: str) -> None:
    """arq as it comes: it looks into its queue every half second."""
    await _arq(redis_url)


async def arq_quick(redis_url: str, _: str) -> None:
    """arq that looks 20 times a second."""
    await _arq(redis_url, poll_delay=0.05, max_jobs=PLACES * 2)


async def floor(redis_url: str, _: str) -> None:
    """A list that is waited at, and nothing else: nothing is claimed, nothing is kept."""
    async with Redis.from_url(redis_url) as client, Redis.from_url(redis_url) as told:
        while True:
            got = await client.blpop([FLOOR], timeout=5)
            if got is not None:
                await told.rpush(STARTED, f"{got[1].decode()} {time.monotonic()}")


KINDS: dict[str, Callable[[str, str], Awaitable[None]]] = {
    "ours": ours,
    "arq-default": arq_default,
    "arq-quick": arq_quick,
    "floor": floor,
}

if __name__ == "__main__":
    asyncio.run(cast(Any, KINDS[sys.argv[1]](sys.argv[2], sys.argv[3])))
