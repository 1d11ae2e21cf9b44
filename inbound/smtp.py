"""The SMTP conversation: who may say what, how often, how long and how much, before anything is believed.

Belongs here: limits, replies, where a mail begins and ends. Never: what a mail means (inbound/mailroom.py).
aiosmtpd leaves all of this to whoever uses it. The law: CR and LF only together, one way to end a mail, no
login, no relaying, nothing kept from before STARTTLS, a bound on every count, and 250 after a mail only when
the mailroom has it for good. Over a bound the conversation ends with the reason; it is never answered
later, by mail.
Source: RFC 5321 4.2, 4.5.3, 7; RFC 3207 4.2; R33 to R36.
"""

import asyncio
import logging
import re
import ssl
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from inbound.destinations import Destination
from inbound.sender_checks import Client
from inbound.smtp_data import Dots, Wire
from rules.addresses import InvalidAddress, domain_of, normalise
from rules.words import EmailAddress

log = structlog.get_logger(__name__)

# aiosmtpd writes every command down, and with it addresses that are secrets.
logging.getLogger("mail.log").disabled = True

_PATH: Final = re.compile(r"<(?:@[^<>:]{1,200}:)?([^<>]{0,320})>[ \t]*(.*)", re.DOTALL)
"""Source: RFC 5321 4.1.2; the source route is accepted and ignored, as its appendix C asks."""
_UNPRINTABLE: Final = re.compile(r"[^ -~]")
_PIECE_BYTES: Final = 4 * 1024 * 1024
_HANDING_OVER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SmtpLimits:
    """The bounds of R34."""

    recipients: int = 10
    connections: int = 100
    connections_per_ip: int = 5
    errors: int = 10
    idle_commands: int = 50
    """NOOP and RSET of one conversation."""
    mails: int = 100
    message_bytes: int = 26 * 1024 * 1024
    message_lines: int = 1_000_000
    idle: timedelta = timedelta(seconds=60)
    whole: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One mail, whole, as it came; `raw` is a file with CRLF lines that goes when the answer is given."""

    destination: Destination
    address: EmailAddress
    client: Client
    raw: Path


class MailroomAway(Exception):
    """Nothing can be looked up or stored now; the sender is to try again."""


class Mailroom(Protocol):
    """What takes mail in, once the conversation has it."""

    async def destination_of(self, local_part: str) -> Destination | None:
        """Return what an address that begins so stands for. Raises: MailroomAway."""

    async def take(self, mail: HandedIn) -> str:
        """Return the reply to a mail; 250 says that it is stored. Raises: MailroomAway."""

    def new_file(self) -> UUID:
        """Return a name for a mail's file."""


@dataclass(slots=True)
class SmtpDoor:
    """What all conversations of a process share."""

    domain: str
    """What stands behind the @ of every address that mail is taken for."""
    hostname: str
    mailroom: Mailroom
    spool: Path
    tls: ssl.SSLContext | None = None
    limits: SmtpLimits = field(default_factory=SmtpLimits)
    talking: "set[Conversation]" = field(default_factory=set)
    per_ip: Counter[str] = field(default_factory=Counter)

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Serve on a running loop; asyncio's own, whose TLS aiosmtpd builds on."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: Conversation(self), host, port, backlog=128)

    async def stop(self, patience: timedelta) -> None:
        """End every conversation; a mail that is being stored is waited for. Who got no 250 sends again."""
        for conversation in tuple(self.talking):
            if not conversation.storing:
                conversation.end("421 4.3.2 The server stops")
        tasks = {one.task for one in self.talking if one.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=patience.total_seconds())
        for conversation in tuple(self.talking):
            conversation.end("421 4.3.2 The server stops")


class _Mail(Envelope):
    """The mail that is being talked about."""

    def __init__(self) -> None:
        super().__init__()
        self.destination: Destination | None = None
        self.address: EmailAddress | None = None


