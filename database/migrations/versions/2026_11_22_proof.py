"""What proof, presets and the links to address books need.

Widens only: the version before it goes on beside it.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_22_proof"
down_revision: str | None = "2026_11_22_outlook"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLES = ("verifications", "address_books", "address_book_entries", "contact_links")

_UP = (
    """
    create table verifications (
        id uuid not null,
        workspace_id uuid not null,
        mailbox_id uuid not null,
        since timestamptz not null,
        started_at timestamptz not null,
        page varchar,
        listed boolean not null,
        expected integer default '0' not null,
        present integer default '0' not null,
        suspects text[] default '{}' not null,
        suspected_at timestamptz,
        primary key (id),
        constraint verifications_once unique (mailbox_id),
        foreign key(workspace_id) references workspaces (id) on delete cascade,
        foreign key(mailbox_id) references mailboxes (id) on delete cascade
    )
    """,
    """
    create table address_books (
        id uuid not null,
        workspace_id uuid not null,
        mailbox_id uuid not null,
        sync_token varchar,
        synced_at timestamptz,
        error varchar,
        primary key (id),
        constraint address_books_once unique (mailbox_id),
        foreign key(workspace_id) references workspaces (id) on delete cascade,
        foreign key(mailbox_id) references mailboxes (id) on delete cascade
    )
    """,
    """
    create table address_book_entries (
        id uuid not null,
        workspace_id uuid not null,
        mailbox_id uuid not null,
        external_id varchar not null,
        address_hash bytea not null,
        primary key (id),
        constraint address_book_entries_once unique (mailbox_id, external_id, address_hash),
        foreign key(workspace_id) references workspaces (id) on delete cascade,
        foreign key(mailbox_id) references mailboxes (id) on delete cascade
    )
    """,
    """
    create table contact_links (
        id uuid not null,
        workspace_id uuid not null,
        contact_id uuid not null,
        mailbox_id uuid not null,
        external_id varchar not null,
        created_at timestamptz not null,
        primary key (id),
        constraint contact_links_once unique (mailbox_id, contact_id, external_id),
        foreign key(workspace_id) references workspaces (id) on delete cascade,
        foreign key(contact_id) references contacts (id) on delete cascade,
        foreign key(mailbox_id) references mailboxes (id) on delete cascade
    )
    """,
    "create index contact_links_of_contact on contact_links (contact_id)",
    "create index messages_by_sender on messages (workspace_id, from_address)",
    "alter table workspaces add column preset varchar, add constraint workspaces_preset_known "
    "check (preset in ('KYRIOS_GMAIL', 'KYRIOS_OUTLOOK', 'LEADCONNECTOR', 'VINTORY'))",
)

_WALL = (
    "alter table {table} enable row level security",
    "alter table {table} force row level security",
    "create policy inside_workspace on {table} "
    "using (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid) "
    "with check (workspace_id = nullif(current_setting('app.workspace', true), '')::uuid)",
    "grant select, insert, update, delete on {table} to bothways_app",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)
    for table in _TABLES:
        for statement in _WALL:
            op.execute(statement.format(table=table))


def downgrade() -> None:
    op.execute("alter table workspaces drop column preset")
    op.execute("drop index messages_by_sender")
    for table in reversed(_TABLES):
        op.execute(f"drop table {table}")
