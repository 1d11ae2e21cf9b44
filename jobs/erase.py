"""Erase a mailbox, or a user, whose erasure was begun (database/erasures.py): mail first, the row last.

In batches, each told in the transaction that erases it, so that a job that was killed anywhere goes on with
what is left. The row goes once the provider has revoked the grant, since it holds what that needs;
jobs/release.py asks again then. Until that, nobody can reach it. Blobs go after their rows have committed;
those that a crash left behind go with the blob store's sweep, within the day (jobs/sweep.py).
Source: security R68; ADR 0024.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text

from database.commands import Claimed
from database.erasing_mail import Left, erase_mail_of_mailbox, erase_mail_of_user
from database.erasing_users import addresses_of_user, empty_user, erase_mentions, forget_user, unassign
from database.erasures import end_mailboxes_of
from database.work import Work
from jobs.context import JobContext
from jobs.running import Again, Done, Outcome, hold
from rules.happenings import Command, EraseMailbox, EraseUser
from rules.words import MailboxId, UserId, WorkspaceId

log = structlog.get_logger(__name__)

BATCH: Final = 50
LOOK_AGAIN: Final = timedelta(minutes=10)
"""How long a release is waited for at most before it is looked at again, should its asking be lost."""

_MAILBOX: Final = """
select b.id, u.erasing_since is not null as with_user from mailboxes b join users u on u.id = b.user_id
where b.id = $1 and b.erasing_since is not null
"""
_USER: Final = "select id from users where id = $1 and erasing_since is not null"
_LOCK: Final = text("select tokens_sealed is not null from mailboxes where id = :mailbox for update")
_ANYTHING: Final = text(
    "select exists (select from messages where mailbox_id = :mailbox) "
    "or exists (select from message_copies where mailbox_id = :mailbox)"
)
_FORGET_BULK_SENDS: Final = text("delete from bulk_sends where mailbox_id = :mailbox and via = 'MAILBOX'")
_FORGET_REPLY_TO: Final = text(
    "update bulk_sends set reply_to = null from mailboxes b where b.id = :mailbox "
    "and (bulk_sends.reply_to = b.address or bulk_sends.reply_to = any(b.send_as))"
)
_FORGET_COMMANDS: Final = text(
    "delete from commands where workspace_id = :workspace and lease_until is null "
    "and (key = any(:keys) or key like :reads)"
)
_FORGET_TRIES: Final = text(
    "delete from mailboxes f using mailboxes b where b.id = :mailbox and f.user_id = b.user_id "
    "and f.status = 'FAILED' and f.tokens_sealed is null and f.created_at < b.created_at"
)
"""Tries to connect that failed before it are told no more, and do not come back by its going."""
_FORGET: Final = text("delete from mailboxes where id = :mailbox")
_KINDS: Final = ("pull", "watch", "set-aside", "verify", "narrow", "address-book", "release")

Batch = Callable[[Work], Awaitable[Left]]


async def erase_mailbox(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Erase what only the mailbox brought, and then the mailbox; one of an erased user is left to that."""
    assert isinstance(command, EraseMailbox)
    row = await context.db.fetchrow(claimed.workspace_id, _MAILBOX, command.mailbox_id)
    if row is None or row["with_user"]:
        return Done()
    late = await _mail_of_mailboxes(context, claimed, [command.mailbox_id])
    if late is not None:
        return late
    async with context.db.work(claimed.workspace_id) as work:
        await hold(context, work, claimed)
        gone = await _forget_mailbox(work, command.mailbox_id)
        if gone:
            await work.audit("system", "mailbox.erased", mailbox=str(command.mailbox_id))
        context.passing("erase.row-uncommitted")
    if gone:
        log.info("mailbox_erased", workspace=str(claimed.workspace_id), mailbox=str(command.mailbox_id))
    context.passing("erase.row")
    return Done() if gone else Again(context.now() + LOOK_AGAIN, heeds=True)


