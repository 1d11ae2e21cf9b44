"""What a mutation has to know before it writes, read in its transaction; `:name` are bound.

Belongs here: SQL of look-ups with locks where the decision depends on nothing changing. What the facts mean
is decided by the resolver and by rules/.
"""

# ruff: noqa: S608 - every piece of SQL is a literal of this package; values are bound.

from typing import Final

from sqlalchemy import text

from database.reads import nouns
from database.reads.nouns import LIVE_MAILBOX

KNOWN_SENDING: Final = text(
    "select s.message_id, s.request_hash from submissions s "
    "where s.workspace_id = :workspace and s.idempotency_key = :key"
)

SENDER: Final = text(
    "select u.name, u.email, w.attachment_limit_bytes from users u "
    "join workspaces w on w.id = u.workspace_id "
    "where u.workspace_id = :workspace and u.id = :user and u.suspended_at is null"
)

TAKE_TURNS: Final = text("select pg_advisory_xact_lock(hashtextextended(cast(:user as text), 0))")
"""Two sends of one user take turns, so that the daily limit is counted right. Not by locking the mailbox's
row: a pull locks a conversation and then the mailbox, and would meet a send that goes the other way round."""

LIVE_MAILBOX_OF: Final = text(
    "select b.id, b.provider, b.address, b.send_as, b.status, b.visibility from mailboxes b "
    f"where b.workspace_id = :workspace and b.user_id = :user and b.{LIVE_MAILBOX}"
)

DAY_OF_MAILBOX: Final = text(
    nouns.DAY_OF_MAILBOX.replace("{mailbox}", ":mailbox").replace("{now}", "cast(:now as timestamptz)")
)

CONTACT: Final = text(
    "select c.id, c.name, (select array_agg(a.address order by a.position, a.id) from contact_addresses a "
    "where a.contact_id = c.id) as emails from contacts c where c.workspace_id = :workspace and c.id = :id "
    "for key share"
)

THREAD_LOCKED: Final = text(
    "select t.id, t.contact_id, t.subject, t.participants::text as participants, t.state, t.assignee_id, "
    "t.private_to, t.last_message_at from threads t where t.workspace_id = :workspace and t.id = :id "
    "and (t.private_to is null or t.private_to = :user) for no key update"
)

ANSWERED: Final = text(
    "select m.internet_message_id, m.reference_ids, m.direction, m.from_address, "
    "case when m.visibility <> 'METADATA' or m.owner_id = :user or exists (select from message_copies own "
    "join mailboxes mine on mine.id = own.mailbox_id where own.message_id = m.id and mine.user_id = :user) "
    "then m.subject end as subject "
    "from messages m left join submissions s on s.message_id = m.id where m.thread_id = :thread "
    "and (s.id is null or s.state not in ('REFUSED', 'CANCELLED')) "
    "order by m.sent_at desc, m.id desc limit 50"
)
"""The newest messages of a conversation: what a reply answers, and whom it goes to by default."""

LINK_OF_THREAD: Final = text(
    "select l.remote_thread_id from thread_links l where l.thread_id = :thread and l.mailbox_id = :mailbox "
    "and l.ended_at is null order by l.created_at desc, l.id desc limit 1"
)

UPLOADS_LOCKED: Final = text(
    "select a.id, a.size_bytes from attachments a where a.workspace_id = :workspace and a.id = any(:ids) "
    "and a.user_id = :user and a.message_id is null and a.state = 'STORED' "
    "and (a.expires_at is null or a.expires_at > :now) for update"
)

KINDS: Final = text(
    "select x.address, "
    "exists (select from users u where u.workspace_id = :workspace and u.email = x.address) or "
    " exists (select from mailboxes b where b.workspace_id = :workspace "
    "and (b.address = x.address or x.address = any(b.send_as))) as is_user, "
    "(select c.name from contact_addresses a join contacts c on c.id = a.contact_id "
    "where a.workspace_id = :workspace and a.address = x.address "
    "order by c.created_at, c.id limit 1) as name, "
    "exists (select from contact_addresses a where a.workspace_id = :workspace and a.address = x.address) "
    "as is_contact from unnest(cast(:addresses as text[])) as x (address)"
)

