"""One request to an address that somebody else wrote: a webhook's receiver, an image's server.

The law: the connection goes to an address that was looked at (providers/reaching.py), a redirect is an answer
and never followed here, nothing of ours goes along but what the caller gives (no cookies, no referrer, no
proxy out of the environment), and neither time nor bytes are without a bound. An answer's body is never
decompressed: none is asked for, so none can burst.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpcore

from providers.reaching import Inside, NameNotFound, Reach, places, tls_context
from rules.outside import WEB_PORTS
from rules.web_addresses import WebAddress

_KEPT: Final = timedelta(seconds=30)
"""How long a connection waits for the next request."""


class NoAnswer(Exception):
    """Nobody answered as HTTP has it; the message is a sentence that may be shown."""


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What came back. `body` is its beginning where `is_cut`."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case; of several of one name the last."""
    body: bytes
    is_cut: bool


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How far this may reach; app/wiring.py fills it."""

    secure: Reach
    plain: Reach
    """Where http without TLS may lead."""
    trusted: ssl.SSLContext | None = None
    """A private certificate authority; None trusts the system's."""
    connections: int = 100
    connect: timedelta = timedelta(seconds=5)


def webhooks_reaching(networks: tuple[str, ...] = (), trusted: ssl.SSLContext | None = None) -> WebSettings:
    """Return how webhooks are reached: over TLS, and without it in the operator's networks alone."""
    return WebSettings(Reach(WEB_PORTS, networks), Reach(frozenset(), networks), trusted)


def images_reaching(networks: tuple[str, ...] = (), trusted: ssl.SSLContext | None = None) -> WebSettings:
    """Return how images of mail are reached: as browsers would, over TLS or without."""
    return WebSettings(Reach(WEB_PORTS, networks), Reach(WEB_PORTS, networks), trusted)


class WebClient:
    """One per purpose and process; closed by whoever made it."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._pools = {"https": self._pool(settings.secure), "http": self._pool(settings.plain)}

    def _pool(self, reach: Reach) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=tls_context(self._settings.trusted, "http"),
            max_connections=self._settings.connections,
            max_keepalive_connections=self._settings.connections,
            keepalive_expiry=_KEPT.total_seconds(),
            network_backend=_LookedAt(reach, self._settings.connect),
        )

    async def send(
        self,
        method: str,
        address: WebAddress,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        limit_bytes: int,
        deadline: timedelta,
    ) -> WebAnswer:
        """Send once; return the answer, whatever its status, and at most `limit_bytes` of its body.

        Raises:
            NoAnswer: it could not be reached, may not be, or did not answer within the deadline.
        """
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                with _in_words():
                    return await self._send(method, address, headers, body, limit_bytes)
        except TimeoutError:
            seconds = int(deadline.total_seconds())
            raise NoAnswer(f"There was no answer within {seconds} seconds.") from None

    async def _send(
        self, method: str, address: WebAddress, headers: Mapping[str, str], body: bytes, limit_bytes: int
    ) -> WebAnswer:
        written = [("host", _host_header(address)), *headers.items()]
        if body:
            written.append(("content-length", str(len(body))))
        url = httpcore.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target)
        pool = self._pools[address.scheme]
        async with pool.stream(method, url, headers=written, content=body or None) as response:
            read, is_cut = bytearray(), False
            async with aclosing(_chunks(response)) as chunks:
                async for chunk in chunks:
                    read += chunk
                    if len(read) > limit_bytes:
                        is_cut = True
                        break
            answered = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            return WebAnswer(response.status, answered, bytes(read[:limit_bytes]), is_cut)

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()


async def _chunks(response: httpcore.Response) -> AsyncGenerator[bytes, None]:
    async for chunk in response.aiter_stream():
        yield chunk


def _host_header(address: WebAddress) -> str:
    return str(address).partition("://")[2].partition("/")[0]


@contextmanager
def _in_words() -> Iterator[None]:
    """Say in a sentence why there is no answer."""
    try:
        yield
    except NameNotFound:
        raise NoAnswer("The host's name could not be found.") from None
    except Inside:
        raise NoAnswer("The host's address or port is not one that may be connected to.") from None
    except httpcore.ConnectError as trouble:
        if isinstance(trouble.__cause__ or trouble.__context__, ssl.SSLError):
            raise NoAnswer("TLS cannot be used, or the certificate is not one for the host's name.") from None
        raise NoAnswer("The host could not be reached.") from None
    except httpcore.TimeoutException:
        raise NoAnswer("The host could not be reached in time.") from None
    except (httpcore.ProtocolError, httpcore.NetworkError):
        raise NoAnswer("The connection was closed, or what came back was no HTTP.") from None


class _LookedAt(httpcore.AsyncNetworkBackend):
    """Connects to looked-at addresses alone."""

    def __init__(self, reach: Reach, within: timedelta) -> None:
        self._reach = reach
        self._within = within
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await places(host, port, self._reach, self._within)
        refused: Exception | None = None
        for place in found:
            try:
                return await self._inner.connect_tcp(
                    place.address,
                    place.port,
                    timeout=self._within.total_seconds(),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as one:
                refused = one
        assert refused is not None, "there is at least one place"
        raise refused

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise Inside

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
