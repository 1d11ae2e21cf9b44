-- A workspace's mail, as much of it as asked for; see seeding.py. Every value follows from a row's number, so that
-- two runs read the same mail. The settings bench.* hold how much, and whose.

set session_replication_role = replica;

create temporary table bench as select
    current_setting('bench.workspace')::uuid as workspace_id,
    current_setting('bench.messages')::bigint as messages,
    greatest(current_setting('bench.messages')::bigint / 5, 10) as threads,
    greatest(current_setting('bench.messages')::bigint / 20, 10) as contacts,
    timestamptz '2025-11-01 00:00:00+00' as began;

-- Keys as ours are: the first 48 bits are a time, so that newer rows lie beside each other.
create function pg_temp.key(kind int, at timestamptz, number bigint) returns uuid language sql immutable as $$
    select (substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-7' || lpad(to_hex(kind), 3, '0') || '-8000-'
        || lpad(to_hex(number), 12, '0'))::uuid
    from (select lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as hex) x
$$;
create function pg_temp.key(kind int, number bigint) returns uuid language sql immutable as $$
    select pg_temp.key(kind, timestamptz '2025-10-01 00:00:00+00' + number * interval '1 second', number)
$$;
create function pg_temp.draw(number bigint, salt int, most bigint) returns bigint language sql immutable as $$
    select (hashint8(number * 31 + salt)::bigint & 2147483647) % most
$$;

create temporary table words as select array[
    'offer', 'roof', 'invoice', 'meeting', 'thanks', 'Friday', 'delivery', 'contract', 'signed', 'question', 'price',
    'project', 'week', 'please', 'attached', 'regarding', 'customer', 'office', 'phone', 'call', 'tomorrow', 'budget',
    'quarter', 'renewal', 'licence', 'support', 'order', 'number', 'address', 'shipping', 'quality', 'sample',
    'machine', 'repair', 'visit', 'travel', 'hotel', 'booking', 'agenda', 'minutes', 'decision', 'approve', 'draft',
    'final', 'version', 'comment', 'review', 'deadline', 'extension', 'partner', 'supplier', 'warehouse', 'stock'
] as list;

-- A thousand bodies of 300 to 900 words; each word is one of fifty common ones or, now and then, a rare one.
create temporary table bodies as
select n as number, string_agg(
    case when pg_temp.draw(n * 1000 + w, 1, 25) = 0 then 'rare' || pg_temp.draw(n * 1000 + w, 2, 5000)
         else list[1 + pg_temp.draw(n * 1000 + w, 3, 53)] end, ' ' order by w) as text
from words, generate_series(0, 999) n, generate_series(1, 100 + pg_temp.draw(n, 4, 240)) w
group by n;
alter table bodies add html text;
update bodies set html = '<div style="font-family:Arial"><p>' || replace(text, ' price ', ' price</p><p>') || '</p>'
    || repeat('<table width="600"><tr><td style="padding:4px;color:#333">signature line</td></tr></table>', 20) || '</div>';

insert into users (id, workspace_id, name, email, role, created_at)
select pg_temp.key(1, n), workspace_id, 'User ' || n, 'user' || n || '@crm.example', 'MEMBER', began
from bench, generate_series(1, 19) n;

insert into mailboxes (id, workspace_id, user_id, provider, address, remote_account_id, send_as, status, scope,
    visibility, created_at, connected_at, activated_at)
select pg_temp.key(2, u.place), b.workspace_id, u.id, 'GMAIL', u.email, u.id::text, array[u.email], 'CONNECTED',
    'CONTACTS', 'EVERYTHING', b.began, b.began, b.began
from bench b, (select *, row_number() over (order by email) - 1 as place from users) u;

insert into contacts (id, workspace_id, name, company, origin, created_at)
select pg_temp.key(3, n), workspace_id, 'Person ' || n || ' of ' || list[1 + pg_temp.draw(n, 5, 53)],
    initcap(list[1 + pg_temp.draw(n, 6, 53)]) || ' ' || n % 997 || ' Ltd', 'CRM', began + n * interval '7 seconds'
from bench, words, generate_series(0, contacts - 1) n;

insert into contact_addresses (id, workspace_id, contact_id, address, position)
select pg_temp.key(4 + p, n), workspace_id, pg_temp.key(3, n),
    'person' || n || case when p = 0 then '@customer' || n % 997 || '.example' else '@home.example' end, p
from bench, generate_series(0, contacts - 1) n, generate_series(0, 1) p
where p = 0 or n % 4 = 0;

-- One conversation in ten has twenty messages, the others three or four: five on average.
create temporary table plan as
select n as number, pg_temp.key(6, n) as id, pg_temp.draw(n, 7, contacts) as contact, n % 20 as mailbox,
    began + n * interval '26 minutes' * (40000.0 / threads) as begun_at,
    case when n % 10 = 0 then 20 when n % 3 = 0 then 4 else 3 end as size
from bench, generate_series(0, threads - 1) n;

