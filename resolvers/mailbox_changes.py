"""Change, ask, or end a mailbox: its settings, a pull now, its disconnection (L5)."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from strawberry import ID

from database.endings import end_mailbox
from database.reads import facts, roots
from database.tables import MailboxRow, table_of
from database.work import Work
from resolvers.access import governs, refusal
from resolvers.actors import actor
from resolvers.context import Context, Info
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules.happenings import MailboxChanged, NarrowMailbox, PullMailbox, VerifyMailbox
from rules.mailbox_life import MailboxHappening, may
from rules.words import (
    MailboxId,
    MailboxStatus,
    Scope,
    SyncScope,
    UserId,
    Visibility,
)
from schema.results.mailboxes import (
    ConfigureMailboxResult,
    Disconnected,
    DisconnectMailboxResult,
    SyncNowResult,
)
from schema.results.refusals import NotConnected, NotFound
from schema.scalars import read_id
from schema.types.mailboxes import Mailbox

_NO_SUCH: Final = "There is no such mailbox."
_LIVE: Final = (MailboxStatus.CONNECTED, MailboxStatus.REAUTHENTICATE)


async def configure_mailbox(
    info: Info, mailbox_id: ID, scope: SyncScope | None = None, visibility: Visibility | None = None
) -> ConfigureMailboxResult:
    """Change what a mailbox brings from now on, and what colleagues see: less at once, more from now on."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    async with context.db.work(context.viewer.workspace_id) as work:
        row = await _locked(work, context, mailbox_id)
        if row is None or row.status not in (*_LIVE, MailboxStatus.AUTHORIZING):
            return NotFound(message=_NO_SUCH)
        given = {"scope": scope, "visibility": visibility}
        changes = {name: value.value for name, value in given.items() if value is not None}
        if changes:
            await _write(work, row.id, **changes)
            if visibility is not None:
                work.ask(NarrowMailbox(MailboxId(row.id)))
            work.tell(MailboxChanged(MailboxId(row.id), UserId(row.user_id)))
            await work.audit(actor(context.viewer), "mailbox.configured", mailbox=str(row.id), **changes)
    return await _read(info, row.id)


async def sync_now(info: Info, mailbox_id: ID) -> SyncNowResult:
    """Ask for the mailbox to be read now, and to be compared with what its provider lists."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    async with context.db.work(context.viewer.workspace_id) as work:
        row = await _locked(work, context, mailbox_id)
        if row is None:
            return NotFound(message=_NO_SUCH)
        if row.status != MailboxStatus.CONNECTED:
            return NotConnected(message="Only a connected mailbox can be read.")
        work.ask(PullMailbox(MailboxId(row.id)))
        work.ask(VerifyMailbox(MailboxId(row.id)))
    return await _read(info, row.id)


async def disconnect_mailbox(info: Info, mailbox_id: ID) -> DisconnectMailboxResult:
    """End a connection: no more is read or sent through it, its links end, its tokens go; mail stays."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    async with context.db.work(context.viewer.workspace_id) as work:
        row = await _locked(work, context, mailbox_id)
        if row is None:
            return NotFound(message=_NO_SUCH)
        if not may(MailboxStatus(row.status), MailboxHappening.DISCONNECT):
            return NotConnected(message="This connection has already ended.")
        ended = await end_mailbox(
            work, row.id, row.user_id, MailboxStatus(row.status), MailboxHappening.DISCONNECT
        )
        stays = (await work.execute(facts.WHAT_STAYS, {"mailbox": row.id})).one()
        await work.audit(actor(context.viewer), "mailbox.disconnected", mailbox=str(row.id))
    return Disconnected(
        mailbox=await _read(info, row.id, "mailbox"),
        threads_kept=stays.threads,
        messages_kept=stays.messages,
        links_ended=ended.links,
        sends_refused=ended.refused,
    )


async def _locked(work: Work, context: Context, mailbox_id: ID) -> Any:
    """Return the row of a mailbox that the viewer may change: their own, or any where they govern."""
    names = {
        "workspace": work.workspace_id,
        "id": read_id(mailbox_id),
        "user": context.viewer.user_id,
        "governs": governs(context.viewer),
    }
    return (await work.execute(facts.OWN_MAILBOX_LOCKED, names)).one_or_none()


async def _write(work: Work, mailbox_id: UUID, **columns: Any) -> None:
    mailboxes = table_of(MailboxRow)
    await work.execute(update(mailboxes).where(mailboxes.c.id == mailbox_id).values(**columns))


async def _read(info: Info, mailbox_id: UUID, *path: str) -> Mailbox:
    context = info.context
    wanted = wanted_below(info, "mailbox", context.viewer.workspace_id, *path)
    found: Mailbox = await read_one(context, "mailbox", roots.OWN_MAILBOX, wanted, id=uuid(mailbox_id))
    return found
