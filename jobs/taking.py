"""Take a page of a mailbox's messages in: decide each by its envelope, fetch what syncs, store it.

Belongs here: the order of network and transactions for one page. Never: a rule (rules/decision.py), SQL of
rows (jobs/storing.py), the change feed (jobs/pull.py).

The law: the page ends with one transaction that holds the decisions, what was set aside and whatever the
caller adds (its cursor). So a cursor moves only when everything before it is stored, skipped or set aside. A
page that is taken again skips what it finds stored or decided before it asks the provider for anything. So
it is taken in parts, as many mails at a time as there is quota for; where there is none left, the decisions
so far are kept and the job gives its place back rather than wait.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert

from database.commands import Claimed
from database.ids import new_id
from database.sync_facts import look_up
from database.tables import SetAsideRow, SyncDecisionRow, table_of
from database.work import Work
from jobs.bounces import record_bounce
from jobs.content import fetch_content, read_only
from jobs.context import JobContext
from jobs.mailboxes import Mailbox
from jobs.running import hold
from jobs.sent import confirm_copy
from jobs.storing import Incoming, NotStored, Receiver, attach_copy, store
from jobs.turns import Turn
from providers.protocol import FetchedEnvelope, MailProvider
from rules.bounce_words import reports_on_ours
from rules.decision import Decision, Facts, SyncSettings, decide, in_order, learn, questions
from rules.envelope import Envelope
from rules.errors import Gone, NeedsReconnect, NoRoom, ProviderTrouble, Retryable
from rules.happenings import RetrySetAside
from rules.pacing import backoff
from rules.words import SkipReason

log = structlog.get_logger(__name__)

MOST_AT_ONCE: Final = 50
"""How many mails of a page are looked at together: as many envelopes as one request to Gmail may ask for."""
FEWEST_AT_ONCE: Final = 10
"""... where the quota is waited for."""
HELD_PAGES: Final = 3
"""How often a page waits for messages that the provider puts off, before it goes on without them."""

Finish = Callable[[Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Desk:
    """One mailbox being read by one job."""

    context: JobContext
    claimed: Claimed
    mailbox: Mailbox
    provider: MailProvider
    settings: SyncSettings
    turn: Turn | None = None
    """The mailbox's turn among this worker's; None where its places are not those of fresh mail."""

    async def goes_on(self, mails: int) -> None:
        """Go on with so many mails, or with the question for more. Raises: NoPlace: it is others' turn."""
        if self.turn is not None:
            await self.turn.take(mails)

    @property
    def receiver(self) -> Receiver:
        return Receiver(self.mailbox.id, self.mailbox.owner, self.mailbox.visibility)


@dataclass(slots=True)
class _Page:
    """What is to be written when the page ends."""

    decided: list[tuple[Envelope, Decision]] = field(default_factory=list)
    set_aside: list[tuple[str, ProviderTrouble]] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    put_off: Retryable | None = None
    got_on: bool = False
    """Something was settled by this run that the next need not look at again."""


async def take(desk: Desk, remote_ids: Sequence[str], finish: Finish) -> None:
    """Take messages in and end the page with `finish` in its last transaction.

    Raises:
        Retryable: some messages were put off; the rest is stored, the page has not ended.
        NoRoom: there is quota again at that time; what was read until then is stored.
        NoPlace: it is other mailboxes' turn; likewise.
        NeedsReconnect: the way to the provider is shut.
        StaleClaim: the job lost its lease, or the mailbox was disconnected meanwhile.
    """
    page, left = _Page(), await _unknown(desk, remote_ids)
    first = True
    while left:
        may_come_again = first or page.got_on
        number = await _room(desk, len(left), waits=not may_come_again)
        if may_come_again:
            await desk.goes_on(number)
        await _take_some(desk, left[:number], page)
        first, left = False, left[number:]
        if left:
            await _keep(desk, page)
    if page.put_off is not None and desk.claimed.attempts < HELD_PAGES:
        await _keep(desk, page)
        raise page.put_off
    await _end(desk, page, finish)


async def _room(desk: Desk, mails: int, *, waits: bool) -> int:
    """Return how many mails to look at next.

    A run that has only looked at what the next one would look at again waits for quota with its place held:
    otherwise runs could follow each other for good, none of which gets any further.
    """
    try:
        return await desk.provider.room(min(mails, MOST_AT_ONCE))
    except NoRoom:
        if not waits:
            raise
        return min(mails, FEWEST_AT_ONCE)


