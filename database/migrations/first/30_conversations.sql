create table contacts (
    id uuid not null,
    workspace_id uuid not null,
    name varchar,
    company varchar,
    origin varchar not null,
    created_at timestamptz not null,
    primary key (id),
    constraint contacts_origin_known check (origin in ('CRM', 'AUTO_BCC', 'IMPORT')),
    foreign key(workspace_id) references workspaces (id) on delete cascade
);

create index contacts_company_parts on contacts using gin (workspace_id, company gin_trgm_ops);

create index contacts_name_parts on contacts using gin (workspace_id, name gin_trgm_ops);

create index contacts_newest on contacts (workspace_id, created_at, id);

create table contact_addresses (
    id uuid not null,
    workspace_id uuid not null,
    contact_id uuid not null,
    address varchar not null,
    position integer default '0' not null,
    primary key (id),
    constraint contact_addresses_once unique (contact_id, address),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(contact_id) references contacts (id) on delete cascade
);

create index contact_addresses_by_address on contact_addresses (workspace_id, address);

create index contact_addresses_parts on contact_addresses using gin (workspace_id, address gin_trgm_ops);

create table threads (
    id uuid not null,
    workspace_id uuid not null,
    contact_id uuid not null,
    subject varchar not null,
    message_count integer default '0' not null,
    last_message_id uuid,
    last_message_at timestamptz not null,
    state varchar not null,
    assignee_id uuid,
    private_to uuid,
    participants jsonb default '[]' not null,
    created_at timestamptz not null,
    primary key (id),
    constraint threads_state_known check (state in ('OPEN', 'DONE')),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(contact_id) references contacts (id) on delete cascade,
    foreign key(assignee_id) references users (id) on delete set null,
    foreign key(private_to) references users (id) on delete set null
);

create index threads_by_contact on threads (contact_id, last_message_at, id);

create index threads_inbox on threads (workspace_id, last_message_at, id);

create table thread_links (
    id uuid not null,
    workspace_id uuid not null,
    thread_id uuid not null,
    mailbox_id uuid not null,
    remote_thread_id varchar not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (id),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(thread_id) references threads (id) on delete cascade,
    foreign key(mailbox_id) references mailboxes (id) on delete cascade
);

create index thread_links_by_thread on thread_links (thread_id);

create unique index thread_links_live_once on thread_links (mailbox_id, remote_thread_id) where ended_at is null;

create table messages (
    id uuid not null,
    workspace_id uuid not null,
    thread_id uuid not null,
    mailbox_id uuid,
    owner_id uuid,
    visibility varchar not null,
    direction varchar not null,
    origin varchar not null,
    internet_message_id varchar,
    in_reply_to varchar,
    reference_ids text[] default '{}' not null,
    from_address varchar not null,
    from_name varchar,
    to_recipients jsonb default '[]' not null,
    cc_recipients jsonb default '[]' not null,
    bcc_recipients jsonb default '[]' not null,
    subject varchar not null,
    snippet varchar not null,
    text varchar,
    html varchar,
    quoted_from integer,
    sent_at timestamptz not null,
    received_at timestamptz,
    synced_at timestamptz not null,
    warnings text[] default '{}' not null,
    raw_key varchar,
    search tsvector generated always as (to_tsvector('simple', left(coalesce(subject, ''), 1000) || ' ' || from_address || ' ' || coalesce(from_name, '') || ' ' || left(coalesce(text, ''), 100000))) stored,
    primary key (id),
    constraint messages_direction_known check (direction in ('INBOUND', 'OUTBOUND')),
    constraint messages_origin_known check (origin in ('CRM', 'MAILBOX', 'AUTO_BCC')),
    constraint messages_visibility_known check (visibility in ('EVERYTHING', 'SUBJECT', 'METADATA')),
    constraint messages_internet_message_id_once unique (workspace_id, internet_message_id),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(thread_id) references threads (id) on delete cascade,
    foreign key(mailbox_id) references mailboxes (id) on delete set null,
    foreign key(owner_id) references users (id) on delete set null
);

create index messages_of_mailbox on messages (mailbox_id, synced_at) where received_at is not null;

create index messages_of_thread on messages (thread_id, sent_at, id);

create index messages_search on messages using gin (workspace_id, search);

create table message_copies (
    id uuid not null,
    workspace_id uuid not null,
    message_id uuid not null,
    mailbox_id uuid not null,
    remote_id varchar not null,
    remote_thread_id varchar not null,
    unread boolean not null,
    deleted_at timestamptz,
    primary key (id),
    constraint message_copies_once unique (mailbox_id, remote_id),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(message_id) references messages (id) on delete cascade,
    foreign key(mailbox_id) references mailboxes (id) on delete cascade
);

create index message_copies_by_message on message_copies (message_id);

create table unread (
    id uuid not null,
    workspace_id uuid not null,
    user_id uuid not null,
    thread_id uuid not null,
    message_id uuid not null,
    primary key (id),
    constraint unread_once unique (user_id, message_id),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade,
    foreign key(thread_id) references threads (id) on delete cascade,
    foreign key(message_id) references messages (id) on delete cascade
);

create index unread_by_message on unread (message_id);

create index unread_by_thread on unread (user_id, thread_id);

create table attachments (
    id uuid not null,
    workspace_id uuid not null,
    message_id uuid,
    user_id uuid,
    name varchar not null,
    content_type varchar not null,
    size_bytes bigint not null,
    inline boolean not null,
    content_id varchar,
    position integer default '0' not null,
    state varchar not null,
    blob_key varchar,
    sha256 bytea,
    created_at timestamptz not null,
    expires_at timestamptz,
    primary key (id),
    constraint attachments_state_known check (state in ('STORED', 'TOO_LARGE', 'BLOCKED_TYPE', 'FAILED')),
    foreign key(workspace_id) references workspaces (id) on delete cascade,
    foreign key(message_id) references messages (id) on delete cascade,
    foreign key(user_id) references users (id) on delete cascade
);

create index attachments_of_message on attachments (message_id);

create index attachments_unsent on attachments (expires_at) where message_id is null;
