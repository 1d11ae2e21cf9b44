"""What is needed to send through a workspace's SMTP server, and what came of a mail that was handed over."""

from dataclasses import dataclass
from datetime import timedelta
from ssl import SSLContext

from pydantic import SecretStr

from rules.words import EmailAddress, TlsMode


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """A server and a log-in. Equal accounts share connections; `password` never shows itself."""

    host: str
    port: int
    tls: TlsMode
    username: str | None
    password: SecretStr | None
    from_address: EmailAddress
    from_name: str | None = None
    bounces_here: bool = False
    """Whether its mail may name a return path of ours."""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How mail servers are spoken to; app/wiring.py fills it."""

    allowed_networks: tuple[str, ...] = ()
    """Networks besides the open internet that a workspace's server may stand in, as CIDR."""
    trusted: SSLContext | None = None
    """A private certificate authority; None trusts the system's."""
    our_name: str = "localhost"
    """What we call ourselves in EHLO. Source: RFC 5321 4.1.1.1."""
    connect: timedelta = timedelta(seconds=5)
    """How long one address may take to answer at all."""
    answer: timedelta = timedelta(seconds=8)
    """How long a server may think about one command."""
    opening: timedelta = timedelta(seconds=9)
    handing_over: timedelta = timedelta(seconds=17)
    final_answer: timedelta = timedelta(seconds=22)
    """How long it may take until it is logged in, up to the final dot, and to answer that. Together they stay
    below the time that a job has, so that no job is ended between the dot and its answer; RFC 5321 4.5.3.2
    would give minutes. What takes longer before the dot is tried again, as nothing can have left."""
    idle: timedelta = timedelta(seconds=30)
    """How long a connection is kept for the next mail."""
    connections: int = 4
    """How many one account may hold at once in this process."""
    mails_a_connection: int = 100


@dataclass(frozen=True, slots=True)
class Handover:
    """The server took responsibility. `refused` are recipients that it did not take; it took at least one."""

    refused: tuple[EmailAddress, ...] = ()
