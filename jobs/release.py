"""After a disconnect or a replacement: unregister push, revoke the grant, erase the tokens (L5).

The tokens are erased when the provider has revoked them or says that they are dead already; a provider that
cannot be reached is asked again, and after 23 hours the tokens are erased all the same, unrevoked: keeping
them would be worse. A mailbox that is being erased, or whose user is, waits for that (jobs/erase.py).
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, text, update

from database.commands import Claimed
from database.tables import (
    AddressBookEntryRow,
    AddressBookRow,
    ContactLinkRow,
    MailboxRow,
    table_of,
)
from database.work import Work
from jobs.context import JobContext
from jobs.mailboxes import Mailbox, find_mailbox
from jobs.running import Done, Outcome, hold
from jobs.tokens import MailboxTokens
from rules.errors import NeedsReconnect, ProviderTrouble
from rules.happenings import Command, EraseMailbox, EraseUser, ReleaseMailbox
from rules.words import MailboxStatus

GIVE_UP_AFTER: Final = timedelta(hours=23)
"""Less than a day: a mailbox that is erased is gone within one, revoked or not (R68)."""
_ERASING: Final = text(
    "select u.erasing_since is not null as with_user from mailboxes b join users u on u.id = b.user_id "
    "where b.id = :mailbox and b.erasing_since is not null"
)
_ENDED: Final = (MailboxStatus.DISCONNECTED, MailboxStatus.REPLACED, MailboxStatus.FAILED)


async def _shared(context: JobContext, mailbox: Mailbox) -> bool:
    """Whether another workspace has the same mailbox connected.

    A provider keeps one grant and one push for both: revoking here would disconnect there (L9).
    """
    if mailbox.address is None:
        return False
    return bool(await context.db.across.mailboxes_at(mailbox.provider, mailbox.address))


async def release(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Give the mailbox back to its user."""
    assert isinstance(command, ReleaseMailbox)
    mailbox = await find_mailbox(context, claimed.workspace_id, command.mailbox_id)
    if mailbox is None or mailbox.status not in _ENDED:
        return Done()
    keeper = MailboxTokens(context, mailbox.workspace_id, mailbox.id)
    try:
        if not await _shared(context, mailbox):
            await context.doors.mailbox(mailbox.provider, keeper).release(mailbox.push_remote_id)
    except NeedsReconnect:
        pass  # The grant is dead already, which is what was wanted.
    except ProviderTrouble:
        ended_at = await context.db.fetchval(
            mailbox.workspace_id, "select ended_at from mailboxes where id = $1", mailbox.id
        )
        if ended_at is not None and context.now() - ended_at < GIVE_UP_AFTER:
            raise
    async with context.db.work(mailbox.workspace_id) as work:
        await hold(context, work, claimed)
        mailboxes = table_of(MailboxRow).c
        await work.execute(
            update(MailboxRow)
            .where(mailboxes.id == mailbox.id)
            .values(
                tokens_sealed=None,
                claims_challenge=None,
                cursor=None,
                push_remote_id=None,
                push_secret_hash=None,
                push_expires_at=None,
                push_renew_at=None,
            )
        )
        for book in (AddressBookEntryRow, AddressBookRow, ContactLinkRow):
            await work.execute(delete(book).where(table_of(book).c.mailbox_id == mailbox.id))
        await _ask_for_erasure(work, mailbox)
        await work.audit("system", "mailbox.released", mailbox=str(mailbox.id))
    return Done()


async def _ask_for_erasure(work: Work, mailbox: Mailbox) -> None:
    row = (await work.execute(_ERASING, {"mailbox": mailbox.id})).one_or_none()
    if row is not None:
        work.ask(EraseUser(mailbox.owner) if row.with_user else EraseMailbox(mailbox.id))
