"""Hearing the bell: what is told starts at once, within the places; nonsense and a lost Redis end nothing."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from app.bell_listener import hear, listen
from app.command_runner import CommandRunner
from app.ringing import RedisRinger, wake_list
from database.clock import now
from database.ids import new_id
from rules.words import CommandId
from tests.app.frozen_line import lines_to
from tests.waiting import wait_until


class Runner:
    """Starts nothing but a task that waits to be told to end."""

    def __init__(self) -> None:
        self.started: list[CommandId] = []
        self.ends = asyncio.Event()

    def start(self, command_id: CommandId, queue: str, *, heard_by: str) -> asyncio.Task[Any]:
        assert (queue, heard_by) == ("live", "bell")
        self.started.append(command_id)
        return asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        await self.ends.wait()


async def _until_started(runner: Runner, number: int) -> None:
    async def enough() -> bool:
        return len(runner.started) >= number

    await wait_until(enough, description=f"{number} commands started")


async def _ring(redis_url: str, *command_ids: CommandId) -> None:
    ringer = RedisRinger(redis_url)
    for command_id in command_ids:
        await ringer.command(command_id, "live", now())
    await ringer.close()


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def ended_runner() -> Runner:
    """One whose commands end at once."""
    runner = Runner()
    runner.ends.set()
    return runner


async def test_what_is_told_is_started_in_its_order_and_nonsense_is_passed_over(
    redis_url: str, ended_runner: Runner
) -> None:
    first, second = CommandId(new_id()), CommandId(new_id())
    hearing = asyncio.create_task(hear(redis_url, "live", 2, cast(CommandRunner, ended_runner)))
    async with Redis.from_url(redis_url) as client:
        await _ring(redis_url, first)
        for written in (b"\x80\x04N.", b"not an id", b""):
            await cast(Awaitable[int], client.rpush(wake_list("live"), written))
        await _ring(redis_url, second)

        await _until_started(ended_runner, 2)

    await _end(hearing)
    assert ended_runner.started == [first, second]


async def test_no_more_is_taken_than_there_are_places_so_that_other_workers_find_it(redis_url: str) -> None:
    runner = Runner()
    command_ids = [CommandId(new_id()) for _ in range(5)]
    hearing = asyncio.create_task(hear(redis_url, "live", 1, cast(CommandRunner, runner)))
    await _ring(redis_url, *command_ids)
    await _until_started(runner, 2)

    async with Redis.from_url(redis_url) as client:
        left = await cast(Awaitable[list[bytes]], client.lrange(wake_list("live"), 0, -1))
    assert left == [str(command_id).encode() for command_id in command_ids[2:]]

    runner.ends.set()
    await _until_started(runner, 5)
    await _end(hearing)
    assert runner.started == command_ids


async def test_a_bell_whose_redis_drops_the_line_is_heard_again(
    redis_url: str, ended_runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bell_listener._PAUSE_SECONDS", 0.01)
    hearing = asyncio.create_task(hear(redis_url, "live", 2, cast(CommandRunner, ended_runner)))
    await _ring(redis_url, CommandId(new_id()))
    await _until_started(ended_runner, 1)

    async with Redis.from_url(redis_url) as client:
        await client.client_kill_filter(_type="normal", skipme=True)
    await _ring(redis_url, CommandId(new_id()))

    await _until_started(ended_runner, 2)
    await _end(hearing)


@pytest.mark.filterwarnings("ignore:Call to deprecated close")  # arq's own
async def test_a_line_that_fell_silent_is_given_up_and_another_is_listened_at(
    redis_url: str, ended_runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 8: a Redis whose host is gone hangs up on nobody; what is due now, and later, is heard again."""
    monkeypatch.setattr("app.bell_listener._PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("app.bell_listener._LISTENS_SECONDS", 1)
    monkeypatch.setattr("app.bell_listener._SILENT_SECONDS", 1.5)
    ringer = RedisRinger(redis_url)

    async def is_heard(later: timedelta) -> bool:
        """Call; what the server said into the silent line is lost, and left to the sweeper."""
        called = CommandId(new_id())
        await ringer.command(called, "live", now() + later)
        with suppress(AssertionError):
            await wait_until(lambda: called in ended_runner.started, description="heard", seconds=0.3)
        return called in ended_runner.started

    async with lines_to(redis_url) as lines:
        for ear, later in ((hear, timedelta()), (listen, timedelta(milliseconds=20))):
            hearing = asyncio.create_task(ear(lines.url, "live", 2, cast(CommandRunner, ended_runner)))
            await wait_until(partial(is_heard, later), description="a call is heard")
            lines.freeze()
            assert not await is_heard(later)
            await wait_until(partial(is_heard, later), description="another line is listened at")
            await _end(hearing)
    await ringer.close()
