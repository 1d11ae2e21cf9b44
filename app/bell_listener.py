"""Hears the bell: an arq worker for each queue, started again whenever Redis took it away.

Belongs here: arq and its traps (0.28 exits when Redis is lost, may run a job twice, drops what it cannot
read).
None of that matters to the work: arq only tells which command to look at.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from arq.connections import RedisSettings
from arq.worker import Worker, func
from redis.exceptions import RedisError

from app.command_runner import CommandRunner
from app.ringing import JOB, deserialise, queue_name, serialise
from rules.words import CommandId

_PAUSE_SECONDS: Final = 1.0
_JOB_SECONDS: Final = 120

log = structlog.get_logger(__name__)


def redis_settings(url: str) -> RedisSettings:
    """Read the address as arq does; a lost Redis is told at once, since the loop below comes back anyway."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries = 0
    settings.conn_timeout = 2
    return settings


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
        redis_settings=redis_settings(url),
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