insert into threads (id, workspace_id, contact_id, subject, message_count, last_message_id, last_message_at, state,
    assignee_id, participants, created_at)
select p.id, b.workspace_id, pg_temp.key(3, p.contact),
    initcap(list[1 + pg_temp.draw(p.number, 8, 53)]) || ' ' || list[1 + pg_temp.draw(p.number, 9, 53)] || ' ' || p.number,
    p.size, pg_temp.key(7, p.begun_at + p.size * interval '3 hours', p.number * 32 + p.size),
    p.begun_at + p.size * interval '3 hours', case when p.number % 5 = 0 then 'DONE' else 'OPEN' end,
    case when p.number % 2 = 0 then m.user_id end,
    jsonb_build_array(
        jsonb_build_object('address', a.address, 'name', 'Person ' || p.contact, 'kind', 'CONTACT'),
        jsonb_build_object('address', m.address, 'name', null, 'kind', 'USER')),
    p.begun_at
from bench b, words, plan p
join contact_addresses a on a.id = pg_temp.key(4, p.contact)
join mailboxes m on m.id = pg_temp.key(2, p.mailbox);

insert into thread_links (id, workspace_id, thread_id, mailbox_id, remote_thread_id, created_at)
select pg_temp.key(8, number), workspace_id, id, pg_temp.key(2, mailbox), 't' || number, begun_at from bench, plan;

drop index messages_search;
insert into messages (id, workspace_id, thread_id, mailbox_id, owner_id, visibility, direction, origin,
    internet_message_id, from_address, from_name, to_recipients, cc_recipients, subject, snippet, text, html,
    sent_at, received_at, synced_at)
select pg_temp.key(7, p.begun_at + n * interval '3 hours', p.number * 32 + n), b.workspace_id, p.id, m.id, m.user_id,
    'EVERYTHING', case when n % 4 = 0 then 'OUTBOUND' else 'INBOUND' end, case when n % 8 = 0 then 'CRM' else 'MAILBOX' end,
    p.number || '.' || n || '@mail.example',
    case when n % 4 = 0 then m.address else a.address end, case when n % 4 = 0 then null else 'Person ' || p.contact end,
    jsonb_build_array(jsonb_build_object('address', case when n % 4 = 0 then a.address else m.address end, 'name', null)),
    case when n % 3 = 0 then '[{"address": "colleague@customer.example", "name": "A Colleague"}]'::jsonb else '[]' end,
    'Re: ' || p.number, left(d.text, 180), d.text, d.html, p.begun_at + n * interval '3 hours',
    p.begun_at + n * interval '3 hours', p.begun_at + n * interval '3 hours' + interval '1 second'
from bench b, plan p
join mailboxes m on m.id = pg_temp.key(2, p.mailbox)
join contact_addresses a on a.id = pg_temp.key(4, p.contact)
cross join lateral generate_series(1, p.size) n
join bodies d on d.number = pg_temp.draw(p.number * 32 + n, 10, 1000)
order by p.number, n;
create index messages_search on messages using gin (workspace_id, search);

insert into message_copies (id, workspace_id, message_id, mailbox_id, remote_id, remote_thread_id, unread)
select pg_temp.key(9, row_number() over (order by m.id)), m.workspace_id, m.id, m.mailbox_id, m.id::text, m.thread_id::text, false
from messages m;

insert into unread (id, workspace_id, user_id, thread_id, message_id)
select pg_temp.key(10, p.number), t.workspace_id, current_setting('bench.user')::uuid, t.id, t.last_message_id
from plan p join threads t on t.id = p.id where p.number % 7 = 0;

insert into attachments (id, workspace_id, message_id, name, content_type, size_bytes, inline, state, blob_key, created_at)
select pg_temp.key(11, row_number() over (order by m.id)), m.workspace_id, m.id, 'offer.pdf', 'application/pdf', 48213, false,
    'STORED', 'blob/' || m.id, m.sent_at
from messages m where pg_temp.draw(hashtext(m.id::text), 11, 6) = 0;

insert into submissions (id, workspace_id, message_id, user_id, mailbox_id, via, state, step, idempotency_key, request_hash,
    marker, attempts, created_at, sent_at)
select pg_temp.key(12, row_number() over (order by m.id)), m.workspace_id, m.id, m.owner_id, m.mailbox_id, 'MAILBOX', 'SENT',
    'SENT', m.id::text, '\x00', m.id::text, 1, m.sent_at, m.sent_at
from messages m where m.origin = 'CRM';

-- What a busy workspace has besides: decisions that skipped, and events that were told.
insert into sync_decisions (id, workspace_id, mailbox_id, at, synced, reason, rule, size_bytes, remote_id_hash)
select pg_temp.key(13, n), workspace_id, pg_temp.key(2, n % 20), began + n * interval '5 minutes', n % 3 = 0,
    case when n % 3 = 0 then null else 'NO_CONTACT' end, 'D7', 20000, decode(md5(n::text), 'hex')
from bench, generate_series(0, messages / 2) n;

set session_replication_role = origin;
