"""What is told to end ends, whatever becomes of the first telling."""

import asyncio

import pytest
from structlog.testing import capture_logs

from app.ending import end


async def _swallows(cancellations: int, begun: asyncio.Semaphore) -> None:
    """What a wait does that was over in the moment of the cancellation."""
    begun.release()
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not cancellations:
                raise
            cancellations -= 1


@pytest.mark.timeout(20)
async def test_a_task_that_swallows_cancellations_is_told_again_and_named() -> None:
    begun = asyncio.Semaphore(0)
    deaf = asyncio.create_task(_swallows(2, begun), name="deaf")
    hears = asyncio.create_task(_swallows(0, begun), name="hears")
    for _ in range(2):
        await begun.acquire()

    with capture_logs() as told:
        await end(deaf, hears, again_seconds=0.01)

    assert deaf.cancelled() and hears.cancelled()
    assert [one["tasks"] for one in told] == [["deaf"], ["deaf"]]


async def test_what_a_task_failed_with_stays_in_it() -> None:
    async def fails() -> None:
        raise ValueError("told by whoever asks")

    failed = asyncio.create_task(fails())
    await asyncio.wait([failed])
    await end(failed)

    assert isinstance(failed.exception(), ValueError)
