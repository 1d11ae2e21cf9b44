"""Hears the bell: a list of what is due, and an arq worker for what is due later, for each queue.

Belongs here: both, started again whenever Redis took them away, and arq's traps (0.28 exits when Redis is
lost, may run a job twice, drops what it cannot read). None of that matters to the work: both only tell which
command to look at. arq looks into its queue 20 times a second, which is soon enough for what was put off and
would be 25 ms too late, on average, for a mail that has just come.
"""

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

import structlog
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from app.command_runner import CommandRunner
from app.ringing import JOB, deserialise, queue_name, serialise, wake_list
from rules.words import CommandId

_PAUSE_SECONDS: Final = 1.0
_LISTENS_SECONDS: Final = 5
_SILENT_SECONDS: Final = 8.0
"""What answers nothing for so long is gone, though nobody hung up: so it is with a host without power."""
_JOB_SECONDS: Final = 120

log = structlog.get_logger(__name__)


class _Impatient(ArqRedis):
    """Gives a silent Redis up. A client's own time-out is Python 3.11's wait_for, which may swallow a
    cancellation: a worker that is to stop would go on."""

    async def execute_command(self, *words: Any, **options: Any) -> Any:
        async with asyncio.timeout(_SILENT_SECONDS):
            asked = super().execute_command(*words, **options)  # type: ignore[no-untyped-call]  # untyped there
            return await asked


async def hear(url: str, queue: str, places: int, runner: CommandRunner) -> None:
    """Start what is due as it is told, as long as the queue has places. Run until cancelled."""
    free = asyncio.Semaphore(places * 2)
    while True:
        try:
            async with Redis.from_url(url, socket_connect_timeout=2) as client:
                while True:
                    await _hear_one(client, queue, free, runner)
        except (RedisError, OSError) as lost:
            log.warning("bell_lost", queue=queue, reason=type(lost).__name__)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _hear_one(client: Redis, queue: str, free: asyncio.Semaphore, runner: CommandRunner) -> None:
    """Wait for a place, then for a call; what is no command's id is passed over."""
    await free.acquire()
    task = None
    try:
        async with asyncio.timeout(_SILENT_SECONDS):
            told = await cast(
                Awaitable[list[bytes] | None], client.blpop([wake_list(queue)], timeout=_LISTENS_SECONDS)
            )
        if told is not None:
            with suppress(ValueError):
                command_id = CommandId(UUID(told[1].decode("ascii", "replace")))
                task = runner.start(command_id, queue, heard_by="bell")
    finally:
        if task is None:
            free.release()
        else:
            task.add_done_callback(lambda _: free.release())


async def listen(url: str, queue: str, places: int, runner: CommandRunner) -> None:
    """Run until cancelled."""

    async def carry_out(_: dict[Any, Any], command_id: str) -> None:
        task = runner.start(CommandId(UUID(command_id)), queue, heard_by="bell")
        if task is not None:
            await asyncio.wait([task])

    logging.getLogger("arq.worker").setLevel(logging.WARNING)
    while True:
        worker = _worker(url, queue, places, carry_out)
        try:
            await worker.async_run()
        except (RedisError, OSError) as lost:
            log.warning("bell_lost", queue=queue, reason=type(lost).__name__)
        finally:
            await _close(worker)
        await asyncio.sleep(_PAUSE_SECONDS)


def _worker(url: str, queue: str, places: int, carry_out: Any) -> Worker:
    return Worker(
        functions=[func(carry_out, name=JOB, timeout=_JOB_SECONDS, max_tries=1, keep_result=0)],
        queue_name=queue_name(queue),
        redis_pool=_Impatient(ConnectionPool.from_url(url, socket_connect_timeout=2)),
        job_serializer=serialise,
        job_deserializer=deserialise,
        handle_signals=False,
        keep_result=0,
        poll_delay=0.05,
        max_jobs=places * 2,
        health_check_interval=timedelta(seconds=10),
        health_check_key=f"{queue_name(queue)}:health",
        retry_jobs=False,
        log_results=False,
    )


async def _close(worker: Worker) -> None:
    try:
        async with asyncio.timeout(2):
            await worker.close()
    except (RedisError, OSError, asyncio.CancelledError, TimeoutError) as lost:
        log.info("bell_closed_without_a_word", reason=type(lost).__name__)
        ours = asyncio.current_task()
        if isinstance(lost, asyncio.CancelledError) and ours is not None and ours.cancelling():
            # Not arq's own, which its close brings: this process stops.
            raise
