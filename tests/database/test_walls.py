"""The second wall of tenancy: what PostgreSQL itself keeps apart, for the processes' role."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from database import roles
from database.ids import new_id
from database.pool import Database
from database.roles import UnsafeRole
from database.tables import SyncGapRow, metadata
from tests.conftest import WorkspaceForTests
from tests.database.filling import fill

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

MANY_CONTACTS = """
insert into contacts (id, workspace_id, name, origin, created_at)
select gen_random_uuid(), $1, md5(n::text), 'CRM', now() from generate_series(1, 20000) n
"""
MANY_MESSAGES = """
insert into messages (id, workspace_id, thread_id, visibility, direction, origin, from_address, subject,
    snippet, text, sent_at, synced_at)
select gen_random_uuid(), $1, thread_id, visibility, direction, origin, from_address, '', '', md5(n::text),
    now(), now()
from messages, generate_series(1, 3000) n where workspace_id = $1
"""
TABLES = sorted(metadata.tables)
TENANT_TABLES = [name for name in TABLES if name != "workspaces"]


@pytest.fixture
async def filled(
    db: Database, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> tuple[WorkspaceForTests, WorkspaceForTests]:
    for each in (workspace, other_workspace):
        async with db.work(each.id) as work:
            await fill(work, each)
    return workspace, other_workspace


@pytest.fixture
async def app_line(database_url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def owner_line(owner_url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


def owner_of(table: str) -> str:
    return "id" if table == "workspaces" else "workspace_id"


@pytest.mark.rule("R2")
async def test_without_a_workspace_no_row_is_seen_and_with_one_only_its_own(
    filled: tuple[WorkspaceForTests, WorkspaceForTests], app_line: Connection, owner_line: Connection
) -> None:
    ours, theirs = filled
    for table in TABLES:
        both = await owner_line.fetch(f"select distinct {owner_of(table)} from {table}")
        assert {row[0] for row in both} == {ours.id, theirs.id}, f"{table} is not filled"
        assert await app_line.fetchval(f"select count(*) from {table}") == 0, table
    await app_line.execute("select set_config('app.workspace', $1, false)", str(ours.id))
    for table in TABLES:
        seen = await app_line.fetch(f"select distinct {owner_of(table)} from {table}")
        assert [row[0] for row in seen] == [ours.id], table
    await app_line.execute("select set_config('app.workspace', '', false)")
    for table in TABLES:
        assert await app_line.fetchval(f"select count(*) from {table}") == 0, table


@pytest.mark.rule("R2")
async def test_nothing_is_written_into_another_workspace(
    db: Database, filled: tuple[WorkspaceForTests, WorkspaceForTests], app_line: Connection
) -> None:
    ours, theirs = filled
    await app_line.execute("select set_config('app.workspace', $1, false)", str(ours.id))
    for table in TENANT_TABLES:
        if table in ("audit_log", "events"):
            continue
        done = await app_line.execute(
            f"update {table} set workspace_id = workspace_id where workspace_id = $1", theirs.id
        )
        assert done == "UPDATE 0", table
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app_line.execute(f"update {table} set workspace_id = $1", theirs.id)
        assert await app_line.execute(f"delete from {table} where workspace_id = $1", theirs.id) == "DELETE 0"
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.work(ours.id) as work:
            work.add(
                SyncGapRow(
                    id=new_id(), workspace_id=theirs.id, mailbox_id=new_id(), from_at=work.now, to_at=work.now
                )
            )


@pytest.mark.rule("R2")
async def test_every_table_is_walled_in_the_catalog(owner_line: Connection) -> None:
    rows = await owner_line.fetch("""
        select c.relname, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner) as owner,
            (select count(*) from pg_policy p where p.polrelid = c.oid and p.polroles = '{0}'
                and p.polwithcheck is not null and p.polqual is not null and p.polcmd = '*') as policies
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> 'alembic_version'
    """)
    assert sorted(row["relname"] for row in rows) == TABLES
    for row in rows:
        assert row["relrowsecurity"], row
        assert row["relforcerowsecurity"], row
        assert row["policies"] == 1, row
        assert row["owner"] not in (roles.APP, "bothways_across"), row
    assert await owner_line.fetchval("select count(*) from pg_views where schemaname = 'public'") == 0


@pytest.mark.rule("R2")
async def test_only_the_listed_functions_look_across(owner_line: Connection) -> None:
    rows = await owner_line.fetch("""
        select p.proname, p.proconfig, pg_get_userbyid(p.proowner) as owner,
            has_function_privilege('public', p.oid, 'execute') as anybody
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'public' and p.prosecdef
    """)
    assert {row["proname"] for row in rows} == {
        "across_api_key",
        "across_authorization",
        "across_auto_bcc",
        "across_claim",
        "across_due_commands",
        "across_ended_keys",
        "across_ended_users",
        "across_mailbox_pushed",
        "across_mailboxes_at",
        "across_mailboxes_to_check",
        "across_mailboxes_to_renew",
        "across_submission",
        "across_submissions_not_asked",
        "across_thread",
        "across_workspaces",
        "across_workspaces_wrapped_otherwise",
        "across_wrapping_keys",
        "matching_contacts",
        "matching_messages",
    }
    for row in rows:
        assert row["owner"] == "bothways_across", row
        assert row["proconfig"] == ["search_path=pg_catalog, public"], row
        assert not row["anybody"], row
    secrets = await owner_line.fetch("""
        select table_name, column_name from information_schema.column_privileges
        where grantee = 'bothways_across' and column_name in
            ('tokens_sealed', 'data_key', 'kept_sealed', 'code_sealed', 'text', 'html', 'email')
    """)
    assert secrets == []
    assert not await owner_line.fetchval("select rolcanlogin from pg_roles where rolname = 'bothways_across'")


@pytest.mark.rule("R6")
async def test_what_was_told_and_done_is_never_rewritten(
    filled: tuple[WorkspaceForTests, WorkspaceForTests], app_line: Connection
) -> None:
    await app_line.execute("select set_config('app.workspace', $1, false)", str(filled[0].id))
    for statement in (
        "update audit_log set action = 'x'",
        "delete from audit_log",
        "update events set kind = 'x'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app_line.execute(statement)


async def test_a_process_refuses_to_start_as_a_role_that_passes_the_walls(owner_url: str) -> None:
    with pytest.raises(UnsafeRole, match="bothways_app"):
        await Database.open(owner_url)


async def test_a_read_cannot_write(db: Database, workspace: WorkspaceForTests) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await db.fetch(workspace.id, "update users set name = 'x'")


async def test_reads_of_many_workspaces_never_mix(
    db: Database, filled: tuple[WorkspaceForTests, WorkspaceForTests]
) -> None:
    async def one(which: int) -> None:
        mine = filled[which % 2]
        assert await db.fetchval(mine.id, "select id from workspaces") == mine.id

    await asyncio.gather(*(one(which) for which in range(200)))


async def test_search_stays_inside_the_workspace_and_uses_its_indexes(
    db: Database, filled: tuple[WorkspaceForTests, WorkspaceForTests], owner_line: Connection
) -> None:
    ours, _theirs = filled
    for each in filled:
        contacts = await db.fetch(each.id, "select matching_contacts($1, 10) as id", "%OKAFOR.ex%")
        assert [row["id"] for row in contacts] == [await db.fetchval(each.id, "select id from contacts")]
        messages = await db.fetch(each.id, "select matching_messages($1, 10) as id", "roof good")
        assert [row["id"] for row in messages] == [await db.fetchval(each.id, "select id from messages")]
    await owner_line.execute(MANY_CONTACTS, ours.id)
    await owner_line.execute(MANY_MESSAGES, ours.id)
    await owner_line.execute("vacuum analyze contacts, messages")
    await owner_line.execute("set role bothways_across")
    await owner_line.execute("set enable_seqscan = off")
    await owner_line.execute("select set_config('app.workspace', $1, false)", str(ours.id))
    for body, index in (
        (
            "select c.id from contacts c where c.workspace_id = $1 and c.name ilike '%kafora%'",
            "contacts_name_parts",
        ),
        (
            "select m.id from messages m where m.workspace_id = $1 "
            "and m.search @@ websearch_to_tsquery('simple', 'roof')",
            "messages_search",
        ),
    ):
        plan = "\n".join(row[0] for row in await owner_line.fetch(f"explain {body}", ours.id))
        assert index in plan, plan
