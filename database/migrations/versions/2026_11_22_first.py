"""The first shape: every table, the walls between workspaces, and the few doors through them.

The statements are the files of database/migrations/first, in the order of their names, so that they can be
read, and run by hand, as plain SQL. Statements are set apart by empty lines.
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op

revision: str = "2026_11_22_first"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_FOLDER = Path(__file__).parents[1] / "first"

_REMOVE = """
do $$
declare
    crossing regprocedure;
begin
    for crossing in
        select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'public' and (p.proname like 'across\\_%' or p.proname like 'matching\\_%')
          and pg_get_userbyid(p.proowner) = 'bothways_across'
    loop
        execute format('drop function %s', crossing);
    end loop;
end
$$
"""

_TABLES = (
    "commands, events, submissions, attachments, unread, message_copies, messages, thread_links, threads, "
    "contact_addresses, contacts, sync_gaps, set_asides, sync_decisions, authorizations, mailboxes, "
    "audit_log, api_keys, users, workspaces"
)


def upgrade() -> None:
    connection = op.get_bind()
    for file in sorted(_FOLDER.glob("*.sql")):
        for statement in file.read_text().split("\n\n"):
            lines = (line for line in statement.splitlines() if not line.startswith("--"))
            if any(line.strip() for line in lines):
                connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(_REMOVE)
    connection.exec_driver_sql(f"drop table {_TABLES}")
    connection.exec_driver_sql("revoke select on alembic_version from bothways_app")
