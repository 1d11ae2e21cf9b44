"""Waiting one's turn: in one process, across processes, and without Redis."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from providers.pace import AT_ONCE, Pace, RedisBuckets
from rules.errors import NoRoom, Retryable, Scope
from rules.pacing import Rate

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SLOW = Rate(capacity=10, per_second=0.1)
FAST = Rate(capacity=1000, per_second=1000)
LONG = timedelta(hours=1)
NOTHING = timedelta(0)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


async def took(buckets: RedisBuckets, key: str, rate: Rate, cost: float, patience: timedelta) -> timedelta:
    """Take from one bucket."""
    return (await buckets.take([(key, rate)], cost, patience))[0]


async def taken(pace: Pace, key: str, units: int, *, sending: bool = False) -> None:
    async with pace.mailbox(key).turn(units, sending=sending):
        return


@pytest.mark.rule("R61")
async def test_a_pause_concerns_whom_the_provider_said() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    until = START + timedelta(minutes=5)
    pace.mailbox("a").told(Retryable("later", until, Scope.SENDING))
    await taken(pace, "a", 1)
    with pytest.raises(Retryable) as told:
        await taken(pace, "a", 1, sending=True)
    assert (told.value.at, told.value.concerns) == (until, Scope.SENDING)
    pace.mailbox("a").told(Retryable("later", until, Scope.MAILBOX))
    with pytest.raises(Retryable):
        await taken(pace, "a", 1)
    await taken(pace, "b", 1, sending=True)
    pace.mailbox("a").told(Retryable("later", until, Scope.PROJECT))
    with pytest.raises(Retryable):
        await taken(pace, "b", 1)
    clock.at = until
    await taken(pace, "a", 1, sending=True)


async def test_a_shorter_pause_does_not_end_a_longer_one_and_none_is_none() -> None:
    pace = Pace(clock=Clock())
    longer = START + timedelta(minutes=5)
    for at in (longer, START + timedelta(minutes=1), None):
        pace.mailbox("a").told(Retryable("later", at))
    with pytest.raises(Retryable) as told:
        await taken(pace, "a", 1)
    assert told.value.at == longer


async def test_a_wait_that_is_too_long_is_told_and_costs_nothing() -> None:
    clock = Clock()
    pace = Pace(clock=clock, mailbox_rate=SLOW)
    await taken(pace, "a", 10)
    for _ in range(3):
        with pytest.raises(Retryable) as told:
            await taken(pace, "a", 10)
        assert told.value.at == START + timedelta(seconds=100)
    await taken(pace, "b", 10)
    clock.at += timedelta(seconds=100)
    await taken(pace, "a", 10)


@pytest.mark.parametrize(
    ("taken_before", "wanted", "possible", "seconds"),
    [
        (0, 1, 1, None),
        (0, 25, 25, None),
        (0, 500, 26, None),
        (600, 500, 11, None),
        (640, 500, None, 4.0),
        (980, 500, None, 38.0),
        (980, 1, 1, None),
        (1000, 1, None, 4.0),
    ],
)
async def test_room_is_told_without_taking_any(
    taken_before: int, wanted: int, possible: int | None, seconds: float | None
) -> None:
    """A mail is 40 of 1 000; half a second is waited for; fewer than ten are not worth beginning with."""
    clock = Clock()
    pace = Pace(clock=clock, mailbox_rate=Rate(capacity=1000, per_second=80 if seconds is None else 10))
    await taken(pace, "a", taken_before)
    for _ in range(2):
        if possible is not None:
            assert await pace.mailbox("a").room(40, wanted) == possible
            continue
        with pytest.raises(NoRoom) as told:
            await pace.mailbox("a").room(40, wanted)
        assert told.value.at == START + timedelta(seconds=seconds or 0)
    assert await pace.mailbox("b").room(40, 1) == 1
    if seconds is not None:
        clock.at += timedelta(seconds=seconds)
        assert await pace.mailbox("a").room(40, wanted) == min(wanted, 10)


async def test_a_bucket_that_could_never_hold_as_much_has_room_once_it_is_full() -> None:
    """A rate that is set very low makes a mailbox slow, and does not stop it."""
    clock = Clock()
    pace = Pace(clock=clock, mailbox_rate=SLOW).mailbox("a")
    assert await pace.room(40, 5) == 1
    async with pace.turn(5, sending=False):
        pass
    with pytest.raises(NoRoom) as told:
        await pace.room(40, 5)
    clock.at = told.value.at
    assert await pace.room(40, 5) == 1


async def test_room_heeds_what_other_processes_took(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as one, Redis.from_url(redis_url) as other:
        first = Pace(clock=Clock(), shared=RedisBuckets(one), mailbox_rate=SLOW)
        second = Pace(clock=Clock(), shared=RedisBuckets(other), mailbox_rate=SLOW)
        assert await second.mailbox("a").room(1, 10) == 10
        await taken(first, "a", 10)
        with pytest.raises(NoRoom):
            await second.mailbox("a").room(1, 10)
        assert await second.mailbox("b").room(1, 10) == 10


async def test_the_project_is_paced_as_well() -> None:
    pace = Pace(clock=Clock(), project_rate=SLOW)
    await taken(pace, "a", 10)
    with pytest.raises(Retryable):
        await taken(pace, "b", 10)


async def test_no_more_than_four_calls_of_a_mailbox_at_once() -> None:
    pace = Pace(clock=Clock())
    inside, most, go_on = 0, 0, asyncio.Event()

    async def call() -> None:
        nonlocal inside, most
        async with pace.mailbox("a").turn(1, sending=False):
            inside += 1
            most = max(most, inside)
            if inside == AT_ONCE:
                go_on.set()
            await go_on.wait()
            inside -= 1

    await asyncio.gather(*(call() for _ in range(20)))
    assert most == AT_ONCE


async def test_two_processes_share_their_buckets(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as one, Redis.from_url(redis_url) as other:
        first, second = RedisBuckets(one), RedisBuckets(other)
        waits = [await took(buckets, "mailbox:a", SLOW, 5, LONG) for buckets in (first, second, first)]
        assert waits[:2] == [NOTHING, NOTHING]
        assert timedelta(seconds=49) < waits[2] <= timedelta(seconds=50)
        assert await took(second, "mailbox:b", SLOW, 5, LONG) == NOTHING


async def test_what_nobody_waits_for_is_not_taken(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        buckets = RedisBuckets(client)
        await took(buckets, "a", SLOW, 10, LONG)
        refused = [await took(buckets, "a", SLOW, 10, timedelta(seconds=1)) for _ in range(3)]
        assert all(timedelta(seconds=95) < wait <= timedelta(seconds=100) for wait in refused)


async def test_of_several_buckets_all_are_taken_from_or_none(redis_url: str) -> None:
    """A project that has no room takes nothing of a mailbox's share, and the other way round."""
    async with Redis.from_url(redis_url) as client:
        buckets = RedisBuckets(client)
        wide = Rate(capacity=100, per_second=0.1)
        both = [("mailbox", SLOW), ("project", wide)]
        await took(buckets, "mailbox", SLOW, 10, LONG)
        waits = await buckets.take(both, 10, timedelta(seconds=1))
        assert timedelta(seconds=95) < waits[0] <= timedelta(seconds=100)
        assert waits[1] == NOTHING
        assert await took(buckets, "project", wide, wide.capacity, LONG) == NOTHING
        assert (await buckets.take(both, 1, LONG))[1] > NOTHING


