"""Carries commands out in this process, however it heard of them: from the bell, or from the sweeper.

The law: a command is claimed in the database before anything else happens, so hearing of it twice, or from
two workers, costs one statement. Work of a queue never takes the places of another queue's, and mailboxes
that catch up leave places to all others (jobs/turns.py).
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from time import perf_counter

import structlog

from app.ending import end
from app.metrics import Metrics
from database.lines import DatabaseAway, DatabaseBusy
from jobs.context import JobContext
from jobs.running import Job, carry_out
from rules.words import CommandId

log = structlog.get_logger(__name__)


class CommandRunner:
    """The places of one worker process, by queue."""

    def __init__(
        self, context: JobContext, table: dict[str, Job], places: Mapping[str, int], metrics: Metrics
    ) -> None:
        self._context = context
        self._table = table
        self._places = {queue: asyncio.Semaphore(number) for queue, number in places.items()}
        self._metrics = metrics
        self._running: dict[CommandId, asyncio.Task[None]] = {}
        self._heard_meanwhile: dict[CommandId, str] = {}
        self._stopping = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, command_id: CommandId, queue: str, *, heard_by: str) -> asyncio.Task[None] | None:
        """Carry a command out as soon as its queue has a place.

        None where whoever heard of it need not keep anything for it: it runs here already, or it is its
        mailbox's turn only later.

        What is heard of a command while it runs may be that it is due again: the run's own commit says so,
        just before the run has ended. So it is looked at once more afterwards.
        """
        if self._stopping or queue not in self._places:
            return None
        if command_id in self._running:
            self._heard_meanwhile[command_id] = heard_by
            return None

        def ended(_: asyncio.Task[None]) -> None:
            del self._running[command_id]
            heard = self._heard_meanwhile.pop(command_id, None)
            if heard is not None:
                self.start(command_id, queue, heard_by=heard)

        task = asyncio.create_task(self._run(command_id, queue, heard_by), name=f"command {command_id}")
        self._running[command_id] = task
        task.add_done_callback(ended)
        return None if self._context.turns.has_to_wait(command_id) else task

    async def stop(self, patience: timedelta) -> None:
        """Take no more; wait for what runs, then cancel it: its lease ends, and another worker goes on."""
        self._stopping = True
        tasks = list(self._running.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=patience.total_seconds())
        await end(*late)

    async def _run(self, command_id: CommandId, queue: str, heard_by: str) -> None:
        async with self._context.turns.in_line(command_id), self._places[queue]:
            if self._stopping:
                return
            try:
                claimed = await self._context.db.claim(command_id, self._context.settings.lease)
                if claimed is None:
                    return
                self._metrics.wake_ups.labels(heard_by).inc()
                began = perf_counter()
                await carry_out(self._context, self._table, claimed)
                self._metrics.jobs.labels(claimed.kind).observe(perf_counter() - began)
            except (DatabaseAway, DatabaseBusy) as trouble:
                log.warning("command_waits_for_the_database", command_id=str(command_id), reason=str(trouble))
