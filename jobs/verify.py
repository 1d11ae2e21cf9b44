"""Prove that a mailbox is complete: compare what its provider lists with what is known here, and repair it.

Flow 6 of the architecture. Belongs here: the order of listing, waiting and repairing. Never: a decision
(what was missed is taken in by jobs/taking.py, as if it had just come), or what may be compared
(rules/verification.py).

The law: what is listed and not known is only suspected, for the change feed may be about to bring it. It is
missing if it is still unknown after some patience; then it is taken in, the difference is shown, as a
`SyncGap` that was repaired and as `SyncHealth.verified`, and the whole mailbox is compared once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from database.commands import Claimed
from database.ids import new_id
from database.sync_facts import sync_settings
from database.tables import MailboxRow, SyncGapRow, VerificationRow, table_of
from database.work import Work
from jobs.context import JobContext
from jobs.mailboxes import find_mailbox, reach
from jobs.running import Again, Done, Outcome, hold
from jobs.taking import Desk, take
from rules.errors import NeedsReconnect
from rules.happenings import Command, MailboxChanged, PullMailbox, VerifyMailbox
from rules.verification import begins_at
from rules.words import MailboxStatus, SkipReason

log = structlog.get_logger(__name__)

_COPIES: Final = "select remote_id from message_copies where mailbox_id = $1 and remote_id = any($2)"
_SET_ASIDE: Final = "select remote_id from set_asides where mailbox_id = $1 and remote_id = any($2)"
_DECIDED: Final = (
    "select remote_id_hash, reason from sync_decisions where mailbox_id = $1 and remote_id_hash = any($2)"
)
_UNDER_WAY: Final = (
    "select since, started_at, page, listed, expected, present, suspects, suspected_at"
    " from verifications where mailbox_id = $1"
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of some of the provider's ids."""

    ids: frozenset[str]
    no_mail: frozenset[str]
    before: frozenset[str]
    """Providers list by whole seconds, and reach back: mail from before the connection is not expected."""

    @property
    def expected(self) -> frozenset[str]:
        return self.ids - self.before


