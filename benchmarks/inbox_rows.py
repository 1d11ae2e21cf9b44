"""A workspace with an inbox of any size, written by PostgreSQL itself: for benchmarks.inbox_size."""

from typing import Any, Final
from uuid import UUID

import asyncpg

PEOPLE: Final = 2_000

_CONTACTS: Final = """
with made as (
    insert into contacts (id, workspace_id, name, company, origin, created_at)
    select contact_of(n), $1, 'Contact ' || n, 'Company ' || n % 300, 'CRM', now() - interval '400 days'
    from generate_series(1, $2::int) n returning id, name
)
insert into contact_addresses (id, workspace_id, contact_id, address, position)
select gen_random_uuid(), $1, id, replace(lower(name), ' ', '.') || '@example.test', 0 from made
"""
_THREADS: Final = """
insert into threads (id, workspace_id, contact_id, subject, message_count, last_message_id, last_message_at,
    state, participants, created_at)
select thread_of(n), $1, contact_of(1 + n % $3), 'Offer ' || n || ' for the ' || (array['roof', 'garden',
    'kitchen', 'workshop'])[1 + n % 4], 2, answer_of(n), now() - n * interval '4 minutes', 'OPEN',
    jsonb_build_array(
        jsonb_build_object('address', 'contact.' || 1 + n % $3 || '@example.test', 'name',
            'Contact ' || 1 + n % $3, 'kind', 'CONTACT'),
        jsonb_build_object('address', 'ann@example-co.test', 'name', 'Ann Berg', 'kind', 'USER')),
    now() - n * interval '4 minutes' - interval '2 hours'
from generate_series(1, $2::int) n
"""
_MESSAGES: Final = """
insert into messages (id, workspace_id, thread_id, owner_id, direction, origin, internet_message_id,
    visibility, from_address, from_name, to_recipients, subject, snippet, text, sent_at, received_at,
    synced_at)
select case when part = 1 then question_of(n) else answer_of(n) end, $1, thread_of(n), $4,
    case when part = 1 then 'OUTBOUND' else 'INBOUND' end, 'MAILBOX', part || '.' || n || '@example.test',
    'EVERYTHING',
    case when part = 1 then 'ann@example-co.test' else 'contact.' || 1 + n % $3 || '@example.test' end,
    case when part = 1 then 'Ann Berg' else 'Contact ' || 1 + n % $3 end,
    '[{"address": "ann@example-co.test", "name": "Ann Berg"}]'::jsonb,
    'Offer ' || n, words.said, words.said || E'\n\n' || repeat('The measurements are as discussed. ', 12),
    now() - n * interval '4 minutes' - (2 - part) * interval '2 hours', now(), now()
from generate_series(1, $2::int) n, generate_series(1, 2) part,
    lateral (select 'Hello, number ' || n || case when n % 997 = 0 then ' about the chimney' else '' end
        || ': when could your people start, and what would it cost?' as said) words
"""
_UNREAD: Final = """
insert into unread (id, workspace_id, user_id, thread_id, message_id)
select gen_random_uuid(), $1, $3, thread_of(n), answer_of(n) from generate_series(1, $2::int, 10) n
"""
_FILES: Final = """
insert into attachments (id, workspace_id, message_id, name, content_type, size_bytes, inline, state,
    created_at)
select gen_random_uuid(), $1, answer_of(n), 'plan.pdf', 'application/pdf', 48000, false, 'TOO_LARGE', now()
from generate_series(1, $2::int, 8) n
"""
_NAMES: Final = """
create function pg_temp.named(kind text, n int) returns uuid language sql immutable
    as $$ select md5(kind || n)::uuid $$
"""


async def fill(url: str, workspace_id: UUID, user_id: UUID, threads: int) -> None:
    """Write so many conversations of two messages each; `url` is the database owner's."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(_NAMES)
            for statement, arguments in _statements(workspace_id, user_id, threads):
                await connection.execute(_expanded(statement), *arguments)
        await connection.execute("analyze")
    finally:
        await connection.close()


def _statements(workspace_id: UUID, user_id: UUID, threads: int) -> list[tuple[str, tuple[Any, ...]]]:
    return [
        (_CONTACTS, (workspace_id, PEOPLE)),
        (_THREADS, (workspace_id, threads, PEOPLE)),
        (_MESSAGES, (workspace_id, threads, PEOPLE, user_id)),
        (_UNREAD, (workspace_id, threads, user_id)),
        (_FILES, (workspace_id, threads)),
    ]


def _expanded(statement: str) -> str:
    for name, kind in (("contact", "c"), ("thread", "t"), ("question", "q"), ("answer", "a")):
        statement = statement.replace(f"{name}_of(", f"pg_temp.named('{kind}', ")
    return statement
