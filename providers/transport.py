"""The one way out: every request to a provider leaves through this transport, exactly once.

Belongs here: connections, time limits, size limits, and saying honestly whether a request can have reached
the other side. Never: retries, tokens, what an answer means. `httpx` with no retries sends one request where
httplib2 sends two when a kept-alive connection dies (security, finding 2, R49).

A request is `Effect.ONCE` when repeating it could do harm (sending a mail). From the first byte written until
a complete answer is read, any failure of such a request is `OutcomeUnknown`; before it, `Retryable`.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from ssl import SSLContext
from typing import Any

import h11
import httpx

from providers.exchange import Answer, Effect, Outgoing
from rules.errors import OurBug, OutcomeUnknown, ProviderTrouble, RefusalKind, Refused, Retryable

ANSWER_LIMIT_BYTES = 16 * 1024 * 1024
PIECE_BYTES = 64 * 1024
DEADLINE = timedelta(seconds=30)
CONNECT = timedelta(seconds=10)
SILENCE = timedelta(seconds=20)


@cache
def _public_authorities() -> SSLContext:
    """httpx's own way to trust; reading them takes 20 ms."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class StreamedAnswer:
    """An answer whose body is still arriving; `chunks` may be walked once."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes] = field(repr=False)

    async def whole(self) -> Answer:
        """Read what is left, within the limit that the request was made with."""
        return Answer(self.status, self.headers, b"".join([chunk async for chunk in self.chunks]))


class Transport:
    """Sends requests over kept-alive connections; one per process, closed by whoever made it."""

    def __init__(
        self,
        *,
        connections: int = 100,
        silence: timedelta = SILENCE,
        proxy: str | None = None,
        verify: SSLContext | None = None,
    ) -> None:
        """`silence` is how long the other side may say nothing while we wait for its next byte.

        `verify` is for a private certificate authority; the environment is not read.
        """
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(silence.total_seconds(), connect=CONNECT.total_seconds()),
            limits=httpx.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30
            ),
            follow_redirects=False,
            trust_env=False,
            proxy=proxy,
            verify=verify or _public_authorities(),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def fetch(
        self, outgoing: Outgoing, *, limit_bytes: int = ANSWER_LIMIT_BYTES, deadline: timedelta = DEADLINE
    ) -> Answer:
        """Send once and return the complete answer, whatever its status.

        Raises:
            Retryable, OutcomeUnknown, Refused(TOO_LARGE), OurBug: see `_trouble`.
        """
        limit = asyncio.timeout(deadline.total_seconds())
        attempt = _Attempt(outgoing)
        try:
            async with limit, self._opened(attempt, limit_bytes, deadline) as streamed:
                return await streamed.whole()
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise attempt.lost("took too long to answer") from error

    @asynccontextmanager
    async def stream(
        self, outgoing: Outgoing, *, limit_bytes: int, deadline: timedelta
    ) -> AsyncIterator[StreamedAnswer]:
        """Send once and give the answer while its body is arriving.

        The deadline is looked at between chunks and never interrupts the caller's own work.

        Raises:
            Retryable, OutcomeUnknown, Refused(TOO_LARGE), OurBug: on entering, or out of `chunks`.
        """
        async with self._opened(_Attempt(outgoing), limit_bytes, deadline) as streamed:
            yield streamed

    @asynccontextmanager
    async def _opened(
        self, attempt: "_Attempt", limit_bytes: int, deadline: timedelta
    ) -> AsyncIterator[StreamedAnswer]:
        outgoing = attempt.outgoing
        until = asyncio.get_running_loop().time() + deadline.total_seconds()
        with attempt.translated():
            request = self._client.build_request(
                outgoing.method,
                outgoing.url,
                headers={**outgoing.headers, "accept-encoding": "gzip"},
                content=outgoing.body,
                extensions={"trace": attempt.noticed},
            )
            response = await self._client.send(request, stream=True)
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            chunks = _body(attempt, response, limit_bytes, until)
            yield StreamedAnswer(response.status_code, headers, chunks)
        finally:
            await response.aclose()


class _Attempt:
    """What became of one request: whether a byte of it was written, and what a failure therefore means."""

    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing
        self.begun = False

    async def noticed(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's trace: called at each step of the exchange.

        Source: https://www.encode.io/httpcore/extensions/#trace
        """
        if event.endswith("send_request_headers.started"):
            self.begun = True

    def lost(self, how: str) -> ProviderTrouble:
        """The trouble that a failure of the connection means for this request."""
        if self.begun and self.outgoing.effect is Effect.ONCE:
            return OutcomeUnknown(f"{self.outgoing.name}: the provider {how}; it may have taken effect.")
        return Retryable(f"{self.outgoing.name}: the provider {how}.")

    def too_large(self, limit_bytes: int) -> ProviderTrouble:
        if self.outgoing.effect is Effect.ONCE:
            return OutcomeUnknown(f"{self.outgoing.name}: the answer was too large to read.")
        text = f"{self.outgoing.name}: the answer is larger than {limit_bytes} bytes."
        return Refused(text, kind=RefusalKind.TOO_LARGE)

    def translated(self) -> "_Translated":
        return _Translated(self)


