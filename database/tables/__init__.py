"""Every table, declared once (SQLModel); migrations are made from these and checked against them."""

from sqlmodel import SQLModel

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
from database.tables.sending import CommandRow, EventRow, SubmissionRow
from database.tables.workspaces import ApiKeyRow, AuditRow, UserRow, WorkspaceRow

metadata = SQLModel.metadata

__all__ = [
    "ApiKeyRow",
    "AttachmentRow",
    "AuditRow",
    "AuthorizationRow",
    "CommandRow",
    "ContactAddressRow",
    "ContactRow",
    "EventRow",
    "MailboxRow",
    "MessageCopyRow",
    "MessageRow",
    "SetAsideRow",
    "SubmissionRow",
    "SyncDecisionRow",
    "SyncGapRow",
    "ThreadLinkRow",
    "ThreadRow",
    "UnreadRow",
    "UserRow",
    "WorkspaceRow",
    "metadata",
]
