"""A door for hostile clients: the real conversation on a loopback port, and a mailroom that keeps a list."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from database.ids import new_id
from inbound.destinations import Destination, Owner
from inbound.smtp import HandedIn, MailroomAway, SmtpDoor, SmtpLimits
from rules.words import UserId, WorkspaceId

DOMAIN = "in.bothways.test"
ANN = "0" * 31 + "1"
BOB = "0" * 31 + "2"
TO_ANN, TO_BOB = f"{ANN}@{DOMAIN}", f"{BOB}@{DOMAIN}"


@dataclass
class Listed:
    """A mailroom whose mails the test looks at; `gate` lets it take its time."""

    mails: list[tuple[HandedIn, bytes]] = field(default_factory=list)
    reply: str = "250 2.6.0 Logged"
    away: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()
        self._owners = {local: Owner(UserId(new_id()), WorkspaceId(new_id())) for local in (ANN, BOB)}

    async def destination_of(self, local_part: str) -> Destination | None:
        return self._owners.get(local_part)

    async def take(self, mail: HandedIn) -> str:
        await self.gate.wait()
        if self.away:
            raise MailroomAway
        self.mails.append((mail, mail.raw.read_bytes()))
        return self.reply

    def new_file(self) -> UUID:
        return new_id()


class Client:
    """Speaks SMTP by hand: sends any bytes, reads whole replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def reply(self) -> str:
        """Return one reply, all its lines; empty where the server hung up."""
        lines = []
        while line := await self.reader.readline():
            lines.append(line.decode("ascii").rstrip("\r\n"))
            if line[3:4] != b"-":
                break
        return "\n".join(lines)

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def say(self, line: str) -> str:
        """Send a line and return what it is answered."""
        await self.send(line.encode("latin-1") + b"\r\n")
        return await self.reply()

    async def rest(self) -> str:
        """Return all that comes until the server hangs up."""
        try:
            return (await self.reader.read()).decode("ascii")
        except ConnectionResetError:
            return ""

    async def to_data(self, to: str = TO_ANN) -> None:
        """Get as far as the content of a mail."""
        for line, code in (
            ("EHLO client.test", "250"),
            ("MAIL FROM:<ann@example-co.test>", "250"),
            (f"RCPT TO:<{to}>", "250"),
            ("DATA", "354"),
        ):
            answered = await self.say(line)
            assert answered.startswith(code), answered

    async def start_tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await self.writer.start_tls(context)

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            return


@dataclass
class SmtpWorld:
    """One door and the port it listens at."""

    door: SmtpDoor
    mailroom: Listed
    port: int

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """A client that has read nothing yet."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**20))
        try:
            yield client
        finally:
            await client.close()

    @asynccontextmanager
    async def greeted(self) -> AsyncIterator[Client]:
        """A client that was greeted."""
        async with self.client() as client:
            assert (await client.reply()).startswith("220 ")
            yield client


@asynccontextmanager
async def smtp_world(
    spool: Path, limits: SmtpLimits | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[SmtpWorld]:
    """Listen on a free port until the test is done."""
    mailroom = Listed()
    door = SmtpDoor(DOMAIN, "mx.bothways.test", mailroom, spool, tls, limits or SmtpLimits())
    server = await door.listen("127.0.0.1", 0)
    try:
        yield SmtpWorld(door, mailroom, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for conversation in tuple(door.talking):
            conversation.end("421 4.3.2 The test is over")
        mailroom.gate.set()
