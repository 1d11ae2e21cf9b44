"""Run a bulk send: write the next mails, each in its contact's own conversation, and tell how far it is.

The law: a contact's mail, its submission and the mark that the contact was written to are one transaction, so
that a run which was killed anywhere goes on with the next contact and repeats none. At most `WINDOW` mails
are under way at once, so that a pause or a cancel stops nearly all of it, and no flood waits in the queue.
Whether a mail leaves, and what a refusal means, is the submission's own life (jobs/workspace_sender.py).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import update

from database.commands import Claimed
from database.tables import BulkRecipientRow, BulkSendRow, table_of
from database.work import Work
from jobs.bulk_mail import Addressee, write_mail
from jobs.context import JobContext
from jobs.running import Again, Done, Outcome, hold
from rules.happenings import BulkSendProgressed, Command, RunBulkSend
from rules.merging import BadTemplate, Merged, Merger, MissingField, Templates, fields_of
from rules.words import BulkSendId, BulkState, WorkspaceId

WINDOW: Final = 100
TICK: Final = timedelta(seconds=1)
NO_ADDRESS: Final = "The contact has no address any more."
NOT_WANTED: Final = "The contact's address is on the suppression list."

_BULK: Final = """
select b.id, b.user_id, b.mailbox_id, b.via, b.state, b.subject, b.text, b.html, b.total, b.sent, b.refused,
       b.created_at, u.name as user_name, s.from_address as sender_address, s.from_name as sender_name,
       m.address as mailbox_address, coalesce(m.visibility, 'EVERYTHING') as visibility
from bulk_sends b
left join users u on u.id = b.user_id
left join mailboxes m on m.id = b.mailbox_id
left join workspace_senders s on s.workspace_id = b.workspace_id
where b.id = $1
"""

_WAITING: Final = """
select r.id, r.contact_id, c.name, c.company, a.address,
       exists (select from suppressions x where x.workspace_id = r.workspace_id and x.address = a.address)
       as suppressed
from bulk_recipients r
join contacts c on c.id = r.contact_id
left join lateral (
    select address from contact_addresses where contact_id = c.id order by position, id limit 1
) a on true
where r.bulk_send_id = $1 and r.submission_id is null and r.error is null
order by r.id limit $2
"""

_COUNTS: Final = """
select count(*) filter (where s.state = 'SENT')::int as sent,
       count(*) filter (where r.error is not null or s.state in ('REFUSED', 'CANCELLED')
           or (r.submission_id is not null and s.id is null))::int as refused,
       count(*) filter (where r.submission_id is null and r.error is null)::int as waiting,
       count(*) filter (where s.state in ('QUEUED', 'SENDING', 'HELD', 'SCHEDULED'))::int as under_way
from bulk_recipients r left join submissions s on s.id = r.submission_id
where r.bulk_send_id = $1
"""


@dataclass(frozen=True, slots=True)
class _Counts:
    sent: int
    refused: int
    waiting: int
    under_way: int


async def run_bulk_send(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Write as many mails as may be under way, count, and come back; until there is nothing left to do."""
    assert isinstance(command, RunBulkSend)
    workspace_id, bulk_id = claimed.workspace_id, command.bulk_send_id
    bulk = await context.db.fetchrow(workspace_id, _BULK, bulk_id)
    if bulk is None:
        return Done()
    counts = await _count(context, workspace_id, bulk_id)
    if bulk["state"] == BulkState.RUNNING:
        room = WINDOW - counts.under_way
        if room > 0 and counts.waiting:
            await _write_next(context, claimed, bulk, room)
            counts = await _count(context, workspace_id, bulk_id)
    return await _settle(context, claimed, bulk, counts)


async def _count(context: JobContext, workspace_id: WorkspaceId, bulk_id: BulkSendId) -> _Counts:
    row = await context.db.fetchrow(workspace_id, _COUNTS, bulk_id)
    assert row is not None, "an aggregate has a row"
    return _Counts(row["sent"], row["refused"], row["waiting"], row["under_way"])


async def _write_next(context: JobContext, claimed: Claimed, bulk: asyncpg.Record, room: int) -> None:
    merger = Merger(Templates(bulk["subject"], bulk["text"], bulk["html"]))
    for row in await context.db.fetch(claimed.workspace_id, _WAITING, bulk["id"], room):
        said = _said(merger, row)
        async with context.db.work(claimed.workspace_id) as work:
            await hold(context, work, claimed)
            if not await _still_running(work, bulk["id"]):
                return
            if isinstance(said, str):
                await _mark(work, row["id"], error=said)
            else:
                recipient = Addressee(row["contact_id"], row["name"], row["address"])
                submission_id = await write_mail(
                    work, context.settings.message_id_domain, bulk, recipient, said
                )
                await _mark(work, row["id"], submission_id=submission_id)
            context.passing("bulk.mail-uncommitted")
        context.passing("bulk.mail")


def _said(merger: Merger, row: asyncpg.Record) -> Merged | str:
    """Return what a contact is told, or why it is told nothing."""
    if row["address"] is None:
        return NO_ADDRESS
    if row["suppressed"]:
        return NOT_WANTED
    try:
        return merger.fill(fields_of(row["name"], row["address"], row["company"]))
    except MissingField as missing:
        return f"The contact has no {missing} any more."
    except BadTemplate as fault:
        return str(fault)


async def _still_running(work: Work, bulk_id: BulkSendId) -> bool:
    """Look once more, under a lock that a pause or a cancel waits for, or has held."""
    rows = table_of(BulkSendRow).c
    held = await work.execute(
        table_of(BulkSendRow)
        .select()
        .with_only_columns(rows.state)
        .where(rows.id == bulk_id)
        .with_for_update()
    )
    return bool(held.scalar_one() == BulkState.RUNNING.value)


async def _mark(work: Work, recipient_id: Any, **values: Any) -> None:
    rows = table_of(BulkRecipientRow).c
    await work.execute(update(BulkRecipientRow).where(rows.id == recipient_id).values(**values))


async def _settle(context: JobContext, claimed: Claimed, bulk: asyncpg.Record, counts: _Counts) -> Outcome:
    """Write the figures where they changed, and end what has come to its end."""
    running = bulk["state"] == BulkState.RUNNING
    ended = running and not counts.waiting and not counts.under_way
    changed = (counts.sent, counts.refused) != (bulk["sent"], bulk["refused"])
    if changed or ended:
        rows = table_of(BulkSendRow).c
        values: dict[str, Any] = {"sent": counts.sent, "refused": counts.refused}
        async with context.db.work(claimed.workspace_id) as work:
            await hold(context, work, claimed)
            await work.execute(update(BulkSendRow).where(rows.id == bulk["id"]).values(**values))
            if ended:
                await work.execute(
                    update(BulkSendRow)
                    .where(rows.id == bulk["id"], rows.state == BulkState.RUNNING.value)
                    .values(state=BulkState.DONE.value, ended_at=work.now)
                )
            work.tell(BulkSendProgressed(BulkSendId(bulk["id"])))
    if ended or (not running and not counts.under_way):
        return Done()
    return Again(context.now() + TICK)
