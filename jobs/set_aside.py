"""Try again what could not be read: one message that cannot be read never stops its mailbox (R55)."""

from typing import Final

from database.commands import Claimed
from database.sync_facts import sync_settings
from database.work import Work
from jobs.context import JobContext
from jobs.mailboxes import find_mailbox, reach
from jobs.running import Again, Done, Outcome
from jobs.taking import Desk, take
from rules.errors import NeedsReconnect
from rules.happenings import Command, RetrySetAside
from rules.words import MailboxStatus

_DUE: Final = """
select remote_id from set_asides where mailbox_id = $1 and next_at <= $2 order by next_at limit 50
"""


async def retry_set_aside(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Take in the set-aside messages that are due, as if they had just come."""
    assert isinstance(command, RetrySetAside)
    mailbox = await find_mailbox(context, claimed.workspace_id, command.mailbox_id)
    if mailbox is None or mailbox.status is not MailboxStatus.CONNECTED:
        return Done()
    settings = await sync_settings(
        context.db, mailbox.workspace_id, mailbox.id, context.settings.inbound_domains
    )
    due = await context.db.fetch(mailbox.workspace_id, _DUE, mailbox.id, context.now())
    if settings is None:
        return Done()
    if due:
        try:
            async with reach(context, mailbox) as provider:
                desk = Desk(context, claimed, mailbox, provider, settings)
                await take(desk, [row["remote_id"] for row in due], _nothing_more)
        except NeedsReconnect:
            return Done()
    later = await context.db.fetchval(
        mailbox.workspace_id, "select min(next_at) from set_asides where mailbox_id = $1", mailbox.id
    )
    return Done() if later is None else Again(later)


async def _nothing_more(work: Work) -> None:
    """A retried message moves no cursor."""
