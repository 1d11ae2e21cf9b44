"""The nouns that can be read: their columns, and what lies beside and below them, as SQL.

Belongs here: which expression answers which field, and who may see it. In the templates `{of}` is the alias
of the noun's row, `{to}` that of the row beside it; `{viewer}`, `{governs}`, `{now}` and `{workspace}` are
bound values. The rule of sight: a conversation that is private exists for its user alone; of a message
that its mailboxes' owners do not share in full, colleagues get the subject, or only who and when.
"""

# ruff: noqa: S608 - every piece of SQL is a literal of this package; values are bound.

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class One:
    """A single row beside another. Without a join it is the same row seen as another noun."""

    noun: str
    join: str = ""


@dataclass(frozen=True, slots=True)
class Many:
    """Rows below another, all of them up to a bound: a FROM source, its condition, its order."""

    noun: str
    source: str
    order: str
    most: int = 100


@dataclass(frozen=True, slots=True)
class Paged:
    """Rows below another, a page at a time: `name` marks the cursors; ordered by `at`, then `id`."""

    noun: str
    name: str
    source: str
    at: str
    newest_first: bool


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of row."""

    columns: Mapping[str, str]
    ones: Mapping[str, One] = field(default_factory=dict)
    lists: Mapping[str, Many] = field(default_factory=dict)
    pages: Mapping[str, Paged] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Columns with one instant as argument, `{argument}`."""


def _plain(*names: str) -> dict[str, str]:
    return {name: f"{{of}}.{name}" for name in names}


LIVE_MAILBOX: Final = "status in ('CONNECTED', 'REAUTHENTICATE')"
VISIBLE_THREAD: Final = "({of}.private_to is null or {of}.private_to = {viewer})"
_MINE: Final = (
    "{of}.owner_id = {viewer} or exists (select from message_copies own join mailboxes mine "
    "on mine.id = own.mailbox_id where own.message_id = {of}.id and mine.user_id = {viewer})"
)
"""They wrote it, or have it in a mailbox of their own."""
OPEN_MESSAGE: Final = f"({{of}}.visibility = 'EVERYTHING' or {_MINE})"
_SUBJECT_OPEN: Final = f"({{of}}.visibility <> 'METADATA' or {_MINE})"

DAY_OF_MAILBOX: Final = (
    "select s.sent_at as at from submissions s where s.mailbox_id = {mailbox} and s.sent_at is not null "
    "and s.sent_at > {now} - interval '24 hours' union all "
    "select {now} from submissions s where s.mailbox_id = {mailbox} and s.sent_at is null "
    "and s.state in ('HELD', 'QUEUED', 'SENDING', 'UNCERTAIN')"
)
"""What counts against a mailbox's daily limit: sent within 24 hours, or on its way."""


def _if_open(expression: str) -> str:
    return f"case when {OPEN_MESSAGE} then {expression} end"


_WORKSPACE = Noun(
    columns=_plain(
        "id", "name", "attachment_limit_bytes", "attachment_types", "oversize", "blocklist", "preset"
    ),
    ones={
        "labs": One("labs"),
        "workspace_sender": One(
            "workspace_sender",
            "left join workspace_senders {to} on {to}.workspace_id = {of}.id and {governs}",
        ),
    },
    lists={
        "users": Many(
            "user",
            "select u.* from users u where u.workspace_id = {of}.id and u.erasing_since is null",
            "lower({of}.name), {of}.id",
            500,
        ),
        "api_keys": Many(
            "api_key",
            "select k.* from api_keys k where k.workspace_id = {of}.id and {governs}",
            "{of}.created_at desc, {of}.id desc",
            500,
        ),
        "webhooks": Many(
            "webhook",
            "select h.* from webhooks h where h.workspace_id = {of}.id and {governs}",
            "{of}.created_at desc, {of}.id desc",
        ),
    },
)
_LABS = Noun(columns={"id": "{of}.id", "outlook": "{of}.labs_outlook"})

_WORKSPACE_SENDER = Noun(
    columns=_plain(
        *("id", "host", "port", "tls", "username", "from_address", "from_name", "changed_at", "tested_at"),
        *("test_error", "bounces_here"),
    )
    | {"password_set": "{of}.password_sealed is not null"}
)

_WEBHOOK = Noun(
    columns=_plain(
        *("id", "url", "state", "off_because", "failing_since", "last_delivered_at", "last_error"),
        *("created_at", "changed_at"),
    )
    | {
        "events": "{of}.kinds",
        "waiting": "(select count(*)::int from (select from webhook_deliveries d "
        "where d.webhook_id = {of}.id and d.state = 'WAITING' limit 10000) w)",
        "previous_secret_until": "case when {of}.previous_secret_until > {now} "
        "then {of}.previous_secret_until end",
    }
)

_WEBHOOK_DELIVERY = Noun(
    columns=_plain(
        *("id", "kind", "state", "attempts", "created_at", "last_attempt_at", "last_status", "error"),
        *("next_attempt_at", "delivered_at"),
    )
    | {"event_id": "{of}.event_number"}
)