async def test_many_at_once_take_one_after_the_other(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        buckets = RedisBuckets(client)
        waits = sorted(await asyncio.gather(*(took(buckets, "a", SLOW, 1, LONG) for _ in range(30))))
        assert waits[:10] == [NOTHING] * 10
        seconds = [round(wait.total_seconds()) for wait in waits[10:]]
        assert all(abs(found - 10 * place) <= 1 for place, found in enumerate(seconds, 1))


async def test_every_key_ends(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        await took(RedisBuckets(client), "mailbox:a", FAST, 1, LONG)
        [key] = await client.keys("*")
        assert 0 < await client.pttl(key) < 3_600_000


@pytest.mark.rule("R59")
async def test_without_redis_the_pace_is_looser_and_nothing_stops() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as nobody:
        pace = Pace(clock=Clock(), shared=RedisBuckets(nobody), mailbox_rate=SLOW)
        await taken(pace, "a", 10)
        with pytest.raises(Retryable):
            await taken(pace, "a", 10)


@pytest.mark.rule("R59")
async def test_a_redis_that_does_not_answer_costs_a_moment_once() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    async with Redis.from_url(f"redis://127.0.0.1:{port}/0") as silent:
        buckets = RedisBuckets(silent)
        began = loop.time()
        waits = [await took(buckets, "a", SLOW, 1, LONG) for _ in range(10)]
        assert waits == [NOTHING] * 10
        assert loop.time() - began < 1
    server.close()


async def test_a_request_that_counts_as_four_is_made_alone_and_everybody_gets_a_turn() -> None:
    pace = Pace(clock=lambda: datetime(2026, 11, 22, tzinfo=UTC)).mailbox("mailbox")
    under_way, most, done = 0, 0, 0

    async def made(places: int) -> None:
        nonlocal under_way, most, done
        async with pace.turn(0, sending=False, places=places):
            under_way += places
            most = max(most, under_way)
            for _ in range(3):
                await asyncio.sleep(0)
            under_way -= places
        done += 1

    await asyncio.gather(*(made(4 if number % 3 == 0 else 1) for number in range(30)))
    assert (most, done, under_way) == (4, 30, 0)