async def verify(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Go on with the mailbox's comparison, or begin one; asks for the next one itself."""
    assert isinstance(command, VerifyMailbox)
    mailbox = await find_mailbox(context, claimed.workspace_id, command.mailbox_id)
    if mailbox is None or mailbox.status is not MailboxStatus.CONNECTED or mailbox.connected_at is None:
        return Done()
    settings = await sync_settings(
        context.db, mailbox.workspace_id, mailbox.id, context.settings.inbound_domains
    )
    if settings is None:
        return Done()
    try:
        async with reach(context, mailbox) as provider:
            return await _go_on(Desk(context, claimed, mailbox, provider, settings), mailbox.connected_at)
    except NeedsReconnect:
        return Done()


async def _go_on(desk: Desk, connected_at: datetime) -> Outcome:
    context = desk.context
    until = context.now() + context.settings.slice
    standing = await _standing(desk, connected_at)
    while True:
        if standing["suspects"]:
            due = standing["suspected_at"] + context.settings.verify_patience
            if context.now() < due:
                return Again(due)
            standing = await _repair(desk, standing)
        if standing["listed"]:
            return await _conclude(desk, standing)
        if context.now() >= until:
            return Again(context.now())
        standing = await _compare_page(desk, standing)


async def _standing(desk: Desk, connected_at: datetime) -> dict[str, Any]:
    """Return where the comparison stands; a new one is written down first."""
    workspace_id, mailbox_id = desk.mailbox.workspace_id, desk.mailbox.id
    row = await desk.context.db.fetchrow(workspace_id, _UNDER_WAY, mailbox_id)
    if row is not None:
        return dict(row)
    now = desk.context.now()
    begun: dict[str, Any] = {"since": begins_at(connected_at, now), "started_at": now, "listed": False}
    async with desk.context.db.work(workspace_id) as work:
        await hold(desk.context, work, desk.claimed)
        await work.execute(
            insert(VerificationRow)
            .values(id=new_id(), workspace_id=workspace_id, mailbox_id=mailbox_id, **begun)
            .on_conflict_do_nothing()
        )
    return {**begun, "page": None, "expected": 0, "present": 0, "suspects": [], "suspected_at": None}


async def _compare_page(desk: Desk, standing: dict[str, Any]) -> dict[str, Any]:
    """Look at the next page; what was no mail when it came, and is listed now, is decided again."""
    listed = await desk.provider.listed(standing["since"], standing["page"])
    ids = list(dict.fromkeys(listed.remote_ids))
    known = await _known(desk, ids)
    suspects = [one for one in ids if one not in known.ids]
    values = {
        "page": listed.next_page,
        "listed": listed.next_page is None,
        "expected": standing["expected"] + len(known.expected),
        "present": standing["present"] + len(known.expected),
        "suspects": suspects,
        "suspected_at": desk.context.now() if suspects else None,
    }

    async def finish(work: Work) -> None:
        await _write(work, desk, values)
        if suspects:
            work.ask(PullMailbox(desk.mailbox.id))

    await take(desk, sorted(known.no_mail), finish)
    return {**standing, **values}


async def _repair(desk: Desk, standing: dict[str, Any]) -> dict[str, Any]:
    """Take in the suspects that the feed did not bring. What is gone by now was not to be expected."""
    suspects: list[str] = standing["suspects"]
    known = await _known(desk, suspects)
    missing = [one for one in suspects if one not in known.ids]
    came, found = len(known.expected), 0

    async def nothing_more(work: Work) -> None:
        """The counts need to know what became of them."""

    if missing:
        await take(desk, missing, nothing_more)
        found = len((await _known(desk, missing)).expected)
        if found:
            log.warning("mail was missing", mailbox=str(desk.mailbox.id), count=found)
    values = {
        "expected": standing["expected"] + came + found,
        "present": standing["present"] + came,
        "suspects": [],
        "suspected_at": None,
    }
    async with desk.context.db.work(desk.mailbox.workspace_id) as work:
        await hold(desk.context, work, desk.claimed)
        await _write(work, desk, values)
    return {**standing, **values}


async def _conclude(desk: Desk, standing: dict[str, Any]) -> Outcome:
    """Show what was found. After a difference the mailbox is compared again soon, else in its time."""
    settings, mailbox = desk.context.settings, desk.mailbox
    differs = standing["present"] < standing["expected"]
    mailboxes, running = table_of(MailboxRow).c, table_of(VerificationRow).c
    async with desk.context.db.work(mailbox.workspace_id) as work:
        await hold(desk.context, work, desk.claimed)
        await work.execute(
            update(MailboxRow)
            .where(mailboxes.id == mailbox.id)
            .values(
                verified_at=work.now,
                verified_expected=standing["expected"],
                verified_present=standing["present"],
            )
        )
        await work.execute(delete(VerificationRow).where(running.mailbox_id == mailbox.id))
        if differs:
            gap = {"from_at": standing["since"], "to_at": standing["started_at"], "repaired_at": work.now}
            work.add(SyncGapRow(id=new_id(), workspace_id=mailbox.workspace_id, mailbox_id=mailbox.id, **gap))
            await work.audit("system", "mailbox.gap", mailbox=str(mailbox.id))
        work.tell(MailboxChanged(mailbox.id, mailbox.owner))
    return Again(desk.context.now() + (settings.verify_patience if differs else settings.verify_every))


async def _write(work: Work, desk: Desk, values: dict[str, Any]) -> None:
    running = table_of(VerificationRow).c
    await work.execute(update(VerificationRow).where(running.mailbox_id == desk.mailbox.id).values(**values))


async def _known(desk: Desk, remote_ids: Sequence[str]) -> _Known:
    """Return which of these are stored, decided or set aside, and as what."""
    if not remote_ids:
        return _Known(frozenset(), frozenset(), frozenset())
    db, workspace_id, mailbox_id = desk.context.db, desk.mailbox.workspace_id, desk.mailbox.id
    hashes = {await desk.context.hashed(workspace_id, one): one for one in remote_ids}
    copies = await db.fetch(workspace_id, _COPIES, mailbox_id, list(remote_ids))
    aside = await db.fetch(workspace_id, _SET_ASIDE, mailbox_id, list(remote_ids))
    decided = await db.fetch(workspace_id, _DECIDED, mailbox_id, list(hashes))
    reasons = {hashes[bytes(row["remote_id_hash"])]: row["reason"] for row in decided}
    stored = {row["remote_id"] for row in (*copies, *aside)}
    skipped = {
        wanted: frozenset(one for one, reason in reasons.items() if reason == wanted.value) - stored
        for wanted in (SkipReason.NOT_MAIL, SkipReason.BEFORE_CONNECTION)
    }
    return _Known(
        frozenset(stored) | frozenset(reasons),
        no_mail=skipped[SkipReason.NOT_MAIL],
        before=skipped[SkipReason.BEFORE_CONNECTION],
    )