class _Hooks:
    """What aiosmtpd asks while a conversation goes on."""

    def __init__(self, door: SmtpDoor) -> None:
        self._door = door

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        server: "Conversation",
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        offered = [line for line in responses if not line.startswith("250-AUTH") and line != "250 HELP"]
        return [*offered, "250 ENHANCEDSTATUSCODES"]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: "Conversation", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address != "<>":
            try:
                address = normalise(address)
            except InvalidAddress:
                return "501 5.1.7 This is no address"
        envelope.mail_from = address
        server.counted_bytes = 0
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: "Conversation", session: Session, envelope: _Mail, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= self._door.limits.recipients:
            return "452 4.5.3 Too many recipients"
        try:
            clean = normalise(address)
        except InvalidAddress:
            return "501 5.1.3 This is no address"
        if domain_of(clean) != self._door.domain:
            return "550 5.7.1 Mail is not relayed here"
        try:
            destination = await self._door.mailroom.destination_of(clean.rpartition("@")[0])
        except MailroomAway:
            return "451 4.3.0 Try again later"
        if destination is None:
            return "550 5.1.1 There is no such address"
        if envelope.destination not in (None, destination):
            # Each one's mail is judged alone, and DATA has one answer. Source: RFC 5321 4.5.3.1.10.
            return "452 4.5.3 One recipient at a time"
        envelope.destination, envelope.address = destination, envelope.address or clean
        envelope.rcpt_tos.append(clean)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        log.error("smtp_failed", error=type(error).__name__, exc_info=error)
        return "451 4.3.0 Something went wrong; try again later"


