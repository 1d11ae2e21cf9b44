"""One conversation with a mail server: greeted, secured, logged in, then mail after mail.

aiosmtplib greets, secures and logs in. The mails themselves go over the connection it opened by what stands
here, because what a failure means depends on whether the final dot was written, because commands are
pipelined where the server offers it, and because an attachment is never whole in memory.

The law: the final dot is written last and alone. Until then nothing can have been taken, whatever happens
(R49); from then on only the server's reply proves anything (R50).
Source: RFC 5321 3.3, 4.1.1.4, 4.5.2; RFC 2920 (PIPELINING); RFC 1870 (SIZE).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, cast

import aiosmtplib

from providers.reaching import tls_context
from providers.smtp.account import Handover, SmtpAccount, SmtpSettings
from providers.smtp.reaching import connect
from rules.errors import OperatorMustAct, ProviderTrouble, RefusalKind, Refused, Retryable, Scope
from rules.mime_out import ComposedMessage
from rules.smtp_replies import SmtpStep, lost, trouble_of
from rules.words import EmailAddress, TlsMode

LINE_LIMIT = 4096
REPLY_LINES_LIMIT = 100
Passing = Callable[[str], None]
_GONE: Final = (
    aiosmtplib.SMTPServerDisconnected,
    aiosmtplib.SMTPTimeoutError,
    aiosmtplib.SMTPConnectError,
)
_CERTIFICATE: Final = "The mail server's TLS cannot be used, or its certificate is not one for its name."
_NO_LOGIN: Final = "The mail server offers no way of logging in that we know."


async def open_session(account: SmtpAccount, settings: SmtpSettings) -> "SmtpSession":
    """Connect, secure and log in.

    Raises:
        OperatorMustAct: the server refuses the log-in, has no TLS, or stands where it may not.
        Retryable: it cannot be reached, or asks for patience.
    """
    try:
        async with asyncio.timeout(settings.opening.total_seconds()):
            return await _opened(account, settings)
    except TimeoutError:
        raise lost(SmtpStep.GREET, "took too long") from None


async def _opened(account: SmtpAccount, settings: SmtpSettings) -> "SmtpSession":
    made = await connect(account, settings)
    client = aiosmtplib.SMTP(
        hostname=account.host,
        port=None,
        sock=made,
        local_hostname=settings.our_name,
        use_tls=account.tls is TlsMode.IMPLICIT,
        start_tls=False,
        tls_context=tls_context(settings.trusted, "smtp"),
        timeout=settings.answer.total_seconds(),
    )
    try:
        with _translated(SmtpStep.GREET):
            await client.connect()
            await client.ehlo()
        if account.tls is TlsMode.STARTTLS:
            await _secure(client, account)
        if account.username is not None and account.password is not None:
            with _translated(SmtpStep.LOGIN):
                await client.login(account.username, account.password.get_secret_value())
        return await _taken_over(client, settings)
    except BaseException:
        client.close()
        made.close()
        raise


async def _secure(client: aiosmtplib.SMTP, account: SmtpAccount) -> None:
    """Go on over TLS, or not at all: what a server does not offer is never done without."""
    if not client.supports_extension("starttls"):
        raise OperatorMustAct("The mail server offers no STARTTLS; nothing was sent in the clear.")
    with _translated(SmtpStep.TLS):
        await client.starttls(server_hostname=account.host)
        await client.ehlo()


async def _taken_over(client: aiosmtplib.SMTP, settings: SmtpSettings) -> "SmtpSession":
    """Go on with streams of our own over the connection that was opened."""
    transport = client.transport
    if transport is None or transport.is_closing():
        raise lost(SmtpStep.LOGIN, "closed the connection")
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_LIMIT, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    # uvloop's transports are no subclasses of asyncio's.
    writer = asyncio.StreamWriter(cast(asyncio.Transport, transport), protocol, reader, loop)
    size = client.esmtp_extensions.get("size", "")
    return SmtpSession(
        reader,
        writer,
        settings,
        pipelines=client.supports_extension("pipelining"),
        size_limit_bytes=int(size) if size.isdigit() and int(size) > 0 else None,
        declares_size=client.supports_extension("size"),
    )


class SmtpSession:
    """A logged-in connection. After anything but a clean end of a mail it is broken, and is closed."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        settings: SmtpSettings,
        *,
        pipelines: bool,
        size_limit_bytes: int | None,
        declares_size: bool,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._settings = settings
        self._pipelines = pipelines
        self._size_limit_bytes = size_limit_bytes
        self._declares_size = declares_size
        self.mails = 0
        self.usable = True
        self.answered = False
        """The server has said something about the mail under way."""

    @property
    def open(self) -> bool:
        """Whether it may carry another mail, as far as can be told without asking."""
        return self.usable and not self._reader.at_eof() and not self._writer.is_closing()

    async def deliver(
        self,
        sender: EmailAddress,
        recipients: Sequence[EmailAddress],
        message: ComposedMessage,
        passing: Passing,
    ) -> Handover:
        """Hand one mail over. `passing` is told of the points where a crash matters.

        Raises:
            Refused, Retryable, OperatorMustAct: the server took nothing.
            OutcomeUnknown: it may have taken the mail.
        """
        if self._size_limit_bytes is not None and message.size_bytes > self._size_limit_bytes:
            raise Refused("The mail is larger than the mail server takes.", RefusalKind.TOO_LARGE)
        usable, self.usable, self.answered = self.usable, False, False
        try:
            async with asyncio.timeout(self._settings.handing_over.total_seconds()):
                refused = await self._envelope(sender, recipients, message)
                await self._content(message)
        except TimeoutError:
            raise lost(SmtpStep.CONTENT, "took too long") from None
        passing("smtp.before-final-dot")
        await self._write(SmtpStep.FINAL_DOT, b".\r\n", drain=False)
        passing("smtp.final-dot")
        code = await self._reply(SmtpStep.FINAL_DOT, self._settings.final_answer)
        if not 200 <= code < 300:
            # The server said what became of it, and waits for the next command.
            self.usable = usable and 400 <= code < 600 and code != 421
            raise trouble_of(SmtpStep.FINAL_DOT, code)
        self.usable = usable
        self.mails += 1
        return Handover(refused)

    async def _envelope(
        self, sender: EmailAddress, recipients: Sequence[EmailAddress], message: ComposedMessage
    ) -> tuple[EmailAddress, ...]:
        """Say from whom and to whom, up to the server's 354; who of them it does not take."""
        size = f" SIZE={message.size_bytes}" if self._declares_size else ""
        commands = [f"MAIL FROM:<{sender}>{size}", *(f"RCPT TO:<{one}>" for one in recipients), "DATA"]
        if not all(command.isascii() for command in commands):
            raise Refused("An address holds letters beyond ASCII.", RefusalKind.BAD_RECIPIENT)
        written = [command.encode("ascii") + b"\r\n" for command in commands]
        if self._pipelines:
            await self._write(SmtpStep.SENDER, b"".join(written))
        codes: list[int] = []
        for place, line in enumerate(written):
            step = _step(place, len(written))
            if not self._pipelines:
                if place == len(written) - 1 and not any(200 <= code < 300 for code in codes[1:]):
                    break
                await self._write(step, line)
            codes.append(await self._reply(step, self._settings.answer))
            if place == 0 and not 200 <= codes[0] < 300 and not self._pipelines:
                raise trouble_of(step, codes[0])
        return self._agreed(codes, recipients)

    def _agreed(self, codes: list[int], recipients: Sequence[EmailAddress]) -> tuple[EmailAddress, ...]:
        """Judge the replies to the envelope; a 354 that must not be used ends the connection."""
        if not 200 <= codes[0] < 300:
            raise trouble_of(SmtpStep.SENDER, codes[0])
        answers = codes[1 : 1 + len(recipients)]
        taken = [200 <= code < 300 for code in answers]
        later = next((code for code in answers if 400 <= code < 500), None)
        if later is not None:
            # Some now and some later would be two mails; all of them wait.
            raise trouble_of(SmtpStep.RECIPIENT, later)
        if not any(taken):
            raise trouble_of(SmtpStep.RECIPIENT, answers[0])
        if codes[-1] != 354:
            raise trouble_of(SmtpStep.CONTENT, codes[-1])
        return tuple(one for one, fine in zip(recipients, taken, strict=True) if not fine)

    async def _content(self, message: ComposedMessage) -> None:
        last = b"\r\n"
        async for piece in _stuffed(message.chunks()):
            await self._write(SmtpStep.CONTENT, piece)
            last = (last + piece[-2:])[-2:]
        if last != b"\r\n":
            await self._write(SmtpStep.CONTENT, b"\r\n")
        if self._reader.at_eof():
            raise lost(SmtpStep.CONTENT, "closed the connection")

    async def _write(self, step: SmtpStep, data: bytes, *, drain: bool = True) -> None:
        try:
            self._writer.write(data)
            if drain:
                async with asyncio.timeout(self._settings.answer.total_seconds()):
                    await self._writer.drain()
        except TimeoutError:
            raise lost(step, "stopped reading") from None
        except OSError:
            raise lost(step, "closed the connection") from None

    async def _reply(self, step: SmtpStep, patience: timedelta) -> int:
        """Return the code of the next reply, however many lines it has."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                for _ in range(REPLY_LINES_LIMIT):
                    line = await self._reader.readuntil(b"\n")
                    if line[3:4] != b"-":
                        code = int(line[:3])
                        self.answered = self.answered or code != 421
                        return code
        except TimeoutError:
            raise lost(step, "did not answer") from None
        except (asyncio.IncompleteReadError, OSError):
            raise lost(step, "closed the connection") from None
        except (asyncio.LimitOverrunError, ValueError):
            raise lost(step, "answered in no way that a mail server does") from None
        raise lost(step, "did not end its answer")

    async def close(self) -> None:
        """End the conversation; politely where nothing is under way."""
        if self.open:
            self._writer.write(b"QUIT\r\n")
        self._writer.close()
        try:
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()


def _step(place: int, commands: int) -> SmtpStep:
    if place == 0:
        return SmtpStep.SENDER
    return SmtpStep.CONTENT if place == commands - 1 else SmtpStep.RECIPIENT


async def _stuffed(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Double the dot that begins a line, wherever a piece is cut. Source: RFC 5321 4.5.2."""
    before = b"\r\n"
    async for piece in pieces:
        if not piece:
            continue
        joined = (before + piece).replace(b"\r\n.", b"\r\n..")
        yield joined[len(before) :]
        before = (before + piece)[-2:]


@contextmanager
def _translated(step: SmtpStep) -> Iterator[None]:
    """Turn aiosmtplib's errors into ours. Raises: ProviderTrouble."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as answered:
        raise _of(step, answered.code) from None
    except _GONE as gone:
        if isinstance(gone.__cause__, ssl.SSLError):
            raise OperatorMustAct(_CERTIFICATE) from None
        raise lost(step, "could not be spoken with") from None
    except aiosmtplib.SMTPException:
        sentence = _NO_LOGIN if step is SmtpStep.LOGIN else _CERTIFICATE
        raise OperatorMustAct(sentence) from None
    except ssl.SSLError:
        raise OperatorMustAct(_CERTIFICATE) from None
    except OSError:
        raise Retryable(f"The mail server was lost at {step.value}.", concerns=Scope.PROJECT) from None


def _of(step: SmtpStep, code: int) -> ProviderTrouble:
    if code < 0:
        return lost(step, "answered in no way that a mail server does")
    return trouble_of(step, code)
