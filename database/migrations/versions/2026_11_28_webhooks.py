"""Webhooks and their deliveries.

Widens only: the version before it neither reads nor writes these tables, and asks for no delivery; what it
tells meanwhile is found in the event log by the next one.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_28_webhooks"
down_revision: str | None = "2026_11_22_senders"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLES = ("webhooks", "webhook_deliveries")

_UP = (
    """
    create table webhooks (
        id uuid not null,
        workspace_id uuid not null,
        url varchar not null,
        kinds text[] default '{}' not null,
        state varchar not null,
        off_because varchar,
        secret_sealed bytea not null,
        previous_secret_sealed bytea,
        previous_secret_until timestamptz,
        position bigint not null,
        failures integer default '0' not null,
        failing_since timestamptz,
        wait_until timestamptz,
        last_delivered_at timestamptz,
        last_error varchar,
        created_at timestamptz not null,
        changed_at timestamptz not null,
        primary key (id),
        constraint webhooks_state_known check (state in ('ON', 'PAUSED', 'OFF')),
        foreign key(workspace_id) references workspaces (id) on delete cascade
    )
    """,
    "create index webhooks_by_workspace on webhooks (workspace_id, created_at)",
    """
    create table webhook_deliveries (
        id uuid not null,
        workspace_id uuid not null,
        webhook_id uuid not null,
        event_number bigint,
        kind varchar,
        event_at timestamptz not null,
        subject jsonb not null,
        state varchar not null,
        attempts integer default '0' not null,
        next_attempt_at timestamptz,
        last_attempt_at timestamptz,
        last_status integer,
        error varchar,
        created_at timestamptz not null,
        delivered_at timestamptz,
        primary key (id),
        constraint webhook_deliveries_kind_known check (kind in ('MESSAGE_SYNCED', 'MESSAGE_CHANGED',
            'THREAD_CHANGED', 'MAILBOX_CHANGED', 'BULK_SEND_PROGRESSED', 'WITHDRAWN')),
        constraint webhook_deliveries_state_known
            check (state in ('WAITING', 'DELIVERED', 'FAILED', 'WITHHELD')),
        constraint webhook_deliveries_once unique (webhook_id, event_number),
        foreign key(workspace_id) references workspaces (id) on delete cascade,
        foreign key(webhook_id) references webhooks (id) on delete cascade
    )
    """,
    "create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, event_number) "
    "where state = 'WAITING'",
    "create index webhook_deliveries_listed on webhook_deliveries (webhook_id, created_at, id)",
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
    op.execute("delete from commands where queue = 'webhooks'")
    op.execute("delete from events where kind = 'WebhookChanged'")
    for table in reversed(_TABLES):
        op.execute(f"drop table {table}")
