"""The desk of answers: mail for a conversation's own address, and what comes to a mail's return path.

What is not proved is not refused here: whether it may be kept depends on who takes part (rules/replies.py).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from inbound.mailroom import LOGGED, Letter
from rules.authentication import Belief
from rules.replies import REPLIES, RefusedReply, ReplyRefusal

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RepliesDesk:
    """`write` keeps a mail (jobs/replies.py); None says that it is committed."""

    write: Callable[[Letter, Belief], Awaitable[RefusedReply | None]]

    async def turned_away(self, letter: Letter, belief: Belief | None) -> str | None:
        """Refuse what names no author, unless a server reports: that is believed for what it names."""
        if belief is not None or letter.report:
            return None
        return REPLIES[ReplyRefusal.UNCLEAR_SENDER]

    async def take(self, letter: Letter, belief: Belief) -> str:
        """Keep the mail."""
        refused = await self.write(letter, belief)
        if refused is None:
            return LOGGED
        log.info("reply_refused", destination=type(letter.destination).__name__, reason=refused.reason.value)
        return refused.reply