async def _take_some(desk: Desk, remote_ids: Sequence[str], page: _Page) -> None:
    envelopes = await _envelopes(desk, remote_ids, page)
    desk.context.passing("pull.envelopes")
    facts = await look_up(
        desk.context.db,
        desk.mailbox.workspace_id,
        desk.mailbox.id,
        desk.mailbox.owner,
        questions(envelopes),
    )
    for envelope in in_order(envelopes):
        facts = await _take_one(desk, envelope, facts, page)


async def _take_one(desk: Desk, envelope: Envelope, facts: Facts, page: _Page) -> Facts:
    if desk.turn is not None:
        await desk.turn.pause()
    decision = decide(envelope, facts, desk.settings)
    if decision.already is not None:
        async with desk.context.db.work(desk.mailbox.workspace_id) as work:
            await hold(desk.context, work, desk.claimed)
            await attach_copy(work, desk.receiver, envelope, decision.already, links=decision.links)
            await confirm_copy(work, desk.mailbox, envelope)
        page.settled.append(envelope.remote_id)
        page.decided.append((envelope, decision))
        return facts
    if not decision.synced:
        if reports_on_ours(envelope, facts):
            await _take_report(desk, envelope, page)
        page.decided.append((envelope, decision))
        return facts
    try:
        content = await fetch_content(
            desk.context, desk.provider, desk.mailbox.workspace_id, envelope, decision, desk.settings
        )
        desk.context.passing("pull.content")
    except Gone:
        return facts
    except Retryable as later:
        page.put_off = later
        page.set_aside.append((envelope.remote_id, later))
        return facts
    except NeedsReconnect:
        raise
    except ProviderTrouble as trouble:
        page.set_aside.append((envelope.remote_id, trouble))
        return facts
    with suppress(NotStored):
        async with desk.context.db.work(desk.mailbox.workspace_id) as work:
            await hold(desk.context, work, desk.claimed)
            stored = await store(work, desk.receiver, Incoming(envelope, decision, content), facts)
            if content.bounce is not None:
                await record_bounce(work, content.bounce)
            desk.context.passing("pull.row-uncommitted")
        desk.context.passing("pull.row")
        facts = learn(facts, envelope, *stored)
    page.settled.append(envelope.remote_id)
    page.decided.append((envelope, decision))
    return facts


async def _take_report(desk: Desk, envelope: Envelope, page: _Page) -> None:
    """Read a report on mail of ours that is no part of a conversation; nothing of it is kept."""
    try:
        said = await read_only(desk.context, desk.provider, envelope)
    except Gone:
        return
    except Retryable as later:
        page.put_off = later
        page.set_aside.append((envelope.remote_id, later))
        return
    except NeedsReconnect:
        raise
    except ProviderTrouble as trouble:
        page.set_aside.append((envelope.remote_id, trouble))
        return
    if said.bounce is not None:
        async with desk.context.db.work(desk.mailbox.workspace_id) as work:
            await hold(desk.context, work, desk.claimed)
            await record_bounce(work, said.bounce)


async def _unknown(desk: Desk, remote_ids: Sequence[str]) -> list[str]:
    """Return the ids that are neither stored nor decided, in order, without repeats."""
    once = list(dict.fromkeys(remote_ids))
    if not once:
        return []
    workspace_id = desk.mailbox.workspace_id
    copies = await desk.context.db.fetch(
        workspace_id,
        "select remote_id from message_copies where mailbox_id = $1 and remote_id = any($2)",
        desk.mailbox.id,
        once,
    )
    known = {row["remote_id"] for row in copies}
    left = [one for one in once if one not in known]
    hashes = {await desk.context.hashed(workspace_id, one): one for one in left}
    decided = await desk.context.db.fetch(
        workspace_id,
        "select remote_id_hash from sync_decisions"
        " where mailbox_id = $1 and remote_id_hash = any($2) and reason is distinct from $3",
        desk.mailbox.id,
        list(hashes),
        SkipReason.NOT_MAIL.value,
    )
    known |= {hashes[bytes(row["remote_id_hash"])] for row in decided}
    return [one for one in once if one not in known]


async def _envelopes(desk: Desk, remote_ids: Sequence[str], page: _Page) -> list[Envelope]:
    found: list[Envelope] = []
    for outcome in await desk.provider.envelopes(remote_ids):
        if outcome.envelope is not None:
            found.append(outcome.envelope)
        else:
            _sort_out(outcome, page)
    return found


