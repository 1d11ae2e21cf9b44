"""The bell over Redis: what it writes there, what it refuses, and that its loss is only a delay."""

from datetime import timedelta

import orjson
import pytest
from redis.asyncio import Redis

from app import ringing
from app.embedded import EmbeddedValkey
from app.ringing import (
    RedisRinger,
    UnsafeRedis,
    deserialise,
    queue_name,
    redis_answers,
    refuse_unsafe_redis,
    wake_list,
)
from database.clock import now
from database.ids import new_id
from rules.words import CommandId, WorkspaceId
from tests.services import scratch_folder


async def test_a_command_is_rung_as_json_with_its_id_alone(redis_url: str) -> None:
    command_id = CommandId(new_id())
    ringer = RedisRinger(redis_url)
    await ringer.command(command_id, "live", now() + timedelta(minutes=1))
    await ringer.close()

    async with Redis.from_url(redis_url) as client:
        [name] = await client.zrange(queue_name("live"), 0, -1)
        job = await client.get(f"arq:job:{name.decode()}")

    assert job is not None
    assert orjson.loads(job)["a"] == [str(command_id)]
    assert orjson.loads(job)["k"] == {}


async def test_what_is_due_wakes_by_its_id_alone(redis_url: str) -> None:
    command_ids = [CommandId(new_id()) for _ in range(3)]
    ringer = RedisRinger(redis_url)
    for command_id in command_ids:
        await ringer.command(command_id, "live", now())
    await ringer.close()

    async with Redis.from_url(redis_url) as client:
        waiting = await client.lrange(wake_list("live"), 0, -1)

    assert waiting == [str(command_id).encode() for command_id in command_ids]


async def test_wake_up_calls_that_nobody_hears_do_not_fill_redis(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ringing, "_MOST_WAITING", 2)
    first, *later = (CommandId(new_id()) for _ in range(5))
    ringer = RedisRinger(redis_url)
    for command_id in (first, *later):
        await ringer.command(command_id, "bulk", now())
    await ringer.close()

    async with Redis.from_url(redis_url) as client:
        waiting = await client.lrange(wake_list("bulk"), 0, -1)

    assert waiting == [str(first).encode(), str(later[0]).encode()]


async def test_what_is_due_much_later_is_left_to_the_sweeper(redis_url: str) -> None:
    ringer = RedisRinger(redis_url)
    await ringer.command(CommandId(new_id()), "live", now() + timedelta(hours=3))
    await ringer.close()

    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0


async def test_no_key_is_left_for_ever(redis_url: str) -> None:
    ringer = RedisRinger(redis_url)
    await ringer.command(CommandId(new_id()), "bulk", now())
    await ringer.command(CommandId(new_id()), "bulk", now() + timedelta(minutes=1))
    await ringer.events(WorkspaceId(new_id()), 7)
    await ringer.close()

    async with Redis.from_url(redis_url) as client:
        lasting = [key async for key in client.scan_iter("*") if await client.ttl(key) < 0]

    assert lasting == [queue_name("bulk").encode()]  # the queue itself; its jobs end with it


@pytest.mark.rule("R60")
@pytest.mark.parametrize("written", [b"\x80\x04N.", b"[]", b"7", b"not json"])
def test_a_job_that_is_not_a_json_object_is_never_read(written: bytes) -> None:
    with pytest.raises(ValueError):
        deserialise(written)


@pytest.mark.rule("R60")
@pytest.mark.parametrize("url", ["redis://cache.internal:6379", "rediss://10.0.0.7/2", "redis://:@cache"])
async def test_a_redis_over_a_network_without_a_password_is_refused(url: str) -> None:
    with pytest.raises(UnsafeRedis, match="without a password"):
        await refuse_unsafe_redis(url)


@pytest.mark.rule("R60")
async def test_a_redis_that_evicts_is_refused() -> None:
    server = EmbeddedValkey(scratch_folder() / "valkey", durable=False)
    url = server.start()
    try:
        async with Redis.from_url(url) as client:
            await client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(UnsafeRedis, match="allkeys-lru"):
            await refuse_unsafe_redis(url)
    finally:
        server.forget()


@pytest.mark.rule("R59")
async def test_a_redis_that_is_away_refuses_nothing() -> None:
    assert await refuse_unsafe_redis("redis://127.0.0.1:1") is False
    assert await redis_answers("redis://127.0.0.1:1") is False
