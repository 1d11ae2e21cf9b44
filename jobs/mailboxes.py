"""A mailbox as a job meets it: its row, the way to its provider, and what happens when the way is shut.

Belongs here: reading and moving the connection's own state. Every move goes through rules/mailbox_life.py.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import update

from database.tables import MailboxRow, table_of
from jobs.context import JobContext
from jobs.tokens import MailboxTokens
from providers.protocol import MailProvider
from rules.errors import NeedsReconnect
from rules.happenings import MailboxChanged
from rules.mailbox_life import MailboxHappening, move, status_reason
from rules.words import MailboxId, MailboxStatus, Provider, UserId, Visibility, WorkspaceId

_COLUMNS: Final = """
select id, workspace_id, user_id, provider, address, remote_account_id, status, visibility, cursor,
       connected_at, last_change_seen_at, push_expires_at, push_remote_id
from mailboxes where id = $1
"""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What jobs need to know of a connection."""

    id: MailboxId
    workspace_id: WorkspaceId
    owner: UserId
    provider: Provider
    address: str | None
    remote_account_id: str | None
    status: MailboxStatus
    visibility: Visibility
    cursor: str | None
    connected_at: datetime | None
    last_change_seen_at: datetime | None
    push_expires_at: datetime | None
    push_remote_id: str | None


async def find_mailbox(
    context: JobContext, workspace_id: WorkspaceId, mailbox_id: MailboxId
) -> Mailbox | None:
    """Return a mailbox's row; None where it was erased."""
    row = await context.db.fetchrow(workspace_id, _COLUMNS, mailbox_id)
    if row is None:
        return None
    return Mailbox(
        id=MailboxId(row["id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        owner=UserId(row["user_id"]),
        provider=Provider(row["provider"]),
        address=row["address"],
        remote_account_id=row["remote_account_id"],
        status=MailboxStatus(row["status"]),
        visibility=Visibility(row["visibility"]),
        cursor=row["cursor"],
        connected_at=row["connected_at"],
        last_change_seen_at=row["last_change_seen_at"],
        push_expires_at=row["push_expires_at"],
        push_remote_id=row["push_remote_id"],
    )


@asynccontextmanager
async def reach(context: JobContext, mailbox: Mailbox) -> AsyncIterator[MailProvider]:
    """Open the way to a mailbox's provider.

    Raises:
        NeedsReconnect: the provider shut the way; the mailbox waits for its user from now on (L7).
    """
    keeper = MailboxTokens(context, mailbox.workspace_id, mailbox.id)
    try:
        yield context.doors.mailbox(mailbox.provider, keeper)
    except NeedsReconnect as shut:
        await wait_for_user(context, mailbox, shut)
        raise


async def wait_for_user(context: JobContext, mailbox: Mailbox, shut: NeedsReconnect) -> None:
    """Move a connected mailbox to REAUTHENTICATE and tell everybody who watches it; any other stays."""
    lost = move(MailboxStatus.CONNECTED, MailboxHappening.ACCESS_LOST)
    async with context.db.work(mailbox.workspace_id) as work:
        mailboxes = table_of(MailboxRow).c
        moved = await work.execute(
            update(MailboxRow)
            .where(mailboxes.id == mailbox.id, mailboxes.status == MailboxStatus.CONNECTED.value)
            .values(
                status=lost.status.value,
                status_reason=status_reason(shut.reason),
                claims_challenge=shut.claims,
            )
            .returning(mailboxes.id)
        )
        if moved.first() is not None:
            work.tell(MailboxChanged(mailbox.id, mailbox.owner))
            await work.audit("system", "mailbox.reauthenticate", mailbox=str(mailbox.id))