_BULK_SEND = Noun(
    columns=_plain(
        *("id", "total", "sent", "refused", "state", "paused_because", "via", "subject", "created_at"),
        *("ended_at", "reply_to", "text", "html"),
    ),
    ones={"author": One("user", "left join users {to} on {to}.id = {of}.user_id")},
)

_BULK_RECIPIENT = Noun(
    columns=_plain("id", "outcome", "reason"),
    ones={
        "contact": One("contact", "join contacts {to} on {to}.id = {of}.contact_id"),
        "message": One(
            "message",
            "left join messages {to} on {to}.id = (select w.message_id from submissions w "
            "where w.id = {of}.submission_id) "
            "and exists (select from threads h where h.id = {to}.thread_id and "
            + VISIBLE_THREAD.replace("{of}", "h")
            + ")",
        ),
    },
)

_SUPPRESSED_ADDRESS = Noun(columns=_plain("id", "address", "reason", "created_at"))

_USER = Noun(
    columns=_plain("id", "name", "email", "role")
    | {
        "blocklist": "case when {of}.id = {viewer} then {of}.blocklist else '{}'::text[] end",
        "auto_bcc_address": "case when {of}.id = {viewer} or {governs} then {of}.auto_bcc end",
    },
    ones={
        "mailbox": One(
            "mailbox", f"left join mailboxes {{to}} on {{to}}.user_id = {{of}}.id and {{to}}.{LIVE_MAILBOX}"
        )
    },
)

_API_KEY = Noun(
    columns=_plain("id", "name", "prefix", "scopes", "created_at", "expires_at", "revoked_at"),
    ones={"user": One("user", "left join users {to} on {to}.id = {of}.user_id")},
)

_MAILBOX = Noun(
    columns=_plain(
        "id",
        "provider",
        "address",
        "send_as",
        "status",
        "status_reason",
        "missing_permissions",
        "scope",
        "visibility",
        "connected_at",
        "activated_at",
    )
    | {
        "quota": "case when {of}.provider = 'GMAIL' then (select row(count(*)::int, min(d.at)) from ("
        + DAY_OF_MAILBOX.replace("{mailbox}", "{of}.id")
        + ") d) end"
    },
    ones={
        "owner": One("user", "left join users {to} on {to}.id = {of}.user_id"),
        "health": One("health"),
        "address_book": One("address_book", "left join address_books {to} on {to}.mailbox_id = {of}.id"),
    },
    parameters={
        "skips": "(select array_agg(row(k.reason, k.count)) from (select d.reason, count(*)::int as count "
        "from sync_decisions d where d.mailbox_id = {of}.id and not d.synced "
        "and d.at >= greatest({argument}, {now} - interval '30 days') "
        "and ({of}.user_id = {viewer} or {governs}) group by d.reason order by d.reason) k)"
    },
)

_HEALTH = Noun(
    columns=_plain(
        "id",
        "last_change_seen_at",
        "next_check_at",
        "retry_at",
        "push_expires_at",
    )
    | {
        "last_stored_at": "(select max(s.synced_at) from messages s where s.mailbox_id = {of}.id "
        "and s.received_at is not null)",
        "pending": "(select count(*)::int from set_asides a where a.mailbox_id = {of}.id "
        "and a.next_at is not null) + coalesce((select cardinality(v.suspects) from verifications v "
        "where v.mailbox_id = {of}.id), 0)",
        "set_aside": "(select count(*)::int from set_asides a "
        "where a.mailbox_id = {of}.id and a.next_at is null)",
        "verified": "case when {of}.verified_at is not null then "
        "row({of}.verified_at, coalesce({of}.verified_expected, 0), coalesce({of}.verified_present, 0)) end",
        "gaps": "(select array_agg(row(g.from_at, g.to_at, g.repaired_at) order by g.from_at desc) from "
        "(select * from sync_gaps where mailbox_id = {of}.id order by from_at desc limit 20) g)",
        "latency_p95_ms": "(select (1000 * percentile_cont(0.95) within group (order by extract(epoch from "
        "greatest(l.synced_at - l.received_at, interval '0'))))::int from (select m.synced_at, m.received_at "
        "from messages m where m.mailbox_id = {of}.id and m.received_at is not null and m.origin = 'MAILBOX' "
        "order by m.synced_at desc limit 200) l)",
    },
)

_DECISION = Noun(
    columns=_plain("id", "at", "synced", "reason", "rule")
    | {"explanation": "array[{of}.rule::text, {of}.reason]"},
    ones={"mailbox": One("mailbox", "join mailboxes {to} on {to}.id = {of}.mailbox_id")},
)

_CONTACT = Noun(
    columns=_plain("id", "name", "company", "created_at")
    | {
        "created_by": "{of}.origin",
        "emails": "(select array_agg(a.address::text order by a.position, a.id) from contact_addresses a "
        "where a.contact_id = {of}.id)",
        "earlier_messages": "(select count(*)::int from messages e join threads h on h.id = e.thread_id "
        "where e.workspace_id = {workspace} and h.contact_id <> {of}.id and e.from_address in "
        "(select a.address from contact_addresses a where a.contact_id = {of}.id) and "
        + VISIBLE_THREAD.replace("{of}", "h")
        + ")",
    },
    lists={
        "links": Many(
            "contact_link",
            "select k.*, b.provider from contact_links k join mailboxes b on b.id = k.mailbox_id "
            "where k.contact_id = {of}.id",
            "{of}.created_at, {of}.id",
        )
    },
    pages={
        "threads": Paged(
            "thread",
            "contact.threads",
            "select t.* from threads t where t.workspace_id = {workspace} and t.contact_id = {of}.id and "
            + VISIBLE_THREAD.replace("{of}", "t"),
            "last_message_at",
            newest_first=True,
        )
    },
)

