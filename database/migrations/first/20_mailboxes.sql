create table mailboxes (
    id uuid not null,
    workspace_id uuid not null,
    user_id uuid not null,
    provider varchar not null,
    address varchar,
    remote_account_id varchar,
    send_as text[] default '{}' not null,
    status varchar not null,
    status_reason varchar,
    missing_permissions text[] default '{}' not null,
    scope varchar not null,
    visibility varchar not null,
    created_at timestamptz not null,
    connected_at timestamptz,
    activated_at timestamptz,
    ended_at timestamptz,
    tokens_sealed bytea,
    cursor varchar,
    last_change_seen_at timestamptz,
    last_stored_at timestamptz,
    pending integer default '0' not null,
    next_check_at timestamptz,
    retry_at timestamptz,
    push_expires_at timestamptz,
    push_renew_at timestamptz,
    verified_at timestamptz,
    verified_expected integer,
    verified_present integer,
    primary key (id),
    constraint mailboxes_provider_known check (provider in ('GMAIL', 'OUTLOOK', 'IMAP')),
    constraint mailboxes_status_known check (status in ('AUTHORIZING', 'CONNECTED', 'REAUTHENTICATE', 'REPLACED', 'DISCONNECTED', 'FAILED')),
    constraint mailboxes_scope_known check (scope in ('CRM_THREADS', 'SENT_TO_CONTACTS', 'CONTACTS')),
    constraint mailboxes_visibility_known check (visibility in ('EVERYTHING', 'SUBJECT', 'METADATA')),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade
);

create index mailboxes_by_address on mailboxes (provider, address);

create index mailboxes_due on mailboxes (next_check_at) where status = 'CONNECTED';

create unique index mailboxes_live_account_once on mailboxes (workspace_id, provider, remote_account_id) where status in ('CONNECTED', 'REAUTHENTICATE');

create unique index mailboxes_live_user_once on mailboxes (workspace_id, user_id) where status in ('CONNECTED', 'REAUTHENTICATE');

create index mailboxes_push_due on mailboxes (push_renew_at) where status = 'CONNECTED';

create table authorizations (
    id uuid not null,
    workspace_id uuid not null,
    user_id uuid not null,
    mailbox_id uuid not null,
    replaces_id uuid,
    provider varchar not null,
    purpose varchar not null,
    state_hash bytea not null,
    kept_sealed bytea not null,
    code_sealed bytea,
    return_url varchar,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    returned_at timestamptz,
    finished_at timestamptz,
    error varchar,
    primary key (id),
    constraint authorizations_provider_known check (provider in ('GMAIL', 'OUTLOOK', 'IMAP')),
    constraint authorizations_purpose_known check (purpose in ('CONNECT', 'UPDATE', 'REAUTHENTICATE')),
    constraint authorizations_state_once unique (state_hash),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade,
    foreign key(mailbox_id) references mailboxes (id) on delete cascade,
    foreign key(replaces_id) references mailboxes (id) on delete cascade
);

create table sync_decisions (
    id uuid not null,
    workspace_id uuid not null,
    mailbox_id uuid not null,
    at timestamptz not null,
    synced boolean not null,
    reason varchar,
    rule varchar not null,
    size_bytes integer not null,
    remote_id_hash bytea not null,
    internet_message_id_hash bytea,
    primary key (id),
    constraint sync_decisions_once unique (mailbox_id, remote_id_hash),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(mailbox_id) references mailboxes (id) on delete cascade
);

create index sync_decisions_by_mailbox on sync_decisions (mailbox_id, at);

create table set_asides (
    id uuid not null,
    workspace_id uuid not null,
    mailbox_id uuid not null,
    remote_id varchar not null,
    attempts integer not null,
    error varchar not null,
    first_at timestamptz not null,
    next_at timestamptz,
    primary key (id),
    constraint set_asides_once unique (mailbox_id, remote_id),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(mailbox_id) references mailboxes (id) on delete cascade
);

create table sync_gaps (
    id uuid not null,
    workspace_id uuid not null,
    mailbox_id uuid not null,
    from_at timestamptz not null,
    to_at timestamptz not null,
    page varchar,
    repaired_at timestamptz,
    primary key (id),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(mailbox_id) references mailboxes (id) on delete cascade
);

create index sync_gaps_by_mailbox on sync_gaps (mailbox_id);