def _sort_out(outcome: FetchedEnvelope, page: _Page) -> None:
    match outcome.trouble:
        case None | Gone():
            page.settled.append(outcome.remote_id)
        case NeedsReconnect() as shut:
            raise shut
        case Retryable() as later:
            page.put_off = later
            page.set_aside.append((outcome.remote_id, later))
        case trouble:
            page.set_aside.append((outcome.remote_id, trouble))


async def _keep(desk: Desk, page: _Page) -> None:
    """Write down what was decided so far, while the page goes on."""
    if not page.decided and not page.settled:
        return
    page.got_on |= any(decision.reason is not SkipReason.NOT_MAIL for _, decision in page.decided)
    rows = await _decision_rows(desk, page)
    async with desk.context.db.work(desk.mailbox.workspace_id) as work:
        await hold(desk.context, work, desk.claimed)
        await _write_decisions(work, rows)
        await _forget_settled(work, desk, page)
    page.decided, page.settled = [], []
    desk.context.passing("pull.part")


async def _end(desk: Desk, page: _Page, finish: Finish) -> None:
    context, mailbox = desk.context, desk.mailbox
    rows = await _decision_rows(desk, page)
    async with context.db.work(mailbox.workspace_id) as work:
        await hold(desk.context, work, desk.claimed)
        await _write_decisions(work, rows)
        await _forget_settled(work, desk, page)
        await _set_aside(work, desk, page)
        await finish(work)
        context.passing("pull.cursor-uncommitted")
    context.passing("pull.cursor")


async def _decision_rows(desk: Desk, page: _Page) -> list[dict[str, object]]:
    return [await _decision_row(desk, envelope, decision) for envelope, decision in page.decided]


async def _write_decisions(work: Work, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    statement = insert(SyncDecisionRow).values(rows)
    await work.execute(
        statement.on_conflict_do_update(
            constraint="sync_decisions_once",
            set_={
                name: statement.excluded[name] for name in ("at", "synced", "reason", "rule", "size_bytes")
            },
            # Looking at a draft again says nothing new of it.
            where=table_of(SyncDecisionRow).c.rule.is_distinct_from(statement.excluded.rule),
        )
    )


async def _decision_row(desk: Desk, envelope: Envelope, decision: Decision) -> dict[str, object]:
    context, workspace_id = desk.context, desk.mailbox.workspace_id
    message_id = envelope.internet_message_id
    return {
        "id": new_id(),
        "workspace_id": workspace_id,
        "mailbox_id": desk.mailbox.id,
        "at": context.now(),
        "synced": decision.synced,
        "reason": decision.reason.value if decision.reason else None,
        "rule": decision.rule,
        "size_bytes": envelope.size_bytes,
        "remote_id_hash": await context.hashed(workspace_id, envelope.remote_id),
        "internet_message_id_hash": await context.hashed(workspace_id, message_id) if message_id else None,
    }


async def _forget_settled(work: Work, desk: Desk, page: _Page) -> None:
    """Forget what was set aside before and is settled now."""
    rows = table_of(SetAsideRow)
    if page.settled:
        await work.execute(
            rows.delete().where(rows.c.mailbox_id == desk.mailbox.id, rows.c.remote_id.in_(page.settled))
        )


async def _set_aside(work: Work, desk: Desk, page: _Page) -> None:
    rows = table_of(SetAsideRow)
    if not page.set_aside:
        return
    limit = desk.context.settings.set_aside_attempts
    next_at = work.now + max(backoff(desk.claimed.attempts, desk.context.dice()), timedelta(seconds=5))
    for remote_id, trouble in page.set_aside:
        log.warning("message set aside", mailbox=str(desk.mailbox.id), reason=str(trouble))
        statement = insert(SetAsideRow).values(
            id=new_id(),
            workspace_id=desk.mailbox.workspace_id,
            mailbox_id=desk.mailbox.id,
            remote_id=remote_id,
            attempts=1,
            error=str(trouble),
            first_at=work.now,
            next_at=next_at,
        )
        attempts = rows.c.attempts + 1
        await work.execute(
            statement.on_conflict_do_update(
                constraint="set_asides_once",
                set_={
                    "attempts": attempts,
                    "error": statement.excluded.error,
                    "next_at": case((attempts < limit, statement.excluded.next_at), else_=None),
                },
            )
        )
    work.ask(RetrySetAside(desk.mailbox.id), due_at=next_at)
