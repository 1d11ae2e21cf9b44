"""Read a mailbox's change feed from its cursor, and take in what it says.

Flows 2 and 3 of the architecture: a push, a timer or a person asks; this reads. The law: the cursor moves
only in the transaction that ends a page (jobs/taking.py). Where the provider no longer knows the cursor, the
stretch of time it covered becomes a `SyncGap` that a look-back repairs: a hole is shown, never hidden.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete, select, update

from database.commands import Claimed
from database.ids import new_id
from database.sync_facts import sync_settings
from database.tables import MailboxRow, MessageCopyRow, MessageRow, SyncGapRow, ThreadRow, UnreadRow, table_of
from database.work import Work
from jobs.context import JobContext
from jobs.looking_back import look_back
from jobs.mailboxes import Mailbox, find_mailbox, reach
from jobs.running import Again, Done, Outcome, hold
from jobs.storing import mark_unread
from jobs.taking import Desk, take
from jobs.turns import NoPlace
from providers.protocol import Change, ChangePage
from rules.errors import CursorExpired, NeedsReconnect, Retryable
from rules.happenings import Command, MessageChanged, PullMailbox
from rules.words import ContactId, Direction, MailboxStatus, MessageId, Provider, ThreadId

log = structlog.get_logger(__name__)

GAP_MARGIN: Final = timedelta(hours=1)
"""How far before the last change seen a look-back begins: clocks and delivery are not exact."""


LOOK_AGAIN_AFTER: Final = timedelta(seconds=1.5)
"""Gmail pushes once a second for a mailbox and drops the rest: what came within that second is looked for."""

JUST_CONNECTED: Final = timedelta(seconds=30)


async def pull(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Read the feed to its end, or for a slice of time; then repair what gaps there are."""
    assert isinstance(command, PullMailbox)
    mailbox = await find_mailbox(context, claimed.workspace_id, command.mailbox_id)
    if mailbox is None or mailbox.status is not MailboxStatus.CONNECTED:
        return Done()
    settings = await sync_settings(
        context.db, mailbox.workspace_id, mailbox.id, context.settings.inbound_domains
    )
    if settings is None:
        return Done()
    try:
        async with reach(context, mailbox) as provider:
            with context.turns.reading(claimed.id, mailbox.id) as turn:
                desk = Desk(context, claimed, mailbox, provider, settings, turn)
                until = context.now() + context.settings.slice
                if await _read_feed(desk, until) and await _repair_gaps(desk, until):
                    return Done()
                return Again(context.now())
    except NoPlace:
        return Again(context.now())
    except NeedsReconnect:
        return Done()
    except Retryable as later:
        if later.at is not None:
            await _show_pause(context, mailbox, later.at)
        raise


async def _show_pause(context: JobContext, mailbox: Mailbox, until: datetime) -> None:
    """Let the mailbox's health say that the provider asked us to wait."""
    async with context.db.work(mailbox.workspace_id) as work:
        mailboxes = table_of(MailboxRow).c
        await work.execute(update(MailboxRow).where(mailboxes.id == mailbox.id).values(retry_at=until))


async def _read_feed(desk: Desk, until: datetime) -> bool:
    """Read page after page; whether the end was reached before `until`."""
    cursor = desk.mailbox.cursor
    while True:
        try:
            if cursor is None:
                raise CursorExpired("the mailbox has no cursor")
            await desk.provider.room(1)
            await desk.goes_on(0)
            page = await desk.provider.changes(cursor)
        except CursorExpired:
            cursor = await _open_gap(desk)
            continue
        await _take_page(desk, page)
        cursor = page.cursor
        if not page.more:
            return True
        if desk.context.now() >= until:
            return False


async def _take_page(desk: Desk, page: ChangePage) -> None:
    known = await _known_copies(desk, page.changes)

    async def finish(work: Work) -> None:
        await _apply(work, desk, [change for change in page.changes if change.remote_id in known])
        await _advance(work, desk, page.cursor)
        if _may_miss_pushes(desk.mailbox, page, work.now):
            work.ask(PullMailbox(desk.mailbox.id), due_at=work.now + LOOK_AGAIN_AFTER)

    ids = await _to_look_at(desk, page.changes, known)
    await take(desk, ids, finish)


def _may_miss_pushes(mailbox: Mailbox, page: ChangePage, now: datetime) -> bool:
    """Whether something may come right after what was read and be told by nobody until the next poll.

    Gmail begins with a push that tells of nothing, and drops what comes within a second of that one, too.
    """
    if mailbox.provider is not Provider.GMAIL or not _is_pushed(mailbox, now):
        return False
    begins = mailbox.connected_at is not None and now - mailbox.connected_at < JUST_CONNECTED
    return begins or bool(page.changes)


def _is_pushed(mailbox: Mailbox, now: datetime) -> bool:
    return mailbox.push_expires_at is not None and mailbox.push_expires_at > now


