"""What a push that nobody signs is known by: the registration's id, and the hash of what it must carry.

Widens only: the version before it goes on beside it.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_22_outlook"
down_revision: str | None = "2026_11_22_first"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_UP = (
    "alter table mailboxes add column push_remote_id varchar, add column push_secret_hash bytea",
    """
    create index mailboxes_by_push_secret on mailboxes (push_secret_hash)
    where push_secret_hash is not null
    """,
    "grant select (push_secret_hash) on mailboxes to bothways_across",
    """
    create function across_mailbox_pushed(presented_hash bytea)
    returns table (id uuid, workspace_id uuid)
    language sql stable security definer set search_path = pg_catalog, public as $$
        select m.id, m.workspace_id from mailboxes m
        where m.push_secret_hash = presented_hash and m.status = 'CONNECTED'
    $$
    """,
    "grant create on schema public to bothways_across",
    "alter function across_mailbox_pushed(bytea) owner to bothways_across",
    "revoke all on function across_mailbox_pushed(bytea) from public",
    "grant execute on function across_mailbox_pushed(bytea) to bothways_app",
    "revoke create on schema public from bothways_across",
)

_DOWN = (
    "drop function across_mailbox_pushed(bytea)",
    "drop index mailboxes_by_push_secret",
    "alter table mailboxes drop column push_secret_hash, drop column push_remote_id",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