_ADDRESS_BOOK = Noun(columns=_plain("id", "synced_at", "error"))

_CONTACT_LINK = Noun(
    columns=_plain("id", "provider", "external_id"),
    ones={"mailbox": One("mailbox", "join mailboxes {to} on {to}.id = {of}.mailbox_id")},
)

_THREAD = Noun(
    columns=_plain("id", "message_count", "last_message_at", "state")
    | {
        "participants": "{of}.participants::text",
        "subject": "case when exists (select from messages s where s.thread_id = {of}.id and "
        + _SUBJECT_OPEN.replace("{of}", "s")
        + ") then {of}.subject else '' end",
        "unread_count": "(select count(*)::int from unread u where u.user_id = {viewer} "
        "and u.thread_id = {of}.id)",
        "private": "{of}.private_to is not null",
    },
    ones={
        "contact": One("contact", "left join contacts {to} on {to}.id = {of}.contact_id"),
        "last_message": One("message", "left join messages {to} on {to}.id = {of}.last_message_id"),
        "assignee": One("user", "left join users {to} on {to}.id = {of}.assignee_id"),
    },
    lists={
        "syncing": Many(
            "mailbox",
            "select b.* from mailboxes b where b.id in (select l.mailbox_id from thread_links l where "
            f"l.thread_id = {{of}}.id and l.ended_at is null) and b.{LIVE_MAILBOX}",
            "{of}.connected_at, {of}.id",
        )
    },
    pages={
        "messages": Paged(
            "message",
            "thread.messages",
            "select m.* from messages m where m.thread_id = {of}.id",
            "sent_at",
            newest_first=False,
        )
    },
)

_MESSAGE = Noun(
    columns=_plain(
        *("id", "direction", "origin", "internet_message_id", "sent_at", "synced_at", "warnings"),
        "sender_proved",
    )
    | {
        "from_": "array[{of}.from_address::text, {of}.from_name]",
        "to": "{of}.to_recipients::text",
        "cc": "{of}.cc_recipients::text",
        "bcc": "case when {of}.direction = 'OUTBOUND' then {of}.bcc_recipients::text end",
        "subject": f"case when {_SUBJECT_OPEN} then {{of}}.subject else '' end",
        "snippet": _if_open("{of}.snippet"),
        "text": _if_open("{of}.text"),
        "html": _if_open("{of}.html"),
        "html_with_images": _if_open("array[{of}.id::text, {of}.html]"),
        "quoted_from": _if_open("{of}.quoted_from"),
        "read": "not exists (select from unread u where u.user_id = {viewer} and u.message_id = {of}.id)",
        "kinds": "(select k.participants::text from threads k where k.id = {of}.thread_id)",
    },
    ones={
        "thread": One("thread", "left join threads {to} on {to}.id = {of}.thread_id"),
        "mailbox": One("mailbox", "left join mailboxes {to} on {to}.id = {of}.mailbox_id"),
        "delivery": One("delivery", "left join submissions {to} on {to}.message_id = {of}.id"),
    },
    lists={
        "attachments": Many(
            "attachment",
            f"select a.* from attachments a where a.message_id = {{of}}.id and {OPEN_MESSAGE}",
            "{of}.position, {of}.id",
            1000,
        )
    },
)

_DELIVERY = Noun(
    columns=_plain("id", "state", "via", "attempts", "error", "send_at", "undo_until", "sent_at")
    | _plain("bounced_at", "bounce")
)

_ATTACHMENT = Noun(
    columns=_plain("id", "name", "content_type", "size_bytes", "inline", "content_id", "state")
    | {"url": "case when {of}.state = 'STORED' then {of}.id end"}
)

NOUNS: Final[Mapping[str, Noun]] = {
    "workspace": _WORKSPACE,
    "labs": _LABS,
    "workspace_sender": _WORKSPACE_SENDER,
    "webhook": _WEBHOOK,
    "webhook_delivery": _WEBHOOK_DELIVERY,
    "bulk_send": _BULK_SEND,
    "bulk_recipient": _BULK_RECIPIENT,
    "suppressed_address": _SUPPRESSED_ADDRESS,
    "user": _USER,
    "api_key": _API_KEY,
    "mailbox": _MAILBOX,
    "health": _HEALTH,
    "decision": _DECISION,
    "contact": _CONTACT,
    "address_book": _ADDRESS_BOOK,
    "contact_link": _CONTACT_LINK,
    "thread": _THREAD,
    "message": _MESSAGE,
    "delivery": _DELIVERY,
    "attachment": _ATTACHMENT,
}
