"""Open the way to a mail server, where it stands at an address that may be reached.

Belongs here: what a mail server that may not, or cannot, be reached means to a sending. How addresses are
looked at is in providers/reaching.py. Never: a command of SMTP. Source: security R32; RFC 8314 3.
"""

import asyncio
import socket

from providers.reaching import Inside, NameNotFound, Place, Reach, places
from providers.smtp.account import SmtpAccount, SmtpSettings
from rules.errors import OperatorMustAct, Retryable, Scope
from rules.outside import MAIL_PORTS


async def connect(account: SmtpAccount, settings: SmtpSettings) -> socket.socket:
    """Return a connected socket to an address that may be reached.

    Raises:
        OperatorMustAct: the server stands where no workspace may make us connect to.
        Retryable: it cannot be found, or does not answer.
    """
    reach = Reach(MAIL_PORTS, settings.allowed_networks)
    try:
        found = await places(account.host, account.port, reach, settings.connect)
    except NameNotFound:
        raise Retryable("The mail server's name could not be found.", concerns=Scope.PROJECT) from None
    except Inside:
        raise OperatorMustAct(
            "The mail server's address or port is not one that mail may be sent to."
        ) from None
    for place in found:
        opened = await _try(place, settings)
        if opened is not None:
            return opened
    raise Retryable("The mail server could not be reached.", concerns=Scope.PROJECT)


async def _try(place: Place, settings: SmtpSettings) -> socket.socket | None:
    made = socket.socket(place.family, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        async with asyncio.timeout(settings.connect.total_seconds()):
            await asyncio.get_running_loop().sock_connect(made, (place.address, place.port))
    except (OSError, TimeoutError):
        made.close()
        return None
    except BaseException:
        made.close()
        raise
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
