"""Where mail comes in from outside: an SMTP server for everybody who has a mailbox in the simulated world.

A sender that is no provider (a mail server of a CRM's customer) hands mail in here; the post office delivers,
bounces and answers it as any other, to the envelope's sender. Belongs here: SMTP. Never: mailboxes.
Source: RFC 5321 4.1; 4.5.5 (an empty sender).
"""

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from simulator.mime import with_crlf
from simulator.world import World

LIMIT_BYTES = 40_000_000


class Handler:
    """What aiosmtpd asks while a conversation goes on."""

    def __init__(self, world: World) -> None:
        """Keep the world."""
        self.world = world

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Let a sender begin, once nobody is kept waiting."""
        await self.world.outside_may_send.wait()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Go on"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail for all its recipients."""
        content = envelope.content
        assert isinstance(content, bytes)
        sender = (envelope.mail_from or "").strip("<>")
        self.world.post.accept(sender, envelope.rcpt_tos, with_crlf(content))
        self.world.touched()
        return "250 2.0.0 Taken"


async def open_mail_door(world: World, host: str, port: int) -> asyncio.Server:
    """Listen; the server is closed by whoever asked."""
    loop = asyncio.get_running_loop()

    def conversation() -> SMTP:
        return SMTP(Handler(world), hostname="mx.simulator", data_size_limit=LIMIT_BYTES, loop=loop)

    return await loop.create_server(conversation, host, port)
