"""How fast this deployment asks a provider: per mailbox, per project, and never more than four at once.

Belongs here: waiting, and where buckets are kept. Never: prices and bucket arithmetic (rules/pacing.py).

Buckets live in this process, and in Redis where one is given, so that several workers share them. Losing
Redis only loosens the pace: the provider's own 429 then says what we no longer know; nothing is ever
blocked by it. A pause that the provider asked for is remembered: until it is over, requests of that mailbox
(or its sendings, or everything) are answered here with `Retryable(at)` and not sent (security R61).
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from rules.errors import NoRoom, Retryable, Scope
from rules.pacing import GMAIL_PROJECT_RATE, GMAIL_USER_RATE, Bucket, Rate, full, room, take

AT_ONCE: Final = 4
"""Calls of one mailbox at once. Google's limit is unpublished, about five are known to pass."""
PATIENCE: Final = timedelta(seconds=15)
"""How long a request waits for its turn here; a longer wait is given back to the caller."""
MOMENT: Final = timedelta(milliseconds=500)
"""How long a job that can go on later waits for quota with its place held."""
WORTH_COMING_FOR: Final = 10
"""How much a job that gave its place back finds room for when it comes again, where that much is left."""
MAILBOXES_REMEMBERED: Final = 20_000
LOOK_ONLY: Final = timedelta(seconds=-1)
"""A patience that nothing is taken with, since no wait is shorter."""
REDIS_PATIENCE: Final = timedelta(milliseconds=250)
REDIS_ABSENCE: Final = timedelta(seconds=5)


Kept = tuple[str, Rate]
"""A shared bucket: its key, and how it fills."""


class SharedBuckets(Protocol):
    """Buckets that several processes take from."""

    async def take(self, buckets: Sequence[Kept], cost: float, patience: timedelta) -> list[timedelta]:
        """Return how long to wait by each; where one is longer than `patience`, nothing was taken of any."""


class Pace:
    """Every mailbox's pace in this process; one per process and provider."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        shared: SharedBuckets | None = None,
        mailbox_rate: Rate = GMAIL_USER_RATE,
        project_rate: Rate = GMAIL_PROJECT_RATE,
        name: str = "gmail",
    ) -> None:
        """`name` sets the shared buckets of one provider apart from another's."""
        self.clock = clock
        self.name = name
        self.shared = shared
        self.mailbox_rate = mailbox_rate
        self.project = _Local(project_rate)
        self.project_paused_until: datetime | None = None
        self._mailboxes: OrderedDict[str, MailboxPace] = OrderedDict()

    def mailbox(self, key: str) -> "MailboxPace":
        """The pace of one mailbox; the same object for as long as it is among the last used."""
        pace = self._mailboxes.setdefault(key, MailboxPace(self, key))
        self._mailboxes.move_to_end(key)
        if len(self._mailboxes) > MAILBOXES_REMEMBERED:
            self._mailboxes.popitem(last=False)
        return pace


class MailboxPace:
    """What one mailbox may do now. `refreshing` is the turn to refresh its tokens: one at a time (R14)."""

    def __init__(self, pace: Pace, key: str) -> None:
        self.refreshing = asyncio.Lock()
        self._pace = pace
        self._key = key
        self._at_once = _Places(AT_ONCE)
        self._own = _Local(pace.mailbox_rate)
        self._paused_until: datetime | None = None
        self._sending_paused_until: datetime | None = None
        self._full_until: datetime | None = None

    @asynccontextmanager
    async def turn(self, units: int, *, sending: bool, places: int = 1) -> AsyncIterator[None]:
        """Wait for this request's turn, and hold one of the four places (or more) while it is made.

        Raises:
            Retryable: the provider's pause is not over, or the wait would be longer than a job should wait.
        """
        self._refuse_during_pause(sending)
        async with self._at_once.held(min(places, AT_ONCE)):
            # Taken with the place in hand: what waited for a place would else leave in a rush, all paid for.
            wait = await self._wait(units)
            if wait > PATIENCE:
                raise Retryable("The quota of this mailbox is used up for now.", self._pace.clock() + wait)
            if wait > timedelta(0):
                await asyncio.sleep(wait.total_seconds())
            self._refuse_during_pause(sending)
            yield

    async def room(self, cost: float, wanted: int) -> int:
        """Return how many of `wanted` things at `cost` each may be read now, without a wait to speak of.

        Nothing is taken: it is for a job that would rather come again than hold its place while it waits.

        Raises:
            NoRoom: for too few of them to begin with; until then the next to ask hears the same.
        """
        now = self._pace.clock()
        if self._full_until is not None and self._full_until > now:
            raise NoRoom(self._full_until)
        possible, rest, least = wanted, timedelta(0), min(wanted, WORTH_COMING_FOR)
        for rate, wait in await self._waits(cost * wanted):
            possible = min(possible, room(rate, cost, wanted, wait, MOMENT))
            spared = cost * wanted - min(cost * least, rate.capacity)
            rest = max(rest, wait - timedelta(seconds=spared / rate.per_second))
        if possible < least and rest > MOMENT:
            self._full_until = now + rest
            raise NoRoom(self._full_until)
        return max(possible, 1)

    def told(self, trouble: Retryable) -> None:
        """Remember a pause that the provider named."""
        if trouble.at is None:
            return
        match trouble.concerns:
            case Scope.MAILBOX:
                self._paused_until = _later(self._paused_until, trouble.at)
            case Scope.SENDING:
                self._sending_paused_until = _later(self._sending_paused_until, trouble.at)
            case Scope.PROJECT:
                self._pace.project_paused_until = _later(self._pace.project_paused_until, trouble.at)

    def _refuse_during_pause(self, sending: bool) -> None:
        now = self._pace.clock()
        pauses = [(self._pace.project_paused_until, Scope.PROJECT), (self._paused_until, Scope.MAILBOX)]
        if sending:
            pauses.append((self._sending_paused_until, Scope.SENDING))
        for until, concerns in pauses:
            if until is not None and until > now:
                raise Retryable("The provider asked for a pause that is not over.", until, concerns)

    async def _waits(self, units: float) -> list[tuple[Rate, timedelta]]:
        """The wait for `units` by each bucket; nothing is taken."""
        now, shared = self._pace.clock(), self._pace.shared
        waits = [(bucket.rate, bucket.peek(units, now)) for bucket in (self._own, self._pace.project)]
        if shared is not None:
            kept = self._shared()
            found = await shared.take(kept, units, LOOK_ONLY)
            waits += [(rate, wait) for (_, rate), wait in zip(kept, found, strict=True)]
        return waits

    def _shared(self) -> tuple[Kept, Kept]:
        name = self._pace.name
        return (
            (f"{name}:mailbox:{self._key}", self._own.rate),
            (f"{name}:project", self._pace.project.rate),
        )

    async def _wait(self, units: int) -> timedelta:
        """The longest of the waits. Nothing is taken in this process where it would be too long."""
        now = self._pace.clock()
        local = max(self._own.peek(units, now), self._pace.project.peek(units, now))
        if local > PATIENCE:
            return local
        shared = timedelta(0)
        if self._pace.shared is not None:
            shared = max(await self._pace.shared.take(self._shared(), units, PATIENCE))
            if shared > PATIENCE:
                return shared
        return max(self._own.take(units, now), self._pace.project.take(units, now), shared)


