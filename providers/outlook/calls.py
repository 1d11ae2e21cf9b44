"""Calling Graph for one mailbox: in turn, authorised, exactly once, deciphered.

Belongs here: what every call has in common. Never: which calls make up a task (client.py).

A refused access token (401) means that nothing happened, so a read or a repeatable change is made again
with a refreshed token, once; a claims challenge is passed on when refreshing, and where the new token meets
the same challenge, only the user can meet it. A sending is not made again: its caller counts attempts, and
one attempt is one POST (R49).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from providers.exchange import Answer, Effect, Outgoing
from providers.outlook.decipher import Asked, StaleAccessToken, decipher
from providers.outlook.requests import Call
from providers.outlook.tokens import FreshTokens
from providers.outlook.wire import JsonObject
from providers.pace import MailboxPace
from providers.transport import ANSWER_LIMIT_BYTES, DEADLINE, Transport
from rules.errors import NeedsReconnect, OurBug, ReconnectReason, Retryable

STREAM_DEADLINE = timedelta(minutes=5)


class Calls:
    """The one path from a `Call` to an answer. `uploads` counts bytes, not requests."""

    def __init__(
        self,
        transport: Transport,
        tokens: FreshTokens,
        pace: MailboxPace,
        uploads: MailboxPace,
        clock: Callable[[], datetime],
    ) -> None:
        self.tokens = tokens
        self.pace = pace
        self.uploads = uploads
        self.transport = transport
        self._clock = clock

    def now(self) -> datetime:
        """The time of this process."""
        return self._clock()

    async def ask(self, call: Call, *, deadline: timedelta = DEADLINE) -> JsonObject:
        """Return the JSON of a good answer.

        Raises:
            ProviderTrouble: as decipher and the transport say; pauses are remembered on the way.
        """
        answer = await self.answer(call, deadline=deadline)
        return self.read(call, answer)

    async def answer(self, call: Call, *, deadline: timedelta = DEADLINE) -> Answer:
        """Return a good answer (2xx) as it came. Raises as `ask`."""
        token = await self.tokens.access_token()
        try:
            return await self._once(call, token, deadline)
        except StaleAccessToken as stale:
            claims = stale.claims
            token = await self.tokens.replaced(token, claims)
            if call.outgoing.effect is Effect.ONCE:
                raise Retryable("The access token had to be refreshed first.") from stale
        try:
            return await self._once(call, token, deadline)
        except StaleAccessToken as stale:
            if claims is not None and stale.claims == claims:
                reason = ReconnectReason.SESSION_POLICY
                raise NeedsReconnect(
                    "Microsoft wants another sign-in of the user.", reason, claims
                ) from stale
            raise Retryable("Microsoft refuses its own new access token.") from stale

    def read(self, call: Call, answer: Answer) -> JsonObject:
        """Decipher an answer, and remember the pause where it names one. Raises as `decipher`."""
        try:
            return decipher(call.asked, answer.status, answer.headers, answer.body, now=self._clock())
        except Retryable as trouble:
            self.pace.told(trouble)
            raise

    @asynccontextmanager
    async def stream(self, call: Call, *, limit_bytes: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give the body of a good answer while it arrives; only for reads. Raises as `ask`."""
        token = await self.tokens.access_token()
        try:
            async with self._streamed(call, token, limit_bytes) as chunks:
                yield chunks
                return
        except StaleAccessToken as stale:
            token = await self.tokens.replaced(token, stale.claims)
        async with self._streamed(call, token, limit_bytes) as chunks:
            yield chunks

    @asynccontextmanager
    async def _streamed(
        self, call: Call, token: str, limit_bytes: int
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        async with (
            self.pace.turn(call.units, sending=False),
            self.transport.stream(
                _authorised(call.outgoing, token), limit_bytes=limit_bytes, deadline=STREAM_DEADLINE
            ) as streamed,
        ):
            if streamed.status != 200:
                self.read(call, await streamed.whole())
                raise OurBug(f"{call.outgoing.name}: status {streamed.status} to a read.")
            if streamed.headers.get("content-type", "").lower().startswith("text/html"):
                raise Retryable(f"{call.outgoing.name}: a page came instead of an answer.")
            yield streamed.chunks

    async def _once(self, call: Call, token: str, deadline: timedelta) -> Answer:
        async with self.pace.turn(call.units, sending=call.asked is Asked.SEND, places=call.places):
            outgoing = _authorised(call.outgoing, token)
            answer = await self.transport.fetch(outgoing, limit_bytes=ANSWER_LIMIT_BYTES, deadline=deadline)
        if not 200 <= answer.status < 300:
            self.read(call, answer)
        return answer


def _authorised(outgoing: Outgoing, token: str) -> Outgoing:
    return replace(outgoing, headers={**outgoing.headers, "authorization": f"Bearer {token}"})