class _Translated:
    """Turns httpx's errors into ours; anything else passes, the caller's own errors above all."""

    def __init__(self, attempt: _Attempt) -> None:
        self._attempt = attempt

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        name = self._attempt.outgoing.name
        match error:
            case (
                httpx.LocalProtocolError()
                | h11.LocalProtocolError()
                | httpx.InvalidURL()
                | httpx.UnsupportedProtocol()
            ):
                raise OurBug(f"{name}: the request could not be written.") from error
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
                raise Retryable(f"{name}: the provider could not be reached.") from error
            case httpx.TimeoutException():
                raise self._attempt.lost("stopped answering") from error
            case httpx.TransportError():
                raise self._attempt.lost("closed the connection") from error


async def _body(
    attempt: _Attempt, response: httpx.Response, limit_bytes: int, until: float
) -> AsyncIterator[bytes]:
    """The decompressed body in pieces of bounded size, within the limit and the deadline."""
    inflate = _inflater(response.headers.get("content-encoding", ""))
    if inflate is None:
        raise attempt.lost("answered in an encoding that was not asked for")
    seen_bytes = 0
    raw = response.aiter_raw()
    while True:
        with attempt.translated():
            arrived = await anext(raw, None)
        if asyncio.get_running_loop().time() > until:
            raise attempt.lost("took too long to answer")
        try:
            for piece in inflate(arrived):
                seen_bytes += len(piece)
                if seen_bytes > limit_bytes:
                    raise attempt.too_large(limit_bytes)
                yield piece
        except zlib.error as error:
            raise attempt.lost("sent a damaged answer") from error
        if arrived is None:
            return


def _inflater(encoding: str) -> Callable[[bytes | None], Iterator[bytes]] | None:
    """A decompressor that never hands out more than a piece at a time; None for what we did not ask for.

    It is called with each chunk, and with None at the end.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return _plain
        case "gzip" | "x-gzip":
            return _Gunzip()
        case _:
            return None


def _plain(arrived: bytes | None) -> Iterator[bytes]:
    if arrived:
        yield arrived


class _Gunzip:
    """gzip with a bounded output: 64 KiB on the wire may stand for 64 MiB of zeros."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._empty = True

    def __call__(self, arrived: bytes | None) -> Iterator[bytes]:
        if arrived is None:
            if not self._inner.eof and not self._empty:
                raise zlib.error("the stream ended early")
            return
        self._empty = self._empty and not arrived
        waiting = arrived
        while waiting:
            piece = self._inner.decompress(waiting, PIECE_BYTES)
            waiting = self._inner.unconsumed_tail
            if piece:
                yield piece
            if self._inner.eof:
                waiting = self._inner.unused_data
                if waiting:  # RFC 1952 section 2.2: members follow one another.
                    self._inner = zlib.decompressobj(wbits=31)
