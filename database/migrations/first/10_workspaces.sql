create table workspaces (
    id uuid not null,
    name varchar not null,
    attachment_limit_bytes integer not null,
    attachment_types text[],
    oversize varchar not null,
    blocklist text[] default '{}' not null,
    labs_outlook boolean not null,
    event_number bigint default '0' not null,
    data_key bytea not null,
    data_key_wrapped_by varchar not null,
    created_at timestamptz not null,
    primary key (id),
    constraint workspaces_oversize_known check (oversize in ('SKIP_MESSAGE', 'KEEP_WITHOUT_ATTACHMENT'))
);

create table users (
    id uuid not null,
    workspace_id uuid not null,
    name varchar not null,
    email varchar not null,
    role varchar not null,
    subject varchar,
    blocklist text[] default '{}' not null,
    created_at timestamptz not null,
    suspended_at timestamptz,
    primary key (id),
    constraint users_role_known check (role in ('MEMBER', 'ADMIN')),
    constraint users_email_once unique (workspace_id, email),
    constraint users_subject_once unique (workspace_id, subject),
    foreign key(workspace_id) references workspaces (id) on delete cascade
);

create table api_keys (
    id uuid not null,
    workspace_id uuid not null,
    user_id uuid,
    name varchar not null,
    prefix varchar not null,
    secret_hash bytea not null,
    scopes text[] default '{}' not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (id),
    constraint api_keys_secret_hash_once unique (secret_hash),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade
);

create index api_keys_by_workspace on api_keys (workspace_id);

create table audit_log (
    workspace_id uuid not null,
    number bigint not null,
    id uuid not null,
    at timestamptz not null,
    actor varchar not null,
    action varchar not null,
    detail jsonb not null,
    chain bytea not null,
    primary key (id),
    constraint audit_log_number_once unique (workspace_id, number),
    foreign key(workspace_id) references workspaces (id) on delete cascade
);
