"""Carry a mailbox's narrower visibility to the mail it brought, and withdraw that mail from open inboxes.

In batches, each told in the transaction that narrows it. A pull that began before the choice was changed may
still stamp the wider one: the job comes back, a lease later, until a run finds nothing.
"""

from typing import Final

from sqlalchemy import text

from database.commands import Claimed
from jobs.context import JobContext
from jobs.mailboxes import Mailbox, find_mailbox
from jobs.running import Again, Done, Outcome, hold
from rules.happenings import Command, NarrowMailbox, ThreadChanged, Withdrawn
from rules.visibility import wider_than
from rules.words import ContactId, ThreadId

BATCH: Final = 500

_NARROW: Final = text("""
with narrowed as (
    update messages set visibility = :visibility
    where id in (
        select m.id from message_copies c join messages m on m.id = c.message_id
        where c.mailbox_id = :mailbox and m.visibility = any(:wider)
        order by m.id limit :batch
    )
    returning thread_id
)
select distinct t.id, t.contact_id from narrowed n join threads t on t.id = n.thread_id order by t.id
""")


async def narrow_mailbox(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Narrow what is wider than the mailbox's choice as it is now, for as long as there is any."""
    assert isinstance(command, NarrowMailbox)
    mailbox = await find_mailbox(context, claimed.workspace_id, command.mailbox_id)
    if mailbox is None:
        return Done()
    until = context.now() + context.settings.slice
    narrowed = 0
    while count := await _batch(context, claimed, mailbox):
        narrowed += count
        if context.now() >= until:
            return Again(context.now())
    return Again(context.now() + context.settings.lease) if narrowed else Done()


async def _batch(context: JobContext, claimed: Claimed, mailbox: Mailbox) -> int:
    """Narrow one batch; how many conversations it touched."""
    names = {
        "mailbox": mailbox.id,
        "visibility": mailbox.visibility.value,
        "wider": [one.value for one in wider_than(mailbox.visibility)],
        "batch": BATCH,
    }
    async with context.db.work(mailbox.workspace_id) as work:
        await hold(context, work, claimed)
        rows = (await work.execute(_NARROW, names)).all()
        for row in rows:
            work.tell(Withdrawn(ThreadId(row.id), mailbox.owner))
            work.tell(ThreadChanged(ThreadId(row.id), ContactId(row.contact_id)))
    return len(rows)
