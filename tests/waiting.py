"""Wait for what must come true, and say what did not; a test never sleeps a guessed time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

Value = TypeVar("Value")


@overload
async def wait_until(
    predicate: Callable[[], Awaitable[Value]], *, description: str, seconds: float = 15.0
) -> Value: ...


@overload
async def wait_until(predicate: Callable[[], Value], *, description: str, seconds: float = 15.0) -> Value: ...


async def wait_until(
    predicate: Callable[[], Awaitable[Value] | Value], *, description: str, seconds: float = 15.0
) -> Value:
    """Return the predicate's first truthy value, asking again every few milliseconds.

    Raises:
        AssertionError: it stayed falsy for `seconds`; the message carries `description`.
    """
    deadline = time.monotonic() + seconds
    pause = 0.005
    while True:
        found = predicate()
        value: Value = await found if inspect.isawaitable(found) else found
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not so: {description} (last: {value!r})")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.1)
