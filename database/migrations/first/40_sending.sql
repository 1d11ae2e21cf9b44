create table submissions (
    id uuid not null,
    workspace_id uuid not null,
    message_id uuid not null,
    user_id uuid not null,
    mailbox_id uuid,
    via varchar not null,
    state varchar not null,
    step varchar not null,
    idempotency_key varchar not null,
    request_hash bytea not null,
    marker varchar not null,
    remote_thread_id varchar,
    draft_remote_id varchar,
    draft_remote_message_id varchar,
    sent_remote_id varchar,
    attempts integer default '0' not null,
    error_code varchar,
    error varchar,
    created_at timestamptz not null,
    send_at timestamptz,
    undo_until timestamptz,
    uncertain_since timestamptz,
    sent_at timestamptz,
    primary key (id),
    constraint submissions_state_known check (state in ('SCHEDULED', 'HELD', 'QUEUED', 'SENDING', 'SENT', 'UNCERTAIN', 'REFUSED', 'CANCELLED')),
    constraint submissions_via_known check (via in ('MAILBOX', 'WORKSPACE_SENDER')),
    constraint submissions_idempotency_key_once unique (workspace_id, idempotency_key),
    constraint submissions_message_once unique (message_id),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(message_id) references messages (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade,
    foreign key(mailbox_id) references mailboxes (id) on delete set null
);

create index submissions_of_mailbox_sent on submissions (mailbox_id, sent_at) where sent_at is not null;

create index submissions_open on submissions (created_at) where state in ('SCHEDULED', 'HELD', 'QUEUED', 'SENDING', 'UNCERTAIN');

create table events (
    workspace_id uuid not null,
    number bigint not null,
    at timestamptz not null,
    kind varchar not null,
    subject jsonb not null,
    primary key (workspace_id, number),
    foreign key(workspace_id) references workspaces (id) on delete cascade
);

create table commands (
    id uuid not null,
    workspace_id uuid not null,
    kind varchar not null,
    key varchar not null,
    queue varchar not null,
    arguments jsonb not null,
    asked integer default '1' not null,
    due_at timestamptz not null,
    next_due_at timestamptz,
    attempts integer default '0' not null,
    fence bigint default '0' not null,
    lease_until timestamptz,
    last_error varchar,
    parked_at timestamptz,
    created_at timestamptz not null,
    primary key (id),
    constraint commands_key_once unique (workspace_id, key),
    foreign key(workspace_id) references workspaces (id) on delete cascade
);

create index commands_due on commands (due_at) where parked_at is null;
