"""Every table, declared once (SQLModel); migrations are made from these and checked against them."""

from sqlalchemy import Table
from sqlmodel import SQLModel

from database.tables.address_books import AddressBookEntryRow, AddressBookRow, ContactLinkRow
from database.tables.auto_bcc import QuarantineRow, RetiredAutoBccRow, TrackedContactRow
from database.tables.conversations import (
    AttachmentRow,
    ContactAddressRow,
    ContactRow,
    MessageCopyRow,
    MessageRow,
    ThreadLinkRow,
    ThreadRow,
    UnreadRow,
)
from database.tables.mailboxes import (
    AuthorizationRow,
    MailboxRow,
    SetAsideRow,
    SyncDecisionRow,
    SyncGapRow,
)
from database.tables.proof import VerificationRow
from database.tables.senders import BulkRecipientRow, BulkSendRow, SuppressionRow, WorkspaceSenderRow
from database.tables.sending import CommandRow, EventRow, SubmissionRow
from database.tables.webhooks import WebhookDeliveryRow, WebhookRow
from database.tables.workspaces import ApiKeyRow, AuditRow, UserRow, WorkspaceRow

metadata = SQLModel.metadata


def table_of(row: type[SQLModel]) -> Table:
    """Return the Core table of a row type, for statements that touch no object."""
    return metadata.tables[str(row.__tablename__)]


__all__ = [
    "AddressBookEntryRow",
    "AddressBookRow",
    "ApiKeyRow",
    "AttachmentRow",
    "AuditRow",
    "AuthorizationRow",
    "BulkRecipientRow",
    "BulkSendRow",
    "CommandRow",
    "ContactAddressRow",
    "ContactLinkRow",
    "ContactRow",
    "EventRow",
    "MailboxRow",
    "MessageCopyRow",
    "MessageRow",
    "QuarantineRow",
    "RetiredAutoBccRow",
    "SetAsideRow",
    "SubmissionRow",
    "SuppressionRow",
    "SyncDecisionRow",
    "SyncGapRow",
    "ThreadLinkRow",
    "ThreadRow",
    "TrackedContactRow",
    "UnreadRow",
    "UserRow",
    "VerificationRow",
    "WebhookDeliveryRow",
    "WebhookRow",
    "WorkspaceRow",
    "WorkspaceSenderRow",
    "metadata",
    "table_of",
]
