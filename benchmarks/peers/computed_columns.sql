-- What PostGraphile shows of a row beside its columns. The viewer is a setting, as with its pgSettings.
create or replace function threads_unread_count(t threads) returns int language sql stable as $$
    select count(*)::int from unread u where u.user_id = current_setting('bench.viewer')::uuid and u.thread_id = t.id
$$;
create or replace function threads_is_private(t threads) returns boolean language sql stable as $$
    select t.private_to is not null
$$;
create or replace function threads_last_message(t threads) returns messages language sql stable as $$
    select m.* from messages m where m.id = t.last_message_id
$$;
create or replace function threads_syncing(t threads) returns setof mailboxes language sql stable as $$
    select b.* from mailboxes b where b.status in ('CONNECTED', 'REAUTHENTICATE')
      and b.id in (select l.mailbox_id from thread_links l where l.thread_id = t.id and l.ended_at is null)
    order by b.connected_at, b.id
$$;
create or replace function messages_is_read(m messages) returns boolean language sql stable as $$
    select not exists (
        select from unread u where u.user_id = current_setting('bench.viewer')::uuid and u.message_id = m.id)
$$;
create or replace function contacts_emails(c contacts) returns text[] language sql stable as $$
    select array_agg(a.address order by a.position, a.id) from contact_addresses a where a.contact_id = c.id
$$;