SENDING_LOCKED: Final = text(
    "select s.id, s.state, s.step, s.via, s.mailbox_id, s.send_at, s.undo_until, s.error_code, s.user_id, "
    "s.created_at, m.id as message_id, m.thread_id, t.contact_id, b.status as mailbox_status, b.provider, "
    "(select c.due_at from commands c where c.key = 'send:' || s.id::text and c.parked_at is null) as due_at "
    "from submissions s join messages m on m.id = s.message_id join threads t on t.id = m.thread_id "
    "left join mailboxes b on b.id = s.mailbox_id "
    "where s.workspace_id = :workspace and s.message_id = :id and s.user_id = :user for update of s"
)

OWN_MAILBOX_LOCKED: Final = text(
    "select b.id, b.user_id, b.provider, b.status, b.address from mailboxes b "
    "where b.workspace_id = :workspace and b.id = :id and (b.user_id = :user or :governs) "
    "and b.erasing_since is null for no key update"
)

WHAT_STAYS: Final = text(
    "select count(distinct c.message_id)::int as messages, count(distinct m.thread_id)::int as threads "
    "from message_copies c join messages m on m.id = c.message_id where c.mailbox_id = :mailbox"
)

MAILBOXES_OF_UNREAD: Final = text(
    "select distinct c.mailbox_id from message_copies c join messages m on m.id = c.message_id "
    "join mailboxes b on b.id = c.mailbox_id where m.thread_id = :thread and b.user_id = :user "
    f"and b.{LIVE_MAILBOX} and c.deleted_at is null"
)

PRESET: Final = text("select w.preset from workspaces w where w.id = :workspace")

SETTINGS_OF_MAILBOX: Final = text("select b.scope, b.visibility from mailboxes b where b.id = :id")

CONTACT_LOCKED: Final = text(
    "select c.id, (select count(*)::int from threads t where t.contact_id = c.id) as threads "
    "from contacts c where c.workspace_id = :workspace and c.id = :id for update"
)

CONTACTS_OF_ADDRESSES: Final = text(
    "select a.address, c.id, c.name, c.company, (select array_agg(o.address order by o.position) "
    "from contact_addresses o where o.contact_id = c.id) as emails from contact_addresses a "
    "join contacts c on c.id = a.contact_id "
    "where a.workspace_id = :workspace and a.address = any(:addresses) "
    "order by c.created_at, c.id"
)

USER_LOCKED: Final = text(
    "select u.id, u.email from users u where u.workspace_id = :workspace and u.id = :id "
    "and u.erasing_since is null for no key update"
)

ADMINS_LOCKED: Final = text(
    "select u.id from users u where u.workspace_id = :workspace and u.role = 'ADMIN' "
    "and u.suspended_at is null order by u.id for no key update"
)
"""Two admins who erase each other take turns, so that one is left."""

USER: Final = text("select u.id from users u where u.workspace_id = :workspace and u.id = :id")

NEWEST_INBOUND: Final = text(
    "select m.id, "
    "exists (select from unread u where u.user_id = :user and u.thread_id = :thread) as any_unread "
    "from messages m where m.thread_id = :thread and m.direction = 'INBOUND' "
    "order by m.sent_at desc, m.id desc limit 1"
)

KNOWN_BULK_SEND: Final = text(
    "select b.id, b.request_hash from bulk_sends b where b.workspace_id = :workspace "
    "and b.idempotency_key = :key"
)

BULK_SEND_LOCKED: Final = text(
    "select b.id, b.state from bulk_sends b where b.workspace_id = :workspace and b.id = :id "
    "and (b.user_id = :user or :governs) for update"
)

WORKSPACE_SENDER: Final = text(
    "select s.id, s.from_address, s.from_name from workspace_senders s where s.workspace_id = :workspace"
)

_BULK_CONTACTS: Final = (
    "select c.id, c.name, c.company, a.address, (select x.reason from suppressions x "
    "where x.workspace_id = c.workspace_id and x.address = a.address) as suppressed "
    "from contacts c left join lateral (select o.address "
    "from contact_addresses o where o.contact_id = c.id order by o.position, o.id limit 1) a on true "
    "where c.workspace_id = :workspace and "
)
BULK_CONTACTS_BY_ID: Final = text(_BULK_CONTACTS + "c.id = any(:ids) order by c.id limit :most")
BULK_CONTACTS_FOUND: Final = text(
    _BULK_CONTACTS + "(cast(:pattern as text) = '' "
    "or c.id in (select matching_contacts(:pattern, cast(:most as int)))) "
    "order by c.id limit :most"
)
