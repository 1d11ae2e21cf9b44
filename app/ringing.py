"""The bell over Redis: how a commit wakes the sockets and the workers, and what is asked of a Redis.

Belongs here: publishing that a workspace has events, and telling workers a command's id: by a list where it
is due, which wakes a worker within a millisecond; by arq where it is due later. The law: Redis holds wake-up
calls and nothing else, so every failure here is only a delay until the sweeper looks. What is written are
ids: whoever can write Redis can then wake a worker, and no more.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import redis.asyncio as redis
from arq.connections import ArqRedis
from redis.exceptions import RedisError

from app.live.bell import channel_of
from database import clock
from rules.words import CommandId, WorkspaceId

JOB: Final = "carry_out"
"""The one arq function: its argument is the id of a command."""

_NOT_LATER_THAN: Final = timedelta(minutes=10)
"""What is due later than this is left to the sweeper, so that Redis does not fill with the far future."""
_MOST_WAITING: Final = 10_000
"""How many wake-up calls wait in a list; the sweeper finds what was not called for."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class UnsafeRedis(Exception):
    """This Redis would lose wake-up calls or let strangers in; the message says what to change."""


def queue_name(queue: str) -> str:
    """Return arq's name for a queue: live work never waits behind bulk work."""
    return f"bothways:queue:{queue}"


def wake_list(queue: str) -> str:
    """Return the name of the list of commands of a queue that are due now."""
    return f"bothways:wake:{queue}"


def serialise(job: dict[str, Any]) -> bytes:
    """Write an arq job, or its outcome, as JSON."""
    return orjson.dumps(job, default=str)


def deserialise(data: bytes) -> dict[str, Any]:
    """Read an arq job; never a pickle. Raises: ValueError: it is no JSON object."""
    read = orjson.loads(data)
    if not isinstance(read, dict):
        raise ValueError("an arq job must be a JSON object")
    return read


class RedisRinger:
    """Rings for `Database`; every method may fail, and the caller does not care."""

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(
            url, socket_connect_timeout=1, socket_timeout=2, max_connections=32
        )
        self._redis = ArqRedis(pool, job_serializer=serialise, job_deserializer=deserialise)

    async def events(self, workspace_id: WorkspaceId, number: int) -> None:
        """Tell the API processes that events up to `number` are committed."""
        await self._redis.publish(channel_of(workspace_id), orjson.dumps({"n": number}))

    async def command(self, command_id: CommandId, queue: str, due_at: datetime) -> None:
        """Wake a worker at `due_at`. Each ring is a job of its own: arq would swallow a repeated id."""
        now = clock.now()
        if due_at <= now:
            await self._wake(command_id, queue)
        elif due_at - now < _NOT_LATER_THAN:
            await self._redis.enqueue_job(
                JOB,
                str(command_id),
                _queue_name=queue_name(queue),
                _defer_until=due_at,
                _expires=_NOT_LATER_THAN * 2,
            )

    async def _wake(self, command_id: CommandId, queue: str) -> None:
        """Wake a worker that waits at the list, or the next one that has a place."""
        name = wake_list(queue)
        async with self._redis.pipeline(transaction=False) as line:
            line.rpush(name, str(command_id))
            line.ltrim(name, 0, _MOST_WAITING - 1)
            line.expire(name, _NOT_LATER_THAN * 2)
            await line.execute()

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose(close_connection_pool=True)


async def redis_answers(url: str) -> bool:
    """Whether Redis answers within a second."""
    try:
        async with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(await client.ping())
    except (RedisError, OSError):
        return False


async def refuse_unsafe_redis(url: str) -> bool:
    """Check the address and, where Redis answers, its settings; return whether it answers.

    Raises:
        UnsafeRedis: it evicts keys, or is reached over a network without a password.
    Source: security requirement R60.
    """
    parts = urlsplit(url)
    if parts.scheme in {"redis", "rediss"} and parts.hostname not in _LOOPBACK and not parts.password:
        raise UnsafeRedis(
            f"REDIS_URL names {parts.hostname} without a password. Whoever reaches that port could wake and "
            "flood the workers: set requirepass there, and redis://:PASSWORD@HOST here."
        )
    try:
        async with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            memory = await client.info("memory")
    except (RedisError, OSError):
        return False
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise UnsafeRedis(
            f"Redis is set to maxmemory-policy {policy}, so that it drops wake-up calls when it is full. "
            "Run there: CONFIG SET maxmemory-policy noeviction, and write the same into its configuration."
        )
    return True
