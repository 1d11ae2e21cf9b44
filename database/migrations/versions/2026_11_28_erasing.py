"""Erasing a mailbox or a user: since when, and the indexes by which what is theirs is found and deleted.

Widens only: the version before shows what is being erased until its rows are gone, and erases nothing itself.
A foreign key has no index of its own in PostgreSQL: without these, deleting one mailbox or user would read
every message of every workspace.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_28_erasing"
down_revision: str | None = "2026_11_28_gaps"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_UP = (
    "alter table mailboxes add column erasing_since timestamptz",
    "alter table users add column erasing_since timestamptz",
    "create index threads_assigned on threads (assignee_id) where assignee_id is not null",
    "create index threads_private on threads (private_to) where private_to is not null",
    "create index thread_links_of_mailbox on thread_links (mailbox_id)",
    "create index messages_of_owner on messages (owner_id) where owner_id is not null",
    "create index messages_with_bcc on messages (workspace_id) where bcc_recipients <> '[]'",
    "create index attachments_uploaded on attachments (user_id) where user_id is not null",
    "create index submissions_of_mailbox on submissions (mailbox_id) where mailbox_id is not null",
    "create index submissions_of_user on submissions (user_id) where user_id is not null",
    "drop index messages_of_mailbox",
    "create index messages_of_mailbox on messages (mailbox_id, synced_at)",
)

_DOWN = (
    "drop index messages_of_mailbox",
    "create index messages_of_mailbox on messages (mailbox_id, synced_at) where received_at is not null",
    "drop index submissions_of_user",
    "drop index submissions_of_mailbox",
    "drop index attachments_uploaded",
    "drop index messages_with_bcc",
    "drop index messages_of_owner",
    "drop index thread_links_of_mailbox",
    "drop index threads_private",
    "drop index threads_assigned",
    "alter table users drop column erasing_since",
    "alter table mailboxes drop column erasing_since",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
