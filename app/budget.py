"""How much GraphQL a credential may ask for: a bucket of cost that fills by the minute (security R22).

In this process alone: a deployment of several API processes allows as many times as much, and needs no round
trip to count.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import timedelta
from typing import Final, Protocol

_REMEMBERED: Final = 20_000


class Spender(Protocol):
    """Whoever spends."""

    @property
    def credential(self) -> Hashable: ...


class Budget:
    """The buckets of all credentials; the least recently used is forgotten first, that is: full again."""

    def __init__(self, cost_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(cost_per_minute)
        self._per_second = cost_per_minute / 60
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    async def charge(self, spender: Spender, cost: int) -> timedelta | None:
        """Take the cost; where it is not there, take nothing and return when it will be."""
        now = self._clock()
        left, at = self._left.pop(spender.credential, (self._capacity, now))
        left = min(self._capacity, left + (now - at) * self._per_second)
        enough = cost <= left
        self._left[spender.credential] = (left - cost if enough else left, now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return None if enough else timedelta(seconds=(cost - left) / self._per_second)
