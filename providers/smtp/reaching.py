"""Open the way to a mail server: resolve its name, look at every address, connect to the one looked at.

The check and the connection are about the same address, so that a name which changes between the two gains
nothing; and certificates are checked against the name, not the address. Never: a command of SMTP.
Source: security R32; RFC 8314 3.
"""

import asyncio
import socket
import ssl

from providers.smtp.account import SmtpAccount, SmtpSettings
from rules.errors import OperatorMustAct, Retryable, Scope
from rules.outside import allowed

_MOST_ADDRESSES = 4


async def connect(account: SmtpAccount, settings: SmtpSettings) -> socket.socket:
    """Return a connected socket to an address that may be reached.

    Raises:
        OperatorMustAct: the server stands where no workspace may make us connect to.
        Retryable: it cannot be found, or does not answer.
    """
    addresses = await _addresses(account, settings)
    permitted = [one for one in addresses if allowed(one[1][0], account.port, settings.allowed_networks)]
    if not permitted:
        raise OperatorMustAct("The mail server's address or port is not one that mail may be sent to.")
    for family, address in permitted[:_MOST_ADDRESSES]:
        opened = await _try(family, address, settings)
        if opened is not None:
            return opened
    raise Retryable("The mail server could not be reached.", concerns=Scope.PROJECT)


Address = tuple[int, tuple[str, int]]


async def _addresses(account: SmtpAccount, settings: SmtpSettings) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(settings.connect.total_seconds()):
            found = await loop.getaddrinfo(account.host, account.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise Retryable("The mail server's name could not be found.", concerns=Scope.PROJECT) from None
    return [(family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found]


async def _try(family: int, address: tuple[str, int], settings: SmtpSettings) -> socket.socket | None:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        async with asyncio.timeout(settings.connect.total_seconds()):
            await asyncio.get_running_loop().sock_connect(made, address)
    except (OSError, TimeoutError):
        made.close()
        return None
    except BaseException:
        made.close()
        raise
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def tls_context(settings: SmtpSettings) -> ssl.SSLContext:
    """Return how servers prove who they are: by a certificate for their name, TLS 1.2 or newer."""
    if settings.trusted is not None:
        return settings.trusted
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
