"""What is told to end ends, whatever becomes of the first telling."""

import asyncio

import pytest
from structlog.testing import capture_logs

from app.ending import end


async def _swallows(cancellations: int) -> None:
    """What a wait does that was over in the moment of the cancellation."""
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if not cancellations:
                raise
            cancellations -= 1


@pytest.mark.timeout(20)
async def test_a_task_that_swallows_cancellations_is_told_again_and_named() -> None:
    deaf = asyncio.create_task(_swallows(2), name="deaf")
    hears = asyncio.create_task(_swallows(0), name="hears")
    await asyncio.sleep(0)

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
