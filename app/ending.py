"""How a process ends its tasks: it cancels them until they are over.

A cancellation can be lost. What waits with Python 3.11's wait_for swallows one that comes in the moment its
wait is over, and libraries take one for a time-out of their own. The law: nobody waits for a task that was
cancelled only once, or a process that was told to stop goes on for ever.
"""

import asyncio
from typing import Any, Final

import structlog

AGAIN_SECONDS: Final = 5.0
"""Longer than any task of ours takes to put its things away."""

log = structlog.get_logger(__name__)


async def end(*tasks: asyncio.Task[Any], again_seconds: float = AGAIN_SECONDS) -> None:
    """Cancel tasks until all are over. What one of them failed with stays in it, for whoever asks."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_seconds)
        if left:
            log.warning("tasks_go_on", tasks=sorted(task.get_name() for task in left))
    for task in tasks:
        if not task.cancelled():
            task.exception()
