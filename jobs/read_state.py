"""Carry a conversation's read state from the CRM to the mailbox it came from.

Conflict policy (ADR 0007): the last writer wins. What is carried is the state as it is now, not as it was
when the job was asked for; and a copy that already is so is left alone, so that our own change, coming back
through the feed, changes nothing.
"""

from typing import Final

from sqlalchemy import update

from database.commands import Claimed
from database.tables import MessageCopyRow, table_of
from jobs.context import JobContext
from jobs.mailboxes import find_mailbox, reach
from jobs.running import Done, Outcome, hold
from rules.errors import NeedsReconnect
from rules.happenings import CarryReadState, Command
from rules.words import MailboxStatus

_DIFFERENT: Final = """
select c.remote_id, u.id is not null as unread
from message_copies c
join messages m on m.id = c.message_id
left join unread u on u.message_id = m.id and u.user_id = $3
where c.mailbox_id = $1 and m.thread_id = $2 and m.direction = 'INBOUND' and c.deleted_at is null
  and c.unread <> (u.id is not null)
"""


async def carry_read_state(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Tell the provider which messages of the thread its owner has read, where it believes otherwise."""
    assert isinstance(command, CarryReadState)
    mailbox = await find_mailbox(context, claimed.workspace_id, command.mailbox_id)
    if mailbox is None or mailbox.status is not MailboxStatus.CONNECTED:
        return Done()
    rows = await context.db.fetch(
        mailbox.workspace_id, _DIFFERENT, mailbox.id, command.thread_id, mailbox.owner
    )
    for read in (True, False):
        ids = [row["remote_id"] for row in rows if row["unread"] is not read]
        if not ids:
            continue
        try:
            async with reach(context, mailbox) as provider:
                await provider.set_read(ids, read)
        except NeedsReconnect:
            return Done()
        async with context.db.work(mailbox.workspace_id) as work:
            await hold(context, work, claimed)
            copies = table_of(MessageCopyRow).c
            await work.execute(
                update(MessageCopyRow)
                .where(copies.mailbox_id == mailbox.id, copies.remote_id.in_(ids))
                .values(unread=not read)
            )
    return Done()
