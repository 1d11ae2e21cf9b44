"""Find the way to a host that somebody else named: resolve once, look at every address, hand those out that
may be connected to.

Whoever connects, connects to one of these addresses and never to the name, so that a name which changes
between the look and the connection gains nothing; certificates are checked against the name. One mechanism
for mail servers, webhooks and images. Source: security R32; OWASP SSRF prevention.
"""

import asyncio
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final, Literal

from rules.outside import allowed

_MOST_ADDRESSES: Final = 4


class NameNotFound(Exception):
    """No address belongs to the name, or the answer took too long."""


class Inside(Exception):
    """Every address of the name, or the port, is one that may not be connected to."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where connections may lead: these ports of the open internet, and any of the operator's networks."""

    ports: frozenset[int]
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """An address that was looked at: its family, and where in it."""

    family: int
    address: str
    port: int


async def places(host: str, port: int, reach: Reach, within: timedelta) -> Collection[Place]:
    """Return at most four places that a host's name stands for and that may be connected to.

    Raises:
        NameNotFound, Inside.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within.total_seconds()):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise NameNotFound from None
    permitted = [
        Place(family, str(address[0]), port)
        for family, _, _, _, address in found
        if allowed(str(address[0]), port, reach.networks, reach.ports)
    ]
    if not permitted:
        raise Inside
    return permitted[:_MOST_ADDRESSES]


def tls_context(trusted: ssl.SSLContext | None, protocol: Literal["http", "smtp"]) -> ssl.SSLContext:
    """Return how servers prove who they are: by a certificate for their name, TLS 1.2 or newer.

    `trusted` is a private certificate authority's; None trusts the system's, as they were when this process
    first asked.
    """
    return trusted or _trusting_the_system(protocol)


@cache
def _trusting_the_system(protocol: str) -> ssl.SSLContext:
    """Reading the system's authorities takes 20 ms. HTTP writes its name (ALPN) into the context that it is
    given, and a mail server may hang up at that name: hence one for each `protocol`."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
