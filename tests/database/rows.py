"""Rows that several tests of the database need."""

from database.ids import new_id
from database.pool import Database
from database.tables import ContactRow, MailboxRow, MessageRow, ThreadRow
from database.work import Work
from rules.words import (
    ContactOrigin,
    Direction,
    MailboxStatus,
    Origin,
    Provider,
    SyncScope,
    ThreadId,
)
from tests.conftest import WorkspaceForTests


def mailbox(work: Work, workspace: WorkspaceForTests, address: str = "ada@gmail.example") -> MailboxRow:
    """A connected mailbox of the workspace's first user."""
    return MailboxRow(
        id=new_id(),
        workspace_id=workspace.id,
        user_id=workspace.user_id,
        provider=Provider.GMAIL,
        address=address,
        remote_account_id="109876",
        status=MailboxStatus.CONNECTED,
        scope=SyncScope.CONTACTS,
        created_at=work.now,
        next_check_at=work.now,
    )


def conversation(work: Work, workspace: WorkspaceForTests) -> tuple[ContactRow, ThreadRow, MessageRow]:
    """A contact with a thread of one message that came in."""
    contact = ContactRow(
        id=new_id(), workspace_id=workspace.id, name="Dana", origin=ContactOrigin.CRM, created_at=work.now
    )
    thread = ThreadRow(
        id=new_id(),
        workspace_id=workspace.id,
        contact_id=contact.id,
        subject="Offer",
        last_message_at=work.now,
        created_at=work.now,
    )
    message = MessageRow(
        id=new_id(),
        workspace_id=workspace.id,
        thread_id=thread.id,
        direction=Direction.INBOUND,
        origin=Origin.MAILBOX,
        from_address="dana@okafor.example",
        subject="Offer for the roof",
        text="Sounds good",
        sent_at=work.now,
        synced_at=work.now,
    )
    return contact, thread, message


async def stored_conversation(db: Database, workspace: WorkspaceForTests) -> tuple[ThreadId, MessageRow]:
    """Store such a conversation."""
    async with db.work(workspace.id) as work:
        contact, thread, message = conversation(work, workspace)
        for row in (message, thread, contact):
            work.add(row)
    return ThreadId(thread.id), message
