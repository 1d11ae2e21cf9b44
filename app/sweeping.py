"""The worker's sweep: finds in the database what is due and was not heard of, and starts it here.

Belongs here: the rhythm. While Redis answers this is the safety net, every few seconds; while it does not,
this is how everything is found, every second. What to ask for is in jobs/sweep.py.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic, perf_counter
from typing import Final

import structlog

from app.command_runner import CommandRunner
from app.metrics import Metrics
from database.lines import DatabaseAway, DatabaseBusy
from jobs.context import JobContext
from jobs.sweep import ask_for_due_mailboxes, ask_for_forgotten_sends, tidy

_BATCH: Final = 200
_WITHOUT_REDIS: Final = timedelta(seconds=1)
_TIDY_EVERY: Final = timedelta(hours=1)

log = structlog.get_logger(__name__)


class Sweeper:
    """One worker's; many may run, since commands are claimed."""

    def __init__(
        self,
        context: JobContext,
        runner: CommandRunner,
        every: timedelta,
        redis_answers: Callable[[], Awaitable[bool]],
        metrics: Metrics,
    ) -> None:
        self._context = context
        self._runner = runner
        self._every = every
        self._redis_answers = redis_answers
        self._metrics = metrics
        self._swept_at = monotonic()
        self._tidied_at = monotonic() - _TIDY_EVERY.total_seconds()

    def is_on_time(self) -> bool:
        """Whether the last round is no longer ago than three."""
        return monotonic() - self._swept_at < 3 * self._every.total_seconds() + 5

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            hears = await self._redis_answers()
            self._metrics.redis_up.set(hears)
            try:
                await self.sweep()
            except (DatabaseAway, DatabaseBusy) as trouble:
                log.warning("sweep_waits_for_the_database", reason=str(trouble))
            except Exception:
                # One round that fails for a reason nobody thought of must not be the last one.
                log.exception("sweep_failed")
            await asyncio.sleep((self._every if hears else _WITHOUT_REDIS).total_seconds())

    async def sweep(self) -> int:
        """Look once; return how many commands were started."""
        began = perf_counter()
        await ask_for_due_mailboxes(self._context)
        await ask_for_forgotten_sends(self._context)
        started = 0
        for command_id, queue, _ in await self._context.db.across.due_commands(_BATCH):
            started += self._runner.start(command_id, queue, heard_by="sweeper") is not None
        if monotonic() - self._tidied_at >= _TIDY_EVERY.total_seconds():
            self._tidied_at = monotonic()
            await self._tidy()
        self._swept_at = monotonic()
        self._metrics.swept_at.set_to_current_time()
        if started:
            log.info("swept", started=started, seconds=round(perf_counter() - began, 3))
        return started

    async def _tidy(self) -> None:
        for workspace_id in await self._context.db.across.workspaces():
            await tidy(self._context, workspace_id)