class _Places:
    """So many requests at once; one that the provider runs as several takes as many places, all or none."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def held(self, places: int) -> AsyncIterator[None]:
        """Hold places while entered."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._free >= places)
            self._free -= places
        try:
            yield
        finally:
            self._free += places
            await asyncio.shield(asyncio.ensure_future(self._told()))

    async def _told(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class _Local:
    """A bucket in this process."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._bucket: Bucket | None = None

    def peek(self, cost: float, now: datetime) -> timedelta:
        return take(self._bucket or full(self.rate, now), self.rate, cost, now)[1]

    def take(self, cost: float, now: datetime) -> timedelta:
        self._bucket, wait = take(self._bucket or full(self.rate, now), self.rate, cost, now)
        return wait


def _later(known: datetime | None, told: datetime) -> datetime:
    return told if known is None else max(known, told)


class RedisBuckets:
    """Buckets in Redis or Valkey, taken from atomically by the server's own clock.

    Source: https://redis.io/docs/latest/develop/interact/programmability/eval-intro/
    """

    _SCRIPT: Final = """
        local time = redis.call('TIME')
        local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
        local cost, patience = tonumber(ARGV[1]), tonumber(ARGV[2])
        local found, longest = {}, 0
        for place, key in ipairs(KEYS) do
            local capacity, fill = tonumber(ARGV[2 * place + 1]), tonumber(ARGV[2 * place + 2])
            local kept = redis.call('HMGET', key, 'tokens', 'at')
            local tokens, at = tonumber(kept[1]) or capacity, tonumber(kept[2]) or now
            tokens = math.min(capacity, tokens + math.max(0, now - at) * fill) - cost
            local wait = math.max(0, -tokens / fill)
            longest = math.max(longest, wait)
            found[place] = {wait, tokens, math.max(now, at), capacity / fill}
        end
        local waits = {}
        for place, key in ipairs(KEYS) do
            local wait, tokens, at, fills = unpack(found[place])
            if longest <= patience then
                redis.call('HSET', key, 'tokens', tostring(tokens), 'at', tostring(at))
                redis.call('PEXPIRE', key, math.ceil((fills + wait) * 1000) + 60000)
            end
            waits[place] = tostring(wait)
        end
        return waits
    """

    def __init__(self, redis: Redis, *, prefix: str = "bothways:pace:") -> None:
        self._script = redis.register_script(self._SCRIPT)
        self._prefix = prefix
        self._absent_until = 0.0

    async def take(self, buckets: Sequence[Kept], cost: float, patience: timedelta) -> list[timedelta]:
        """Return the waits; none where Redis does not answer at once, and for a few seconds after that."""
        time = asyncio.get_running_loop().time
        if time() < self._absent_until:
            return [timedelta(0) for _ in buckets]
        arguments = [cost, patience.total_seconds()]
        for _, rate in buckets:
            arguments += [rate.capacity, rate.per_second]
        try:
            async with asyncio.timeout(REDIS_PATIENCE.total_seconds()):
                waits = await self._script(keys=[self._prefix + key for key, _ in buckets], args=arguments)
        except (RedisError, OSError, TimeoutError):
            self._absent_until = time() + REDIS_ABSENCE.total_seconds()
            return [timedelta(0) for _ in buckets]
        return [timedelta(seconds=float(wait)) for wait in waits]
