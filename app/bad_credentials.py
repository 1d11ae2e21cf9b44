"""Counts credentials that did not hold, so that whoever tries many of them is told to wait.

Belongs here: the count, per network address and per key prefix, in Redis so that all processes share it, and
in this process where Redis is away. A credential that holds is never refused for what others tried: only a
bad one is answered with 429 instead of 401. Source: security requirement R5.
"""

import ipaddress
import time
from collections import OrderedDict
from datetime import timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

ALLOWED = 10
WINDOW = timedelta(seconds=60)
_REMEMBERED = 20_000

_log = structlog.get_logger(__name__)


class BadCredentials:
    """The counts of the last minute; at most 20 000 sources are remembered in a process."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._redis: Redis | None = None
        if redis_url is not None:
            self._redis = Redis.from_url(redis_url, socket_timeout=0.2, socket_connect_timeout=0.2)
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def count(self, remote_address: str, prefix: str | None) -> timedelta | None:
        """Count one bad credential; how long its sender must wait if there were too many, else None."""
        sources = [f"address:{_network(remote_address)}"]
        if prefix is not None:
            sources.append(f"prefix:{prefix}")
        waits = [await self._count(source) for source in sources]
        return max((wait for wait in waits if wait is not None), default=None)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _count(self, source: str) -> timedelta | None:
        here = self._count_here(source)
        there = await self._count_in_redis(source)
        count, left = max(here, there or here, key=lambda found: found[0])
        return timedelta(seconds=max(1.0, left)) if count > ALLOWED else None

    def _count_here(self, source: str) -> tuple[int, float]:
        now = time.monotonic()
        count, ends = self._counts.pop(source, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + WINDOW.total_seconds()
        self._counts[source] = (count + 1, ends)
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return count + 1, ends - now

    async def _count_in_redis(self, source: str) -> tuple[int, float] | None:
        if self._redis is None:
            return None
        key = f"bothways:bad:{source}"
        try:
            async with self._redis.pipeline(transaction=True) as line:
                line.set(key, 0, nx=True, ex=int(WINDOW.total_seconds()))
                line.incr(key)
                line.ttl(key)
                _, count, left = await line.execute()
        except (RedisError, OSError) as trouble:
            _log.info("bad_credentials_counted_here_only", trouble=type(trouble).__name__)
            return None
        return int(count), float(left)


def _network(remote_address: str) -> str:
    """The address, or for IPv6 the /64 that one customer has."""
    try:
        address = ipaddress.ip_address(remote_address)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)
