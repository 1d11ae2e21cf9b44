"""Answers to the workspace sender's mail: a further origin, what was proved of a sender, the return path.

Widens only. The version before cannot show the new origin, and meets it only once an SMTP process of this
version runs: that one is updated last, and a way back goes through the downgrade.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "2026_11_28_replies"
down_revision: str | None = "2026_11_28_webhooks"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_ORIGINS = ("CRM", "MAILBOX", "AUTO_BCC")
_ACROSS = {
    # A signed address names a conversation or a sending, and nothing of its workspace.
    "across_thread": "select t.id, t.workspace_id from threads t where t.id = named",
    "across_submission": "select s.id, s.workspace_id from submissions s where s.id = named",
}


def _known(origins: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{origin}'" for origin in origins)
    op.execute("alter table messages drop constraint messages_origin_known")
    op.execute(
        f"alter table messages add constraint messages_origin_known check (origin in ({listed})) not valid"
    )


def upgrade() -> None:
    op.execute("alter table messages add column sender_proved boolean")
    op.execute("alter table workspace_senders add column bounces_here boolean default false not null")
    _known((*_ORIGINS, "REPLY_ADDRESS"))
    op.execute("grant select (id, workspace_id) on threads to bothways_across")
    op.execute("create policy across_workspaces on threads for select to bothways_across using (true)")
    op.execute("grant create on schema public to bothways_across")
    for name, sql in _ACROSS.items():
        op.execute(
            f"create function {name}(named uuid) returns table (id uuid, workspace_id uuid) "
            f"language sql stable security definer set search_path = pg_catalog, public as $$ {sql} $$"
        )
        op.execute(f"alter function {name}(uuid) owner to bothways_across")
        op.execute(f"revoke all on function {name}(uuid) from public")
        op.execute(f"grant execute on function {name}(uuid) to bothways_app")
    op.execute("revoke create on schema public from bothways_across")


def downgrade() -> None:
    for name in _ACROSS:
        op.execute(f"drop function {name}(uuid)")
    op.execute("drop policy across_workspaces on threads")
    op.execute("revoke select (id, workspace_id) on threads from bothways_across")
    # An owner who is no superuser is held by the wall too, and there is no workspace to set here.
    op.execute("alter table messages no force row level security")
    op.execute("update messages set origin = 'AUTO_BCC' where origin = 'REPLY_ADDRESS'")
    op.execute("alter table messages force row level security")
    _known(_ORIGINS)
    op.execute("alter table workspace_senders drop column bounces_here")
    op.execute("alter table messages drop column sender_proved")