class Conversation(SMTP):
    """One client's conversation."""

    def __init__(self, door: SmtpDoor) -> None:
        limits = door.limits
        super().__init__(
            _Hooks(door),
            data_size_limit=limits.message_bytes,
            hostname=door.hostname,
            ident="ESMTP",
            tls_context=door.tls,
            timeout=limits.idle.total_seconds(),
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            command_call_limit={
                "NOOP": limits.idle_commands,
                "RSET": limits.idle_commands,
                "MAIL": limits.mails,
                "DATA": limits.mails,
                "RCPT": limits.mails * limits.recipients,
                "*": 20,
            },
            loop=asyncio.get_running_loop(),
        )
        self.counted_bytes = 0
        self.storing = False
        self._door = door
        self._wire = Wire()
        self._errors = 0
        self._ip = ""
        self._turned_away = False
        self._ending = False
        self._whole: asyncio.TimerHandle | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """What carries the conversation on."""
        return self._handler_coroutine

    def _create_envelope(self) -> _Mail:
        return _Mail()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let a client in, or turn it away; after STARTTLS, begin anew."""
        assert isinstance(transport, asyncio.Transport)
        self._wire = Wire()
        if self in self._door.talking:
            super().connection_made(transport)
            return
        self._ip = str((transport.get_extra_info("peername") or ("unknown",))[0])
        full = len(self._door.talking) >= self._door.limits.connections
        if full or self._door.per_ip[self._ip] >= self._door.limits.connections_per_ip:
            self._turned_away = True
            transport.write(b"421 4.7.0 Too many connections\r\n")
            transport.close()
            return
        self._door.talking.add(self)
        self._door.per_ip[self._ip] += 1
        self._whole = self.loop.call_later(
            self._door.limits.whole.total_seconds(), self.end, "421 4.4.2 The conversation took too long"
        )
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Make room for the next."""
        if self._turned_away:
            return
        self._door.talking.discard(self)
        self._door.per_ip[self._ip] -= 1
        if not self._door.per_ip[self._ip]:
            del self._door.per_ip[self._ip]
        if self._whole is not None:
            self._whole.cancel()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Read on, unless these bytes are what no honest client sends, or too many."""
        if self._turned_away or self._ending:
            return
        if not self._wire.accepts(data):
            self.end("500 5.5.2 CR and LF come together only, and NUL never")
            return
        self.counted_bytes += len(data)
        # A mail has dots and commands around it; what is far over is not waited for.
        if self.counted_bytes > self._door.limits.message_bytes * 1.02 + 65_536:
            self.end("552 5.3.4 The message is too large")
            return
        super().data_received(data)

    def eof_received(self) -> bool | None:
        """Let go of a client that has nothing more to say."""
        return False if self._turned_away or self._ending else super().eof_received()

    def end(self, reply: str) -> None:
        """Say why, and hang up."""
        if self._ending or self.transport is None:
            return
        self._ending = True
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(reply.encode("ascii") + b"\r\n")
        self.transport.close()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _timeout_cb(self) -> None:
        self.end("421 4.4.2 Nothing was said for too long")

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Read an address and what follows it: aiosmtpd asks the interpreter's parser, which crashes."""
        path = _PATH.fullmatch(arg.strip())
        return (path[1] or "<>", path[2]) if path else (None, None)

    async def push(self, status: str | bytes) -> None:
        """Answer; after too many refusals, hang up instead."""
        said = status if isinstance(status, str) else status.decode("ascii", errors="replace")
        if said == "500 Error: strict ASCII mode":
            said = "501 5.6.7 Only ASCII is understood here"
        elif said.startswith("500 Error: command"):
            said = "500 5.5.1 Command not recognized"
        said = _UNPRINTABLE.sub("?", said)
        self._errors += said[:1] in ("4", "5")
        if self._errors > self._door.limits.errors:
            self.end("421 4.7.0 Too many errors")
            return
        await super().push(said)

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Tell nobody who is here."""
        await self.push("502 5.5.1 Not offered")

    async def smtp_HELP(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Offer no help."""
        await self.push("502 5.5.1 Not offered")

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Let nobody log in: there is nothing to log in for."""
        await self.push("502 5.5.1 Not offered")

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Take one mail in, piece by piece, into a file, and hand it over."""
        if await self.check_helo_needed():
            return
        mail = self.envelope
        assert isinstance(mail, _Mail)
        if arg:
            await self.push("501 5.5.4 DATA takes nothing")
            return
        if mail.destination is None or mail.address is None or self.session is None:
            await self.push("503 5.5.1 Say who it is for first")
            return
        sender = "" if mail.mail_from in (None, "<>") else str(mail.mail_from)
        client = Client(self._ip, str(self.session.host_name or ""), sender)
        await self.push("354 End with a line that is one dot")
        raw = self._door.spool / f"{self._door.mailroom.new_file().hex}.eml"
        try:
            if not await self._spooled(raw):
                return
            self._reset_timeout(_HANDING_OVER.total_seconds())
            self.storing = True
            reply = await self._door.mailroom.take(HandedIn(mail.destination, mail.address, client, raw))
        except (MailroomAway, OSError) as trouble:
            log.warning("smtp_put_off", error=type(trouble).__name__)
            reply = "451 4.3.0 It could not be stored; try again later"
        finally:
            self.storing = False
            raw.unlink(missing_ok=True)
        self.envelope = self._create_envelope()
        self._reset_timeout()
        await self.push(reply)

    async def _spooled(self, raw: Path) -> bool:
        """Take the content in. A disk that fails ends the conversation: what of the mail is still to come
        must not be read as commands (R33)."""
        try:
            return await self._spool(raw)
        except OSError as trouble:
            log.warning("smtp_put_off", error=type(trouble).__name__)
            self.end("421 4.3.0 It could not be stored; try again later")
            return False

    async def _spool(self, raw: Path) -> bool:
        """Write the content into a file; False where the conversation ended before the mail did."""
        dots, size_bytes, lines = Dots(), 0, 0
        with raw.open("xb") as file:
            while not dots.ended:
                piece = await self._reader.read(_PIECE_BYTES)
                if not piece:
                    return False
                content = dots.feed(piece)
                if dots.rest:
                    # Before anything is awaited: what came behind the mail is the next command.
                    self._reader.feed_data(dots.rest)
                size_bytes += len(content)
                lines += content.count(b"\n")
                limits = self._door.limits
                if size_bytes > limits.message_bytes or lines > limits.message_lines:
                    self.end("552 5.3.4 The message is too large")
                    return False
                await asyncio.to_thread(file.write, content)
                self._reset_timeout()
        return True


def server_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return what STARTTLS is served with: TLS 1.2 and newer. Raises: OSError, ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
