"""The workspace's own sender, bulk sends and their recipients, who wants no mail, and what bounced.

Widens only: a submission of an automation has no user, which the version before it does not meet, as it makes
none; what it reads of the others is as it was.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_22_senders"
down_revision: str | None = "2026_11_22_second_auto_bcc"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TABLES = ("workspace_senders", "suppressions", "bulk_sends", "bulk_recipients")

_NOT_ASKED = """
create or replace function across_submissions_not_asked(most int)
returns table (id uuid, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select s.id, s.workspace_id from submissions s
    where s.state in ('SCHEDULED', 'HELD', 'QUEUED', 'SENDING', 'UNCERTAIN'){unless}
      and coalesce(s.undo_until, s.send_at, s.created_at) <= now()
      and not exists (
        select from commands c where c.workspace_id = s.workspace_id and c.key = 'send:' || s.id::text
      )
    order by s.created_at limit most
$$
"""

_UP = (
    """
    create table workspace_senders (
        id uuid not null,
        workspace_id uuid not null,
        host varchar not null,
        port integer not null,
        tls varchar not null,
        username varchar,
        password_sealed bytea,
        from_address varchar not null,
        from_name varchar,
        changed_at timestamptz not null,
        tested_at timestamptz,
        test_error varchar,
        primary key (id),
        constraint workspace_senders_tls_known check (tls in ('IMPLICIT', 'STARTTLS', 'NONE')),
        constraint workspace_senders_once unique (workspace_id),
        foreign key(workspace_id) references workspaces (id) on delete cascade
    )
    """,
    """
    create table suppressions (
        id uuid not null,
        workspace_id uuid not null,
        address varchar not null,
        reason varchar not null,
        created_at timestamptz not null,
        primary key (id),
        constraint suppressions_reason_known check (reason in ('UNSUBSCRIBED', 'BOUNCED', 'ADDED')),
        constraint suppressions_once unique (workspace_id, address),
        foreign key(workspace_id) references workspaces (id) on delete cascade
    )
    """,
    """
    create table bulk_sends (
        id uuid not null,
        workspace_id uuid not null,
        user_id uuid,
        mailbox_id uuid,
        via varchar not null,
        state varchar not null,
        paused_because varchar,
        idempotency_key varchar not null,
        request_hash bytea not null,
        reply_to varchar,
        subject varchar not null,
        text text,
        html text,
        total integer default '0' not null,
        sent integer default '0' not null,
        refused integer default '0' not null,
        created_at timestamptz not null,
        ended_at timestamptz,
        primary key (id),
        constraint bulk_sends_state_known check (state in ('RUNNING', 'PAUSED', 'DONE', 'CANCELLED')),
        constraint bulk_sends_via_known check (via in ('MAILBOX', 'WORKSPACE_SENDER')),
        constraint bulk_sends_idempotency_key_once unique (workspace_id, idempotency_key),
        foreign key(workspace_id) references workspaces (id) on delete cascade,
        foreign key(user_id) references users (id) on delete set null,
        foreign key(mailbox_id) references mailboxes (id) on delete set null
    )
    """,
    """
    create table bulk_recipients (
        id uuid not null,
        workspace_id uuid not null,
        bulk_send_id uuid not null,
        contact_id uuid not null,
        submission_id uuid,
        error varchar,
        primary key (id),
        constraint bulk_recipients_once unique (bulk_send_id, contact_id),
        foreign key(workspace_id) references workspaces (id) on delete cascade,
        foreign key(bulk_send_id) references bulk_sends (id) on delete cascade,
        foreign key(contact_id) references contacts (id) on delete cascade,
        foreign key(submission_id) references submissions (id) on delete set null
    )
    """,
    """
    create index bulk_recipients_waiting on bulk_recipients (bulk_send_id, id)
    where submission_id is null and error is null
    """,
    "create index bulk_recipients_of_submission on bulk_recipients (submission_id) "
    "where submission_id is not null",
    "alter table submissions alter column user_id drop not null, "
    "add column kind varchar default 'INDIVIDUAL' not null, add column bulk_send_id uuid, "
    "add column bounced_at timestamptz, add column bounce varchar, "
    "add constraint submissions_kind_known check (kind in ('INDIVIDUAL', 'BULK', 'WORKFLOW')), "
    "add constraint submissions_bulk_send_id_fkey foreign key (bulk_send_id) references bulk_sends (id) "
    "on delete set null",
    # What nobody can prove waits for its author, and for no job.
    "grant select (error_code) on submissions to bothways_across",
    _NOT_ASKED.format(unless=" and not (s.state = 'UNCERTAIN' and s.error_code = 'NOT_PROVED')"),
    "create index submissions_of_bulk_send on submissions (bulk_send_id) where bulk_send_id is not null",
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
    op.execute(_NOT_ASKED.format(unless=""))
    op.execute("revoke select (error_code) on submissions from bothways_across")
    op.execute("delete from submissions where user_id is null")
    op.execute(
        "alter table submissions drop column bulk_send_id, drop column kind, drop column bounced_at, "
        "drop column bounce, alter column user_id set not null"
    )
    for table in reversed(_TABLES):
        op.execute(f"drop table {table}")