async def erase_user(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Erase the mail of the user's mailboxes, all that is theirs, their name elsewhere, and then the user."""
    assert isinstance(command, EraseUser)
    workspace_id, user_id = claimed.workspace_id, command.user_id
    if await context.db.fetchrow(workspace_id, _USER, user_id) is None:
        return Done()
    async with context.db.work(workspace_id) as work:
        await hold(context, work, claimed)
        mailboxes = await end_mailboxes_of(work, user_id)
    late = await _mail_of_mailboxes(context, claimed, mailboxes)
    late = late or await _until_none(
        context, claimed, lambda work: erase_mail_of_user(work, user_id, BATCH), "mail"
    )
    late = late or await _name(context, claimed, user_id)
    if late is not None:
        return late
    async with context.db.work(workspace_id) as work:
        await hold(context, work, claimed)
        gone = all([await _forget_mailbox(work, mailbox_id) for mailbox_id in mailboxes])
        gone = gone and await forget_user(work, user_id)
        if gone:
            await work.audit("system", "user.erased", user=str(user_id))
        context.passing("erase.row-uncommitted")
    if gone:
        log.info("user_erased", workspace=str(workspace_id), user=str(user_id))
    context.passing("erase.row")
    return Done() if gone else Again(context.now() + LOOK_AGAIN, heeds=True)


async def _mail_of_mailboxes(
    context: JobContext, claimed: Claimed, mailboxes: Sequence[MailboxId]
) -> Again | None:
    for mailbox_id in mailboxes:
        batch = partial(erase_mail_of_mailbox, mailbox_id=mailbox_id, batch=BATCH)
        late = await _until_none(context, claimed, batch, "mail")
        if late is not None:
            return late
    return None


async def _name(context: JobContext, claimed: Claimed, user_id: UserId) -> Again | None:
    """Take the user's addresses from what stays, their name from their row, and what is theirs from them."""
    async with context.db.work(claimed.workspace_id) as work:
        addresses = await addresses_of_user(work, user_id)

    async def assigned(work: Work) -> Left:
        return Left(await unassign(work, user_id, BATCH))

    late = await _until_none(
        context, claimed, lambda work: erase_mentions(work, addresses, BATCH), "mentions"
    )
    late = late or await _until_none(context, claimed, assigned, "assigned")
    if late is not None:
        return late
    async with context.db.work(claimed.workspace_id) as work:
        await hold(context, work, claimed)
        uploads = await empty_user(work, user_id)
    context.passing("erase.husk")
    await _forget_blobs(context, claimed.workspace_id, uploads)
    return None


async def _until_none(context: JobContext, claimed: Claimed, batch: Batch, what: str) -> Again | None:
    """Carry batches out, a transaction each, until there is nothing left, or the job's time is up."""
    until = context.now() + context.settings.slice
    while True:
        async with context.db.work(claimed.workspace_id) as work:
            await hold(context, work, claimed)
            left = await batch(work)
            context.passing(f"erase.{what}-uncommitted")
        context.passing(f"erase.{what}")
        await _forget_blobs(context, claimed.workspace_id, left.blob_keys)
        if not left.threads:
            return None
        if context.now() >= until:
            return Again(context.now())


async def _forget_blobs(context: JobContext, workspace_id: WorkspaceId, keys: Sequence[str]) -> None:
    if keys:
        await context.blobs.forget(context.db, workspace_id, keys)


async def _forget_mailbox(work: Work, mailbox_id: UUID) -> bool:
    """Delete a mailbox's row with all that hangs on it; False while its grant stands or more came."""
    names = {"mailbox": mailbox_id}
    tokens = (await work.execute(_LOCK, names)).scalar_one_or_none()
    if tokens is None:
        return True
    if tokens or (await work.execute(_ANYTHING, names)).scalar_one():
        return False
    await work.execute(_FORGET_BULK_SENDS, names)
    await work.execute(_FORGET_REPLY_TO, names)
    keys = [f"{kind}:{mailbox_id}" for kind in _KINDS]
    voided = {"workspace": work.workspace_id, "keys": keys, "reads": f"read:{mailbox_id}:%"}
    await work.execute(_FORGET_COMMANDS, voided)
    await work.execute(_FORGET_TRIES, names)
    await work.execute(_FORGET, names)
    return True
