"""The desk of Auto BCC: one clear author, believed, then logged; the reply says what it is (B6, B7)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from inbound.destinations import Owner
from inbound.mailroom import LOGGED, Letter
from rules.authentication import Belief
from rules.auto_bcc import RefusalReason, Refused
from rules.words import UserId, WorkspaceId

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AutoBccDesk:
    """`write` stores what is believed (jobs/auto_bcc.py); None says that the mail is committed."""

    write: Callable[[Letter, Owner], Awaitable[Refused | None]]
    quarantine: Callable[[WorkspaceId, UserId, RefusalReason], Awaitable[None]]

    async def turned_away(self, letter: Letter, belief: Belief | None) -> str | None:
        """Refuse, and count, what names no author or another."""
        reason = RefusalReason.UNCLEAR_SENDER if belief is None else RefusalReason.NOT_AUTHENTICATED
        if belief is Belief.BELIEVED:
            return None
        owner = _owner(letter)
        await self.quarantine(owner.workspace_id, owner.user_id, reason)
        return _said(owner, Refused(reason))

    async def take(self, letter: Letter, belief: Belief) -> str:
        """Log the mail."""
        owner = _owner(letter)
        refused = await self.write(letter, owner)
        return LOGGED if refused is None else _said(owner, refused)


def _owner(letter: Letter) -> Owner:
    assert isinstance(letter.destination, Owner), "the mailroom sorts by destination"
    return letter.destination


def _said(owner: Owner, refused: Refused) -> str:
    log.info("auto_bcc_refused", user=str(owner.user_id), reason=refused.reason.value)
    return refused.reply
