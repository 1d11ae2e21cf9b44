"""How a command is carried out: claim, run, and end it by what came of it.

The law: a command is done at least once. Its row is the truth; a job that was killed left its row leased, and
another worker takes it up when the lease ends. So every job may find its own half-done work, and must go on
from there. A job that lost its lease may still be running: each writing transaction of a job first holds its
claim (`hold`), so that a late writer writes nothing.

What a job answers, or raises, decides the row's end; who must act decides the rest (rules/errors.py). What
the deployment itself lacks (rules/shortage.py) counts against nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from database.commands import Claimed, StaleClaim
from database.lines import DatabaseAway, DatabaseBusy
from database.work import Work
from jobs.context import JobContext
from rules.errors import NoRoom, OperatorMustAct, ProviderTrouble, Retryable
from rules.happenings import Command
from rules.pacing import backoff
from rules.shortage import is_shortage

log = structlog.get_logger(__name__)

OPERATOR_PAUSE: Final = timedelta(minutes=10)
LONGEST_PAUSE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Again:
    """The job is to go on at `at`; it is not counted as a failure.

    Where it `heeds` them, what was asked during the run makes it go on at once: nothing that was asked waits
    for what the run itself waits for.
    """

    at: datetime
    heeds: bool = False


Outcome = Done | Again
Run = Callable[[JobContext, Claimed, Command], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Job:
    """One line of jobs/table.py. `attempts` failures park the command; with None nothing does."""

    run: Run
    time_out: timedelta
    attempts: int | None = None


async def hold(context: JobContext, work: Work, claimed: Claimed) -> None:
    """Let the transaction commit only while the claim is ours, and renew its lease.

    Raises at the commit:
        StaleClaim: another worker holds the command now; nothing of this transaction is written.
    """
    await work.hold(claimed, context.settings.lease)


async def carry_out(context: JobContext, table: dict[str, Job], claimed: Claimed) -> None:
    """Run a claimed command and end its row by the outcome."""
    job = table[claimed.kind]
    words = log.bind(command=claimed.kind, key=claimed.key, attempt=claimed.attempts)
    try:
        async with asyncio.timeout(job.time_out.total_seconds()):
            outcome = await job.run(context, claimed, claimed.command)
        await _end(context, claimed, outcome)
    except StaleClaim:
        words.warning("job lost its lease; another worker has it")
    except NoRoom as full:
        words.info("job gives its place back until there is quota", until=full.at.isoformat())
        await _put_off(context, claimed, full.at, None)
    except Retryable as trouble:
        at = trouble.at or context.now() + _pause(context, claimed)
        words.info("job waits", reason=str(trouble), until=at.isoformat())
        await _put_off(context, claimed, at, str(trouble))
    except OperatorMustAct as trouble:
        words.error("the operator must act", reason=str(trouble))
        await _put_off(context, claimed, context.now() + OPERATOR_PAUSE, str(trouble))
    except (ProviderTrouble, TimeoutError) as trouble:
        words.warning("job failed", reason=str(trouble) or type(trouble).__name__)
        await _fail(context, job, claimed, str(trouble) or "It took too long.")
    except Exception as bug:
        if isinstance(bug, DatabaseAway | DatabaseBusy) or is_shortage(bug):
            words.warning("job waits for the deployment", reason=str(bug) or type(bug).__name__)
            await _put_off(context, claimed, context.now() + _pause(context, claimed), None)
            return
        words.exception("job failed unexpectedly")
        await _fail(context, job, claimed, type(bug).__name__)


async def _end(context: JobContext, claimed: Claimed, outcome: Outcome) -> None:
    async with context.db.work(claimed.workspace_id) as work:
        match outcome:
            case Done():
                await work.finish(claimed)
            case Again(at, heeds):
                await work.postpone(claimed, at, None, heeds=heeds)


async def _put_off(context: JobContext, claimed: Claimed, at: datetime, error: str | None) -> None:
    try:
        async with context.db.work(claimed.workspace_id) as work:
            await work.postpone(claimed, at, error)
    except StaleClaim:
        log.warning("job lost its lease before it could be put off", key=claimed.key)


async def _fail(context: JobContext, job: Job, claimed: Claimed, error: str) -> None:
    if job.attempts is None or claimed.attempts < job.attempts:
        await _put_off(context, claimed, context.now() + _pause(context, claimed), error)
        return
    log.error("job parked", command=claimed.kind, key=claimed.key, reason=error)
    try:
        async with context.db.work(claimed.workspace_id) as work:
            await work.park(claimed, error)
    except StaleClaim:
        log.warning("job lost its lease before it could be parked", key=claimed.key)


def _pause(context: JobContext, claimed: Claimed) -> timedelta:
    return min(backoff(claimed.attempts, context.dice()), LONGEST_PAUSE)
