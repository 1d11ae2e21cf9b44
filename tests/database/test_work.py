"""One unit of work: rows, events and commands in one commit; numbers without gaps."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from database.commands import StaleClaim
from database.ids import new_id
from database.pool import Database
from database.tables import ContactAddressRow, ContactRow
from rules.happenings import MailboxChanged, PullMailbox
from rules.words import ContactOrigin, MailboxId, UserId, WorkspaceId
from tests.conftest import WorkspaceForTests

LEASE = timedelta(seconds=60)


async def test_rows_events_and_commands_leave_together(db: Database, workspace: WorkspaceForTests) -> None:
    contact_id, mailbox_id = new_id(), MailboxId(new_id())
    async with db.work(workspace.id) as work:
        work.add(
            ContactAddressRow(id=new_id(), workspace_id=workspace.id, contact_id=contact_id, address="a@b.c")
        )
        work.add(
            ContactRow(
                id=contact_id,
                workspace_id=workspace.id,
                name="Dana",
                origin=ContactOrigin.CRM,
                created_at=work.now,
            )
        )
        work.tell(MailboxChanged(mailbox_id, workspace.user_id))
        work.ask(PullMailbox(mailbox_id))
    assert await db.fetchval(workspace.id, "select name from contacts where id = $1", contact_id) == "Dana"
    events = await db.events.after(workspace.id, 0, 10)
    assert [(event.number, event.event) for event in events] == [
        (1, MailboxChanged(mailbox_id, workspace.user_id))
    ]
    due = await db.across.due_commands(10)
    assert len(due) == 1
    claimed = await db.claim(due[0][0], LEASE)
    assert claimed is not None
    assert claimed.command == PullMailbox(mailbox_id)
    async with db.work(workspace.id) as work:
        await work.finish(claimed)
    assert await db.fetchval(workspace.id, "select count(*) from commands") == 0
