"""What happened in mailboxes day by day, counted in one statement; days are those of the reader's zone."""

from typing import Final

SYNC_DAYS: Final = """
with shown as (
    select b.id from mailboxes b where b.workspace_id = $1 and (b.user_id = $2 or $3)
)
select h.day::text as day, h.mailbox_id, sum(h.synced)::int as synced, sum(h.skipped)::int as skipped,
       sum(h.sent)::int as sent
from (
    select (d.at at time zone $4)::date as day, d.mailbox_id, count(*) filter (where d.synced) as synced,
           count(*) filter (where not d.synced) as skipped, 0 as sent
    from sync_decisions d where d.mailbox_id in (select id from shown) and d.at >= $5 group by 1, 2
    union all
    select (s.sent_at at time zone $4)::date, s.mailbox_id, 0, 0, count(*)
    from submissions s where s.mailbox_id in (select id from shown) and s.sent_at >= $5 group by 1, 2
) h group by 1, 2 order by 1, 2
"""
"""Workspace, user, whether they govern, zone, the first moment that counts."""
