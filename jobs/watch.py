"""Keep a mailbox's change push registered: renewed at half its life, made anew when it is gone (R63).

Where the deployment has no push, polling does everything, and nothing is renewed. A push that cannot be
registered never stops a mailbox: it is polled meanwhile.
"""

import hashlib

from sqlalchemy import update

from database.commands import Claimed
from database.tables import MailboxRow, table_of
from jobs.context import JobContext
from jobs.mailboxes import Mailbox, find_mailbox, reach
from jobs.running import Done, Outcome, hold
from rules.errors import NeedsReconnect
from rules.happenings import Command, PullMailbox, RenewWatch
from rules.words import MailboxStatus


async def renew_watch(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Register or renew the push, then read once: what changed while none was registered told nobody."""
    assert isinstance(command, RenewWatch)
    mailbox = await find_mailbox(context, claimed.workspace_id, command.mailbox_id)
    if mailbox is None or mailbox.status is not MailboxStatus.CONNECTED:
        return Done()
    secret = await _secret(context, mailbox)
    try:
        async with reach(context, mailbox) as provider:
            watch = await provider.watch(mailbox.push_remote_id, secret)
    except NeedsReconnect:
        return Done()
    async with context.db.work(mailbox.workspace_id) as work:
        await hold(context, work, claimed)
        mailboxes = table_of(MailboxRow).c
        half_life = None if watch is None else work.now + (watch.expires_at - work.now) / 2
        await work.execute(
            update(MailboxRow)
            .where(mailboxes.id == mailbox.id)
            .values(
                push_remote_id=watch.remote_id or None if watch else None,
                push_expires_at=watch.expires_at if watch else None,
                push_renew_at=half_life,
            )
        )
        work.ask(PullMailbox(mailbox.id))
    return Done()


async def _secret(context: JobContext, mailbox: Mailbox) -> str:
    """Return what unsigned pushes of this mailbox must carry, its hash stored before anybody is told it.

    The first push may come while the registration is still under way. It is made from the workspace's key and
    never stored itself, so that a renewal keeps it, and a reader of the database cannot forge a push.
    """
    key = await context.vault.data_key(mailbox.workspace_id)
    secret = key.keyed_hash("change push", str(mailbox.id)).hex()
    mailboxes = table_of(MailboxRow).c
    presented = hashlib.sha256(secret.encode()).digest()
    async with context.db.work(mailbox.workspace_id) as work:
        await work.execute(
            update(MailboxRow)
            .where(mailboxes.id == mailbox.id, mailboxes.push_secret_hash.is_distinct_from(presented))
            .values(push_secret_hash=presented)
        )
    return secret
