"""The workspace sender as jobs meet it: connections kept per account, one mail at a time on each.

The law: a mail is written to one connection once. A connection that was kept, and over which the server says
nothing more about a mail, is replaced, once; nothing else is repeated here.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from providers.smtp.account import Handover, SmtpAccount, SmtpSettings
from providers.smtp.session import Passing, SmtpSession, open_session
from rules.errors import Retryable
from rules.mime_out import ComposedMessage
from rules.words import EmailAddress


def _nothing(point: str) -> None:
    """Nobody wants to know."""


class WorkspaceSender(Protocol):
    """What jobs need of it."""

    async def send(
        self,
        account: SmtpAccount,
        recipients: Sequence[EmailAddress],
        message: ComposedMessage,
        passing: Passing = _nothing,
        *,
        return_path: EmailAddress | None = None,
    ) -> Handover:
        """Hand a mail over; reports go to its return path, else to the From.

        Raises: the tree of rules/errors.py; OutcomeUnknown where it may have left."""


@dataclass(slots=True)
class _Lane:
    """The connections of one account: those that wait for a mail, and how many more may be opened."""

    places: asyncio.Semaphore
    waiting: list[tuple[float, SmtpSession]] = field(default_factory=list)
    used: int = 0


class SmtpSender:
    """One per process; closed by whoever made it."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._lanes: dict[SmtpAccount, _Lane] = {}
        self._kept_seconds = settings.idle.total_seconds()

    async def send(
        self,
        account: SmtpAccount,
        recipients: Sequence[EmailAddress],
        message: ComposedMessage,
        passing: Passing = _nothing,
        *,
        return_path: EmailAddress | None = None,
    ) -> Handover:
        """Hand a mail over, to all recipients alike, with its return path on the envelope.

        Raises:
            Refused, Retryable, OperatorMustAct: nothing left.
            OutcomeUnknown: it may have left; it must not be repeated.
        """
        reports_to = return_path or account.from_address
        async with self._lane(account) as lane:
            kept = await self._kept(lane)
            if kept is not None:
                try:
                    return await self._deliver(lane, kept, reports_to, recipients, message, passing)
                except Retryable:
                    # It died, or was ended (421), while it waited; nothing of the mail was looked at.
                    if kept.answered:
                        raise
            fresh = await open_session(account, self._settings)
            return await self._deliver(lane, fresh, reports_to, recipients, message, passing)

    async def close(self) -> None:
        """Part from every server."""
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            for _, session in lane.waiting:
                await session.close()

    async def _deliver(
        self,
        lane: _Lane,
        session: SmtpSession,
        reports_to: EmailAddress,
        recipients: Sequence[EmailAddress],
        message: ComposedMessage,
        passing: Passing,
    ) -> Handover:
        try:
            return await session.deliver(reports_to, recipients, message, passing)
        finally:
            if session.open and session.mails < self._settings.mails_a_connection:
                lane.waiting.append((asyncio.get_running_loop().time(), session))
            else:
                await asyncio.shield(session.close())

    @asynccontextmanager
    async def _lane(self, account: SmtpAccount) -> AsyncIterator[_Lane]:
        await self._forget_idle()
        lane = self._lanes.setdefault(account, _Lane(asyncio.Semaphore(self._settings.connections)))
        lane.used += 1
        try:
            async with lane.places:
                yield lane
        finally:
            lane.used -= 1

    async def _kept(self, lane: _Lane) -> SmtpSession | None:
        while lane.waiting:
            _, session = lane.waiting.pop()
            if session.open:
                return session
            await session.close()
        return None

    async def _forget_idle(self) -> None:
        """Close what waited too long, and forget accounts that nobody uses: passwords do not linger."""
        oldest = asyncio.get_running_loop().time() - self._kept_seconds
        for account, lane in list(self._lanes.items()):
            stale = [session for since, session in lane.waiting if since < oldest]
            lane.waiting = [one for one in lane.waiting if one[0] >= oldest]
            if not lane.used and not lane.waiting:
                del self._lanes[account]
            for session in stale:
                await session.close()
