"""A database whose clock steps back: leases that nobody can have been given by it are over, and what was
asked for at once is due at once.

Replaces functions alone, with the same shape: the version before works with them as it did.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_28_clocks"
down_revision: str | None = "2026_11_28_erasing"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_FAR = "now() + interval '11 minutes'"
"""Further than any lease is given for, and any mailbox left unread: both are ten minutes at most."""

_DUE = """
create or replace function across_due_commands(most int)
returns table (id uuid, queue varchar, due_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
    select due.id, due.queue, due.due_at from (
        select c.id, c.queue, c.due_at,
            row_number() over (partition by c.workspace_id, c.queue order by c.due_at) as place
        from commands c
        where c.parked_at is null and {due} and {free}
    ) due
    order by due.place, due.due_at limit most
$$
"""

_CLAIM = """
create or replace function across_claim(command_id uuid, lease interval)
returns table (id uuid, workspace_id uuid, kind varchar, key varchar, arguments jsonb, asked int,
    attempts int, fence bigint)
language sql volatile security definer set search_path = pg_catalog, public as $$
    update commands c set
        fence = c.fence + 1,
        attempts = c.attempts + 1,
        lease_until = now() + lease,
        next_due_at = case when c.next_due_at > now() then c.next_due_at end
    where c.id = command_id and c.parked_at is null and {due} and {free}
    returning c.id, c.workspace_id, c.kind, c.key, c.arguments, c.asked, c.attempts, c.fence
$$
"""

_CHECK = """
create or replace function across_mailboxes_to_check(most int)
returns table (id uuid, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select m.id, m.workspace_id from mailboxes m
    where m.status = 'CONNECTED' and {due} order by m.next_check_at limit most
$$
"""


def upgrade() -> None:
    due = "(c.due_at <= now() or c.due_at <= c.created_at)"
    free = f"(c.lease_until is null or c.lease_until <= now() or c.lease_until > {_FAR})"
    check = f"(m.next_check_at <= now() or m.next_check_at > {_FAR})"
    op.execute("grant select (created_at) on commands to bothways_across")
    _replace(due, free, check)


def downgrade() -> None:
    op.execute("revoke select (created_at) on commands from bothways_across")
    due, free = "c.due_at <= now()", "(c.lease_until is null or c.lease_until <= now())"
    _replace(due, free, "m.next_check_at <= now()")


def _replace(due: str, free: str, check: str) -> None:
    for sql in (_DUE, _CLAIM):
        op.execute(sql.format(due=due, free=free))
    op.execute(_CHECK.format(due=check))
