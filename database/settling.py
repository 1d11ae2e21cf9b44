"""A conversation after some of its messages went: what is left of it, counted and named by what stayed.

Nothing that only the messages that went said may stay behind: not the subject, not a name, not an address.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import text

from database.work import Work
from rules.happenings import ThreadChanged, Withdrawn
from rules.words import ContactId, ThreadId

_EMPTY: Final = text(
    "delete from threads t where t.id = any(:threads) "
    "and not exists (select from messages m where m.thread_id = t.id) returning t.id"
)
_SETTLE: Final = text("""
update threads t set
    message_count = left_over.messages,
    last_message_id = newest.id,
    last_message_at = newest.sent_at,
    subject = case when left_over.subjects @> array[t.subject::text] then t.subject else oldest.subject end,
    participants = coalesce((
        select jsonb_agg(p || jsonb_build_object('name', named.name) order by place)
        from jsonb_array_elements(t.participants) with ordinality as was(p, place)
        join (
            select distinct on (person.address) person.address, person.name
            from messages m cross join lateral (
                select m.from_address::text, m.from_name::text union all
                select r ->> 'address', r ->> 'name'
                from jsonb_array_elements(m.to_recipients || m.cc_recipients) r
            ) as person(address, name)
            where m.thread_id = t.id
            order by person.address, person.name is null, m.sent_at, m.id
        ) named on named.address = p ->> 'address'
    ), '[]')
from (
    select m.thread_id, count(*)::int as messages, array_agg(distinct m.subject::text) as subjects
    from messages m where m.thread_id = any(:threads) group by m.thread_id
) left_over
cross join lateral (
    select m.id, m.sent_at from messages m where m.thread_id = left_over.thread_id
    order by m.sent_at desc, m.id desc limit 1
) newest
cross join lateral (
    select m.subject from messages m where m.thread_id = left_over.thread_id order by m.sent_at, m.id limit 1
) oldest
where t.id = left_over.thread_id
returning t.id, t.contact_id
""")


async def settle_threads(work: Work, thread_ids: Iterable[UUID]) -> None:
    """Delete the conversations that are empty now, put the others right, and have every copy read again."""
    touched = {"threads": sorted(set(thread_ids))}
    for thread_id in (await work.execute(_EMPTY, touched)).scalars():
        work.tell(Withdrawn(ThreadId(thread_id), None))
    for row in await work.execute(_SETTLE, touched):
        work.tell(Withdrawn(ThreadId(row.id), None))
        work.tell(ThreadChanged(ThreadId(row.id), ContactId(row.contact_id)))
