"""An identity provider's public keys, fetched seldom and served even when it is away.

Belongs here: the cache of one JWK set. Never: verification (openid.py).

Kept as long as the answer's max-age says (between five minutes and a day); an unknown `kid` asks again, at
most once a minute, so that a stranger's forged tokens cannot make us hammer it (security, T6).
Sources: https://developers.google.com/identity/openid-connect/openid-connect#discovery,
https://learn.microsoft.com/en-us/entra/identity-platform/signing-key-rollover
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from providers.exchange import Outgoing
from providers.openid import KeySet, UnknownKey, Unverified, read_key_set
from providers.transport import Transport
from rules.errors import ProviderTrouble, Retryable

SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=1)
BETWEEN_ATTEMPTS: Final = timedelta(minutes=1)
KEY_SET_LIMIT_BYTES: Final = 256 * 1024
MAX_AGE = re.compile(r"(?:^|[,\s])max-age=(\d{1,9})")

Verified = TypeVar("Verified")


class PublicKeys:
    """The key set at one address; one per process."""

    def __init__(self, transport: Transport, url: str, clock: Callable[[], datetime]) -> None:
        self._transport = transport
        self._url = url
        self._clock = clock
        self._known: KeySet | None = None
        self._fresh_until: datetime | None = None
        self._asked_at: datetime | None = None
        self._turn = asyncio.Lock()

    async def verify(self, check: Callable[[KeySet], Verified]) -> Verified:
        """Run a pure check against the keys; where it meets an unknown key, once more against newer ones.

        Raises:
            Unverified: what the check raised.
            Retryable: no key set has ever been fetched, and none can be now.
        """
        keys = await self.current()
        try:
            return check(keys)
        except UnknownKey:
            newer = await self._asked_again(keys)
            if newer is keys:
                raise
            return check(newer)

    async def current(self) -> KeySet:
        """The keys, fetched when the last ones are no longer fresh; stale ones serve while it is away.

        Raises:
            Retryable: there are none yet and nobody answers.
        """
        if self._known is not None and self._fresh_until is not None and self._clock() < self._fresh_until:
            return self._known
        return await self._asked_again(self._known)

    async def _asked_again(self, seen: KeySet | None) -> KeySet:
        async with self._turn:
            if self._known is not None and self._known is not seen:
                return self._known
            now = self._clock()
            asked_lately = self._asked_at is not None and now - self._asked_at < BETWEEN_ATTEMPTS
            if self._known is not None and asked_lately:
                return self._known
            self._asked_at = now
            try:
                self._known = await self._fetched(now)
            except (ProviderTrouble, Unverified) as trouble:
                if self._known is None:
                    raise Retryable("The identity provider's public keys cannot be fetched.") from trouble
            return self._known

    async def _fetched(self, now: datetime) -> KeySet:
        answer = await self._transport.fetch(
            Outgoing("public keys", "GET", self._url), limit_bytes=KEY_SET_LIMIT_BYTES
        )
        if answer.status != 200:
            raise Retryable(f"The identity provider's public keys: status {answer.status}.")
        keys = read_key_set(answer.body)
        if not keys.keys:
            raise Unverified("the key set is empty")
        stated = MAX_AGE.search(answer.headers.get("cache-control", ""))
        age = timedelta(seconds=int(stated.group(1))) if stated else SHORTEST
        self._fresh_until = now + min(max(age, SHORTEST), LONGEST)
        return keys