async def _to_look_at(desk: Desk, changes: Sequence[Change], known: set[str]) -> list[str]:
    """New messages, and those that were no mail when they came and may have become some (out of spam)."""
    fresh = [one for one in changes if not one.deleted and one.remote_id not in known]
    arrived = {one.remote_id for one in fresh if one.arrived}
    moved = [one.remote_id for one in fresh if one.remote_id not in arrived]
    if moved:
        context, workspace_id = desk.context, desk.mailbox.workspace_id
        hashes = {await context.hashed(workspace_id, one): one for one in moved}
        rows = await context.db.fetch(
            workspace_id,
            "select remote_id_hash from sync_decisions"
            " where mailbox_id = $1 and remote_id_hash = any($2) and reason = 'NOT_MAIL'",
            desk.mailbox.id,
            list(hashes),
        )
        arrived |= {hashes[bytes(row["remote_id_hash"])] for row in rows}
    gone = {one.remote_id for one in changes if one.deleted}
    return [one for one in dict.fromkeys(change.remote_id for change in fresh) if one in arrived - gone]


async def _known_copies(desk: Desk, changes: Sequence[Change]) -> set[str]:
    rows = await desk.context.db.fetch(
        desk.mailbox.workspace_id,
        "select remote_id from message_copies where mailbox_id = $1 and remote_id = any($2)",
        desk.mailbox.id,
        list({change.remote_id for change in changes}),
    )
    return {row["remote_id"] for row in rows}


async def _apply(work: Work, desk: Desk, changes: Sequence[Change]) -> None:
    """Carry what happened to copies that we hold: read, unread, deleted there. What was synced stays."""
    for change in changes:
        if change.deleted:
            await _copy_deleted(work, desk, change)
        elif change.read is not None:
            await _copy_read(work, desk, change.remote_id, change.read)


async def _copy_deleted(work: Work, desk: Desk, change: Change) -> None:
    copies = table_of(MessageCopyRow).c
    await work.execute(
        update(MessageCopyRow)
        .where(
            copies.mailbox_id == desk.mailbox.id,
            copies.remote_id == change.remote_id,
            copies.deleted_at.is_(None),
        )
        .values(deleted_at=work.now)
    )


async def _copy_read(work: Work, desk: Desk, remote_id: str, read: bool) -> None:
    copies, messages, threads = table_of(MessageCopyRow).c, table_of(MessageRow).c, table_of(ThreadRow).c
    moved = await work.execute(
        update(MessageCopyRow)
        .where(copies.mailbox_id == desk.mailbox.id, copies.remote_id == remote_id, copies.unread.is_(read))
        .values(unread=not read)
        .returning(copies.message_id)
    )
    message_id = moved.scalar()
    if message_id is None:
        return
    found = await work.execute(
        select(messages.thread_id, messages.direction, threads.contact_id)
        .join(ThreadRow, threads.id == messages.thread_id)
        .where(messages.id == message_id)
    )
    row = found.one()
    owner, thread_id = desk.mailbox.owner, ThreadId(row.thread_id)
    if row.direction != Direction.INBOUND.value:
        return
    if read:
        unread = table_of(UnreadRow).c
        gone = await work.execute(
            delete(UnreadRow)
            .where(unread.user_id == owner, unread.message_id == message_id)
            .returning(unread.id)
        )
        news = gone.first() is not None
    else:
        news = await mark_unread(work, owner, thread_id, MessageId(message_id))
    if news:
        work.tell(
            MessageChanged(MessageId(message_id), thread_id, ContactId(row.contact_id), desk.mailbox.id)
        )


async def _advance(work: Work, desk: Desk, cursor: str) -> None:
    settings, mailbox = desk.context.settings, desk.mailbox
    pushed = _is_pushed(mailbox, work.now)
    mailboxes = table_of(MailboxRow).c
    await work.execute(
        update(MailboxRow)
        .where(mailboxes.id == mailbox.id)
        .values(
            cursor=cursor,
            last_change_seen_at=work.now,
            next_check_at=work.now + (settings.poll_every if pushed else settings.poll_every_without_push),
            retry_at=None,
        )
    )


async def _open_gap(desk: Desk) -> str:
    """Begin again at the feed's "now", and remember the stretch that the feed cannot tell us of."""
    context, mailbox = desk.context, desk.mailbox
    profile = await desk.provider.profile()
    async with context.db.work(mailbox.workspace_id) as work:
        await hold(desk.context, work, desk.claimed)
        seen = mailbox.last_change_seen_at or mailbox.connected_at or work.now
        since = max(seen - GAP_MARGIN, mailbox.connected_at or seen)
        work.add(
            SyncGapRow(
                id=new_id(),
                workspace_id=mailbox.workspace_id,
                mailbox_id=mailbox.id,
                from_at=since,
                to_at=work.now,
            )
        )
        await work.session.flush()
        await _advance(work, desk, profile.cursor)
        await work.audit("system", "mailbox.gap", mailbox=str(mailbox.id))
    log.warning("cursor expired; looking back", mailbox=str(mailbox.id), since=since.isoformat())
    return profile.cursor


async def _repair_gaps(desk: Desk, until: datetime) -> bool:
    """Look back over each gap; whether none is left open."""
    gaps = await desk.context.db.fetch(
        desk.mailbox.workspace_id,
        "select id, from_at, page, pages from sync_gaps where mailbox_id = $1 and repaired_at is null"
        " order by from_at",
        desk.mailbox.id,
    )
    for gap in gaps:
        if not await look_back(desk, dict(gap), until):
            return False
    return True
