-- What may look across workspaces: these functions and nothing else (database/across.py).

grant usage on schema public to bothways_app, bothways_across;

grant select (id, workspace_id, user_id, scopes, secret_hash, expires_at, revoked_at)
    on api_keys to bothways_across;

grant select (id, workspace_id, role, suspended_at) on users to bothways_across;

grant select (id, workspace_id, state_hash) on authorizations to bothways_across;

grant select (id, workspace_id, provider, address, status, next_check_at, push_renew_at)
    on mailboxes to bothways_across;

grant select (id, workspace_id, state, created_at, send_at, undo_until) on submissions to bothways_across;

grant select (id, workspace_id, kind, key, queue, arguments, asked, due_at, next_due_at, attempts, fence,
    lease_until, parked_at) on commands to bothways_across;

grant update (attempts, fence, lease_until, next_due_at) on commands to bothways_across;

grant select (id, workspace_id, name, company) on contacts to bothways_across;

grant select (contact_id, workspace_id, address) on contact_addresses to bothways_across;

grant select (id, workspace_id, search) on messages to bothways_across;

grant select (id, data_key_wrapped_by) on workspaces to bothways_across;

do $$
declare
    seen text;
begin
    foreach seen in array array[
        'api_keys', 'users', 'authorizations', 'mailboxes', 'submissions', 'commands', 'contacts',
        'contact_addresses', 'messages', 'workspaces'
    ] loop
        execute format('create policy across_workspaces on %I for select to bothways_across using (true)', seen);
    end loop;
end
$$;

create policy across_claims on commands for update to bothways_across using (true) with check (true);

create function across_api_key(presented_hash bytea)
returns table (id uuid, workspace_id uuid, user_id uuid, scopes text[], expires_at timestamptz,
    revoked_at timestamptz, role varchar, suspended_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
    select k.id, k.workspace_id, k.user_id, k.scopes, k.expires_at, k.revoked_at, u.role, u.suspended_at
    from api_keys k left join users u on u.id = k.user_id and u.workspace_id = k.workspace_id
    where k.secret_hash = presented_hash
$$;

create function across_ended_keys(key_ids uuid[])
returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select asked.id from unnest(key_ids) asked(id)
    left join api_keys k on k.id = asked.id left join users u on u.id = k.user_id
    where k.id is null or k.revoked_at <= now() or k.expires_at <= now() or u.suspended_at <= now()
$$;

create function across_ended_users(user_ids uuid[])
returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select asked.id from unnest(user_ids) asked(id) left join users u on u.id = asked.id
    where u.id is null or u.suspended_at <= now()
$$;

create function across_authorization(presented_hash bytea)
returns table (id uuid, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select a.id, a.workspace_id from authorizations a where a.state_hash = presented_hash
$$;

create function across_mailboxes_at(pushed_provider text, pushed_address text)
returns table (id uuid, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select m.id, m.workspace_id from mailboxes m
    where m.provider = pushed_provider and m.address = pushed_address and m.status = 'CONNECTED'
$$;

create function across_mailboxes_to_check(most int)
returns table (id uuid, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select m.id, m.workspace_id from mailboxes m
    where m.status = 'CONNECTED' and m.next_check_at <= now() order by m.next_check_at limit most
$$;

create function across_mailboxes_to_renew(most int)
returns table (id uuid, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select m.id, m.workspace_id from mailboxes m
    where m.status = 'CONNECTED' and m.push_renew_at <= now() order by m.push_renew_at limit most
$$;

create function across_submissions_not_asked(most int)
returns table (id uuid, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select s.id, s.workspace_id from submissions s
    where s.state in ('SCHEDULED', 'HELD', 'QUEUED', 'SENDING', 'UNCERTAIN')
      and coalesce(s.undo_until, s.send_at, s.created_at) <= now()
      and not exists (
        select from commands c where c.workspace_id = s.workspace_id and c.key = 'send:' || s.id::text
      )
    order by s.created_at limit most
$$;

-- Whoever waits longest in each workspace comes first, so that no workspace's flood holds up the others.
create function across_due_commands(most int)
returns table (id uuid, queue varchar, due_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
    select due.id, due.queue, due.due_at from (
        select c.id, c.queue, c.due_at,
            row_number() over (partition by c.workspace_id, c.queue order by c.due_at) as place
        from commands c
        where c.parked_at is null and c.due_at <= now() and (c.lease_until is null or c.lease_until <= now())
    ) due
    order by due.place, due.due_at limit most
$$;

create function across_claim(command_id uuid, lease interval)
returns table (id uuid, workspace_id uuid, kind varchar, key varchar, arguments jsonb, asked int,
    attempts int, fence bigint)
language sql volatile security definer set search_path = pg_catalog, public as $$
    update commands c set
        fence = c.fence + 1,
        attempts = c.attempts + 1,
        lease_until = now() + lease,
        next_due_at = case when c.next_due_at > now() then c.next_due_at end
    where c.id = command_id and c.parked_at is null and c.due_at <= now()
      and (c.lease_until is null or c.lease_until <= now())
    returning c.id, c.workspace_id, c.kind, c.key, c.arguments, c.asked, c.attempts, c.fence
$$;

create function across_workspaces()
returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select w.id from workspaces w order by w.id
$$;

create function across_workspaces_wrapped_otherwise(newest_key text)
returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select w.id from workspaces w where w.data_key_wrapped_by <> newest_key order by w.id
$$;

create function across_wrapping_keys()
returns table (name varchar, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select distinct on (w.data_key_wrapped_by) w.data_key_wrapped_by, w.id from workspaces w
    order by w.data_key_wrapped_by, w.id desc
$$;

-- The next two stay inside the workspace that the connection is set to. They are functions only because
-- row-level security keeps `ilike` and `@@` from using an index: neither is marked leakproof.
create function matching_contacts(pattern text, most int)
returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    (select c.id from contacts c
     where c.workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
       and c.name ilike pattern limit most)
    union
    (select c.id from contacts c
     where c.workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
       and c.company ilike pattern limit most)
    union
    (select a.contact_id from contact_addresses a
     where a.workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
       and a.address ilike pattern limit most)
$$;

create function matching_messages(words text, most int)
returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select m.id from messages m
    where m.workspace_id = nullif(current_setting('app.workspace', true), '')::uuid
      and m.search @@ websearch_to_tsquery('simple', words)
    order by m.id desc limit most
$$;

do $$
declare
    crossing regprocedure;
begin
    execute format('grant bothways_across to %I', current_user);
    grant create on schema public to bothways_across;
    for crossing in
        select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'public' and (p.proname like 'across\_%' or p.proname like 'matching\_%')
    loop
        execute format('alter function %s owner to bothways_across', crossing);
        execute format('revoke all on function %s from public', crossing);
        execute format('grant execute on function %s to bothways_app', crossing);
    end loop;
    revoke create on schema public from bothways_across;
end
$$;
