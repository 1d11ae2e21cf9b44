"""The mailroom of Auto BCC: one clear author, believed, then logged; the reply says what became of it.

Belongs here: the order of the checks, and which reply each outcome is. Never: SMTP's own bounds
(inbound/smtp.py), a rule, a row. The law: 250 is said when the mail is committed and not before (B7), 550
when it never will be (B6), 451 when it is not known.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import anyio
import structlog

from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from inbound.dns_answers import Dns
from inbound.sender_checks import SenderPolicy, check_sender
from inbound.smtp import HandedIn, MailroomAway, Owner
from rules.addresses import domain_of
from rules.authentication import Belief
from rules.auto_bcc import RefusalReason, Refused, only_sender
from rules.envelope import Correspondent
from rules.header_block import fields_of, header_bytes
from rules.words import UserId, WorkspaceId

log = structlog.get_logger(__name__)

AT_ONCE: Final = 4
"""Mails that are checked and stored at the same time; each may take a hundred megabytes for a moment."""


class Logbook(Protocol):
    """Stores what is believed (jobs/auto_bcc.py)."""

    async def __call__(self, mail: HandedIn, sender: Correspondent, received_at: datetime) -> Refused | None:
        """Return why not; None where the mail is committed, now or before."""


@dataclass(slots=True)
class AutoBccMailroom:
    """Takes mail in for every user of every workspace."""

    db: Database
    dns: Dns
    policy: SenderPolicy
    write: Logbook
    quarantine: Callable[[WorkspaceId, UserId, RefusalReason], Awaitable[None]]
    now: Callable[[], datetime]
    new_file: Callable[[], UUID]
    troubles: tuple[type[Exception], ...] = (DatabaseAway, DatabaseBusy)
    """What is raised when it is not known whether the mail is stored."""
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def owner_of(self, local_part: str) -> Owner | None:
        """Return whose address begins so. Raises: MailroomAway."""
        try:
            found = await self.db.across.auto_bcc(local_part)
        except (DatabaseAway, DatabaseBusy) as away:
            raise MailroomAway from away
        return Owner(*found) if found else None

    async def take(self, mail: HandedIn) -> str:
        """Return the reply to a mail. Raises: MailroomAway."""
        async with self._places:
            try:
                refused = await self._judge(mail)
            except self.troubles as trouble:
                raise MailroomAway from trouble
        if refused is None:
            return "250 2.6.0 Logged"
        if isinstance(refused, Refused):
            log.info("auto_bcc_refused", user=str(mail.owner.user_id), reason=refused.reason.value)
            return refused.reply
        return refused

    async def _judge(self, mail: HandedIn) -> Refused | str | None:
        received_at = self.now()
        raw = await anyio.Path(mail.raw).read_bytes()
        block, cut = header_bytes(raw)
        sender = None if cut else only_sender(fields_of(block))
        if sender is None:
            return await self._refuse(mail, RefusalReason.UNCLEAR_SENDER)
        belief = await check_sender(self.dns, self.policy, mail.client, domain_of(sender.address), raw)
        del raw
        match belief:
            case Belief.LATER:
                return "451 4.4.3 DNS does not say who sent this; try again later"
            case Belief.NOT_BELIEVED:
                return await self._refuse(mail, RefusalReason.NOT_AUTHENTICATED)
            case Belief.BELIEVED:
                return await self.write(mail, sender, received_at)

    async def _refuse(self, mail: HandedIn, reason: RefusalReason) -> Refused:
        await self.quarantine(mail.owner.workspace_id, mail.owner.user_id, reason)
        return Refused(reason)
