-- 122 random bits from PostgreSQL's strong source: what cannot be guessed, and needs no code to be made.
alter table users add column auto_bcc text default replace((gen_random_uuid())::text, '-', '') not null;

alter table users add constraint users_auto_bcc_once unique (auto_bcc);

create table retired_auto_bcc (
    id uuid not null,
    workspace_id uuid not null,
    user_id uuid not null,
    local_part text not null,
    retired_at timestamptz not null,
    accepted_until timestamptz not null,
    primary key (id),
    constraint retired_auto_bcc_once unique (local_part),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade
);

create index retired_auto_bcc_by_user on retired_auto_bcc (user_id, retired_at);

create table tracked_contacts (
    id uuid not null,
    workspace_id uuid not null,
    user_id uuid not null,
    contact_id uuid not null,
    since timestamptz not null,
    primary key (id),
    constraint tracked_contacts_once unique (user_id, contact_id),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade,
    foreign key(contact_id) references contacts (id) on delete cascade
);

create index tracked_contacts_by_contact on tracked_contacts (contact_id);

create table quarantine (
    id uuid not null,
    workspace_id uuid not null,
    user_id uuid not null,
    reason varchar not null,
    day date not null,
    count integer default '1' not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (id),
    constraint quarantine_once unique (user_id, reason, day),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade
);

do $$
declare
    tenant text;
begin
    foreach tenant in array array['retired_auto_bcc', 'tracked_contacts', 'quarantine'] loop
        execute format('alter table %I enable row level security', tenant);
        execute format('alter table %I force row level security', tenant);
        execute format(
            'create policy inside_workspace on %I
             using (workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid)
             with check (workspace_id = nullif(current_setting(''app.workspace'', true), '''')::uuid)',
            tenant
        );
        execute format('grant select, insert, update, delete on %I to bothways_app', tenant);
    end loop;
end
$$;

grant select (auto_bcc) on users to bothways_across;

grant select (workspace_id, user_id, local_part, accepted_until) on retired_auto_bcc to bothways_across;

create policy across_workspaces on retired_auto_bcc for select to bothways_across using (true);

-- Mail says for which address it is, and nothing of the workspace: whose it is is what is looked for.
create function across_auto_bcc(presented text)
returns table (id uuid, workspace_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select u.id, u.workspace_id from users u
    where (u.suspended_at is null or u.suspended_at > now()) and (u.auto_bcc = presented or exists (
        select from retired_auto_bcc r
        where r.local_part = presented and r.user_id = u.id and r.accepted_until > now()
    ))
$$;

do $$
begin
    grant create on schema public to bothways_across;
    alter function across_auto_bcc(text) owner to bothways_across;
    revoke all on function across_auto_bcc(text) from public;
    grant execute on function across_auto_bcc(text) to bothways_app;
    revoke create on schema public from bothways_across;
end
$$;
