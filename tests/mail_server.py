"""A real SMTP server (aiosmtpd) within the test's reach: it keeps what it took, and misbehaves when told."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USERNAME, PASSWORD = "hello@okafor.example", "correct horse"


@dataclass(frozen=True)
class Taken:
    """A mail that the server said 250 to."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def head(self) -> str:
        return self.content.partition(b"\r\n\r\n")[0].decode("ascii")


def _abort(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


@dataclass
class MailServer:
    """`answers` are said instead of 250 at a step, one a mail; `drops` are steps at which it hangs up."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    drops: set[str] = field(default_factory=set)
    silences: set[str] = field(default_factory=set)
    """Steps at which it says nothing more."""
    drops_after_taking: bool = False
    silent_after_taking: bool = False
    connections: int = 0
    logins: int = 0
    pipelining: bool = True
    commands: list[str] = field(default_factory=list)
    bursts: list[int] = field(default_factory=list)
    """How many commands of an envelope had arrived when the first of them was looked at."""
    live: list[SMTP] = field(default_factory=list)

    def _odd(self, server: SMTP, step: str) -> str | None:
        self.commands.append(step)
        if step in self.drops:
            _abort(server)
            return "421 gone"
        waiting = self.answers.get(step)
        return waiting.pop(0) if waiting else None

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self._odd(server, "EHLO")
        if self.pipelining:
            responses.insert(1, "250-PIPELINING")
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        # What a client pipelines arrives in one piece, and lies here before the first of it is answered.
        self.bursts.append(bytes(server._reader._buffer).count(b"\r\n"))  # type: ignore[attr-defined]  # no other way to see it
        odd = self._odd(server, "MAIL")
        if odd is not None:
            return odd
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.silences:
            await asyncio.Event().wait()
        odd = self._odd(server, f"RCPT {address}") or self._odd(server, "RCPT")
        if odd is not None:
            return odd
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        odd = self._odd(server, "DATA")
        if odd is not None:
            return odd
        content = envelope.content
        assert isinstance(content, bytes) and envelope.mail_from is not None
        self.taken.append(Taken(envelope.mail_from, tuple(envelope.rcpt_tos), content))
        if self.drops_after_taking:
            _abort(server)
        if self.silent_after_taking:
            await asyncio.Event().wait()
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        fine = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USERNAME.encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=fine, handled=False)

    def hang_up(self) -> None:
        """End every connection, as a server does that restarts."""
        for server in self.live:
            _abort(server)


@dataclass(frozen=True)
class Certificates:
    """A server's certificate for `localhost`, and what trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def make_certificates(folder: Path, name: str = "localhost") -> Certificates:
    """Make a key and a certificate of its own for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate_file, key_file)
    return Certificates(server, ssl.create_default_context(cafile=str(certificate_file)))


@asynccontextmanager
async def running_mail_server(
    *,
    implicit: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    login: bool = False,
    size_limit_bytes: int = 10_000_000,
) -> AsyncIterator[MailServer]:
    """Serve on a free port of this machine until left."""
    told = MailServer()

    def make() -> SMTP:
        told.connections += 1
        with warnings.catch_warnings():
            # A password without TLS is what some tests are about.
            warnings.simplefilter("ignore", UserWarning)
            return serving(told)

    def serving(told: MailServer) -> SMTP:
        server = SMTP(
            told,
            hostname="mail.test",
            data_size_limit=size_limit_bytes,
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=login,
            auth_require_tls=False,
            authenticator=_authenticator(told),
            loop=asyncio.get_running_loop(),
        )
        told.live.append(server)
        return server

    listening = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, ssl=implicit)
    told.port = listening.sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        listening.close()
        told.hang_up()
        await listening.wait_closed()


def _authenticator(told: MailServer) -> Callable[[SMTP, Session, Envelope, str, Any], AuthResult]:
    return told.authenticate
