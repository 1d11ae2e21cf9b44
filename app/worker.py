"""The worker process: hears the bell, sweeps, carries commands out, and tells how it is.

The law: the database alone says what is to be done. With Redis the worker hears of it at once; without, it
looks every second. Stopping it waits for jobs under way; killing it costs each of them its lease.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import SystemRandom
from typing import Any

import structlog

from app import health
from app.bell_listener import hear, listen
from app.command_runner import CommandRunner
from app.ending import end
from app.http_guards import Guards, application
from app.returning import return_addresses
from app.ringing import redis_answers
from app.serving import server, spare_the_collector, until_signal
from app.settings import Settings
from app.sweeping import Sweeper
from app.wiring import Ground, open_ground
from database import clock
from database.ids import new_id
from jobs.context import JobContext, JobSettings
from jobs.sandbox import Sandbox
from jobs.table import TABLE
from jobs.turns import Turns
from rules.happenings import Queue
from rules.words import Provider

log = structlog.get_logger(__name__)


@asynccontextmanager
async def job_context(ground: Ground) -> AsyncIterator[JobContext]:
    """Put together what jobs are handed; the scratch folder is private, and empty at the start."""
    settings = ground.settings.worker
    scratch = settings.scratch or Path(tempfile.mkdtemp(prefix="bothways-"))
    _empty(scratch)
    try:
        async with Sandbox() as sandbox:
            yield JobContext(
                db=ground.db,
                vault=ground.vault,
                blobs=ground.blobs,
                doors=ground.doors,
                sandbox=sandbox,
                settings=JobSettings(
                    message_id_domain=ground.settings.mail.message_id_domain,
                    returns=return_addresses(ground.settings),
                    inbound_domains=ground.settings.smtp.inbound_domains,
                    lease=timedelta(seconds=settings.lease_seconds),
                    poll_every=timedelta(seconds=settings.poll_seconds),
                    poll_every_without_push=timedelta(seconds=settings.poll_without_push_seconds),
                    verify_every=timedelta(seconds=settings.verify_seconds),
                    redirect_uris=(
                        (Provider.GMAIL, ground.settings.google_redirect_uri),
                        (Provider.OUTLOOK, ground.settings.microsoft_redirect_uri),
                    ),
                ),
                scratch=scratch,
                turns=Turns(max(1, settings.live_jobs // 2)),
                now=clock.now,
                dice=SystemRandom().random,
                count_webhook=lambda outcome: ground.metrics.webhooks.labels(outcome).inc(),
            )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _empty(scratch: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True, mode=0o700)


async def work(settings: Settings) -> None:
    """Run until a signal asks to stop.

    Raises:
        What app/wiring.py's open_ground raises.
    """
    async with open_ground(settings) as ground, job_context(ground) as context:
        places = {
            Queue.LIVE.value: settings.worker.live_jobs,
            Queue.BULK.value: settings.worker.bulk_jobs,
            Queue.WEBHOOKS.value: settings.worker.webhook_jobs,
        }
        runner = CommandRunner(context, TABLE, places, ground.metrics)
        redis_url = settings.redis.url.get_secret_value()
        every = timedelta(seconds=settings.worker.sweep_seconds)
        sweeper = Sweeper(context, runner, every, lambda: redis_answers(redis_url), ground.metrics)
        http = server(
            _health_app(ground, sweeper), settings.worker.host, settings.worker.port, stop_seconds=1
        )
        tasks = [
            asyncio.create_task(ear(redis_url, queue, number, runner), name=f"{ear.__name__} {queue}")
            for queue, number in places.items()
            for ear in (hear, listen)
        ]
        serving = asyncio.create_task(http.serve(), name="health")
        tasks += [asyncio.create_task(sweeper.run(), name="sweeper"), serving]
        spare_the_collector()
        signals = asyncio.create_task(until_signal(), name="signals")
        await asyncio.wait([signals, *tasks], return_when=asyncio.FIRST_COMPLETED)
        log.info("worker_stops", running=len(runner))
        await runner.stop(timedelta(seconds=settings.worker.stop_seconds))
        http.should_exit = True
        # Cancelling it would log a traceback at every stop; it ends by itself within its second.
        await asyncio.wait([serving])
        await _end([signals, *tasks])


async def _end(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel what runs, and let what failed by itself be heard."""
    failed = [task.exception() for task in tasks if task.done() and not task.cancelled()]
    await end(*tasks)
    for failure in failed:
        if failure is not None:
            raise failure


def _health_app(ground: Ground, sweeper: Sweeper) -> Guards:
    async def database() -> bool:
        return await health.database_answers(ground.db)

    async def sweeps() -> bool:
        return sweeper.is_on_time()

    async def redis() -> bool:
        return await redis_answers(ground.settings.redis.url.get_secret_value())

    checks = {"database": database, "sweeper": sweeps, "redis": redis}
    token = ground.settings.logs.metrics_token
    routes = health.routes(checks, ground.metrics, token.get_secret_value() if token else None)
    return Guards(
        application(routes), new_request_id=lambda: new_id().hex, metrics=ground.metrics, https=False
    )
