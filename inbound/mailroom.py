"""The mailroom: whose an address is, what a mail's header says, and which desk takes it.

Belongs here: what every mail is asked, whomever it is for. Never: SMTP's own bounds (inbound/smtp.py), what a
desk makes of it. The law: 250 is said when a mail is committed and not before (B7), 5yz when it never will be
(B6), 451 when it is not known.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import anyio

from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from inbound.destinations import Destination, Owner, UnsubscribeAddress, find_destination
from inbound.dns_answers import Dns
from inbound.sender_checks import Client, SenderPolicy, check_sender
from inbound.smtp import HandedIn, MailroomAway
from inbound.unsubscribing import unsubscribe
from rules.addresses import domain_of
from rules.authentication import Belief
from rules.auto_bcc import only_sender
from rules.automatic import automatic
from rules.envelope import Correspondent
from rules.header_block import fields_of, header_bytes
from rules.parsed import Automatic
from rules.return_tokens import Unsubscribing
from rules.words import EmailAddress

AT_ONCE: Final = 4
"""Mails that are checked and stored at the same time; each may take a hundred megabytes for a moment."""
HOPS_LIMIT: Final = 50
"""Received fields of a mail that goes in circles. Source: RFC 5321 6.3."""

ASK_LATER: Final = "451 4.4.3 DNS does not say who sent this; try again later"
LOGGED: Final = "250 2.6.0 Logged"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail with what its header says: its one author, where there is one, and whether a server reports."""

    destination: Destination
    address: EmailAddress
    client: Client
    raw: Path
    received_at: datetime
    sender: Correspondent | None
    report: bool


class Desk(Protocol):
    """What takes mail of one kind: `belief` says whether the author is who From names."""

    async def turned_away(self, letter: Letter, belief: Belief | None) -> str | None:
        """Return why a mail is refused before it is read; `belief` None: it names no one author."""

    async def take(self, letter: Letter, belief: Belief) -> str:
        """Return the reply to a mail. Raises: one of the mailroom's troubles."""


@dataclass(slots=True)
class SharedMailroom:
    """Takes mail in for everybody of every workspace."""

    db: Database
    secret: bytes
    dns: Dns
    policy: SenderPolicy
    auto_bcc: Desk
    replies: Desk
    now: Callable[[], datetime]
    new_file: Callable[[], UUID]
    troubles: tuple[type[Exception], ...] = (DatabaseAway, DatabaseBusy)
    """What is raised when it is not known whether the mail is stored."""
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def destination_of(self, local_part: str) -> Destination | None:
        """Return what an address stands for. Raises: MailroomAway."""
        try:
            return await find_destination(self.db.across, self.secret, local_part)
        except (DatabaseAway, DatabaseBusy) as away:
            raise MailroomAway from away

    async def take(self, mail: HandedIn) -> str:
        """Return the reply to a mail. Raises: MailroomAway."""
        async with self._places:
            try:
                return await self._sort(mail)
            except self.troubles as trouble:
                raise MailroomAway from trouble

    async def _sort(self, mail: HandedIn) -> str:
        raw = await anyio.Path(mail.raw).read_bytes()
        block, cut = header_bytes(raw)
        fields = fields_of(block)
        if len(fields.get("received", ())) > HOPS_LIMIT:
            return "554 5.4.6 The mail went through too many servers"
        report = automatic(fields) is Automatic.BOUNCE
        if isinstance(mail.destination, UnsubscribeAddress):
            return await self._unsubscribe(mail.destination, report=report)
        sender = None if cut else only_sender(fields)
        letter = Letter(mail.destination, mail.address, mail.client, mail.raw, self.now(), sender, report)
        desk = self.auto_bcc if isinstance(mail.destination, Owner) else self.replies
        belief: Belief | None = None
        if sender is not None:
            belief = await check_sender(self.dns, self.policy, mail.client, domain_of(sender.address), raw)
        del raw
        if belief is Belief.LATER and not report:
            return ASK_LATER
        refusal = await desk.turned_away(letter, belief)
        return refusal or await desk.take(letter, belief or Belief.NOT_BELIEVED)

    async def _unsubscribe(self, named: UnsubscribeAddress, *, report: bool) -> str:
        """Whoever has the address may use it, as with the link (RFC 8058); a bounce is nobody's wish."""
        if not report:
            await unsubscribe(self.db, Unsubscribing(named.workspace_id, named.submission_id))
        return "250 2.6.0 Done"
