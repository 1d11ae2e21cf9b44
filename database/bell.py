"""Ringing for what was committed: soon, best effort, and never in the way of who committed.

The law: nobody waits for a bell longer than BELL_TIMEOUT, and no stroke is broken off for that. A stroke is
late when the machine is busy, and what was not rung for waits until the sweeper looks: broken off after a
tenth of a second, calls were lost by the dozen when they were needed most.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog

from database.commands import Ring
from rules.words import CommandId, WorkspaceId

BELL_TIMEOUT: Final = timedelta(milliseconds=100)
LATEST: Final = timedelta(seconds=5)
"""When a stroke is given up; by then the sweeper is about to look."""
MOST_LATE: Final = 1_000
"""How many strokes may be late at once: a bell that hangs must not fill the memory."""

_log = structlog.get_logger(__name__)
_late: set[asyncio.Task[None]] = set()


class Bell(Protocol):
    """Wakes whoever waits; may lose a ring, may ring twice, may fail."""

    async def events(self, workspace_id: WorkspaceId, number: int) -> None:
        """Events up to `number` are committed."""

    async def command(self, command_id: CommandId, queue: str, due_at: datetime) -> None:
        """A command waits to be carried out at `due_at`."""


async def ring(bell: Bell, workspace_id: WorkspaceId, rings: Sequence[Ring], number: int | None) -> None:
    """Ring for commands and events; a bell that fails or hangs costs at most BELL_TIMEOUT and no error."""
    strokes: list[Coroutine[Any, Any, None]] = [
        bell.command(each.command_id, each.queue, each.due_at) for each in rings
    ]
    if number is not None:
        strokes.append(bell.events(workspace_id, number))
    if not strokes:
        return
    tasks = [asyncio.create_task(_struck(stroke), name="bell") for stroke in strokes]
    _, late = await asyncio.wait(tasks, timeout=BELL_TIMEOUT.total_seconds())
    for task in late:
        if len(_late) < MOST_LATE:
            _late.add(task)
            task.add_done_callback(_late.discard)
        else:
            task.cancel()


async def _struck(stroke: Coroutine[Any, Any, None]) -> None:
    try:
        async with asyncio.timeout(LATEST.total_seconds()):
            await stroke
    except Exception as trouble:
        _log.warning("bell_not_rung", kind=type(trouble).__name__)
