"""What every job is handed: built once per worker by app/wiring.py, never by a job.

`doors` makes an authorised provider for a mailbox; a job closes it when it ends. No session of the database
is open while one of its methods is awaited.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from database.blobs import Blobs
from database.pool import Database
from database.vault import Vault
from jobs.sandbox import Sandbox
from jobs.turns import Turns
from providers.address_book import AddressBook
from providers.granting import ConsentExchange
from providers.protocol import MailProvider
from providers.smtp.sender import WorkspaceSender
from providers.tokens import TokenKeeper
from providers.web import WebClient
from rules.words import Provider, WorkspaceId


class Doors(Protocol):
    """How a job reaches providers; the implementation is providers/doors.py."""

    def mailbox(self, provider: Provider, keeper: TokenKeeper) -> MailProvider:
        """Return an authorised provider for the mailbox whose tokens are kept. Raises OperatorMustAct."""

    def address_book(self, provider: Provider, keeper: TokenKeeper) -> AddressBook:
        """Return the address book of a mailbox's account. Raises OperatorMustAct."""

    def exchange(self, provider: Provider) -> ConsentExchange:
        """Return the half of a provider's consent that needs the network."""

    @property
    def workspace_sender(self) -> WorkspaceSender:
        """What carries mail to workspaces' own SMTP servers."""

    @property
    def webhooks(self) -> WebClient:
        """What carries events to webhooks' receivers."""


@dataclass(frozen=True, slots=True)
class ReturnAddresses:
    """How what comes back from outside finds its conversation, or its sending (rules/return_tokens.py)."""

    secret: bytes = field(default=b"", repr=False)
    reply_domain: str | None = None
    """The domain that our SMTP process takes mail for; None where replies go to people's own addresses."""
    public_url: str = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class JobSettings:
    """The durations that jobs live by; app/settings.py fills them."""

    poll_every: timedelta = timedelta(minutes=5)
    """How often a mailbox is read where push works; push that is late or lost costs at most this."""
    poll_every_without_push: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(seconds=60)
    """How long a claim lasts that is not renewed: what a killed worker left is taken up after this."""
    slice: timedelta = timedelta(seconds=40)
    """A pull hands over after this, checkpointed, so that no job comes near its lease."""
    set_aside_attempts: int = 5
    verify_every: timedelta = timedelta(hours=24)
    """How often a mailbox is compared with what its provider lists."""
    verify_patience: timedelta = timedelta(minutes=2)
    """How long the change feed is given to bring what a verification found listed and not here."""
    message_id_domain: str = "localhost"
    """The right-hand side of the Message-IDs that we write."""
    returns: ReturnAddresses = field(default_factory=ReturnAddresses)
    inbound_domains: frozenset[str] = frozenset()
    """Domains that Auto BCC and reply addresses live under."""
    redirect_uris: tuple[tuple[Provider, str], ...] = ()
    """Where each provider sends users back to; exactly what the consent was begun with."""


def _nothing(point: str) -> None:
    """In production, passing a point does nothing."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """Everything a job may touch."""

    db: Database
    vault: Vault
    blobs: Blobs
    doors: Doors
    sandbox: Sandbox
    settings: JobSettings
    scratch: Path
    """A private directory for messages under way; emptied at start."""
    now: Callable[[], datetime]
    dice: Callable[[], float]
    """A number in [0, 1): the jitter of a backoff."""
    passing: Callable[[str], None] = _nothing
    """Told at each point where a crash matters; the crash tests end the process there (app/failpoint.py)."""
    turns: Turns = field(default_factory=lambda: Turns(10))
    """Which mailboxes of this worker may be read now."""
    count_webhook: Callable[[str], None] = _nothing
    """Told what came of each attempt to tell a webhook something, out of a closed set."""

    async def hashed(self, workspace_id: WorkspaceId, text: str) -> bytes:
        """Return the keyed hash under which a sync decision remembers an id."""
        data_key = await self.vault.data_key(workspace_id)
        return data_key.keyed_hash("sync decision", text)
