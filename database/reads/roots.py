"""Where reading begins: the rows of a noun that a reader may see, as sources for database/reads/statement.py.

Every source names the workspace, although row-level security would keep others out: the first wall. What is
private is left out here, so that nothing below a root has to ask again.
"""

# ruff: noqa: S608 - every piece of SQL is a literal of this package; values are bound.

from collections.abc import Collection, Mapping
from typing import Final

from database.reads.nouns import OPEN_MESSAGE, VISIBLE_THREAD, Paged

_MOST_MATCHES: Final = 5000
"""How many matches a search pages through; of messages the newest."""
_VISIBLE: Final = VISIBLE_THREAD.replace("{of}", "t")

WORKSPACE: Final = "select w.* from workspaces w where w.id = {workspace}"
USER: Final = "select u.* from users u where u.workspace_id = {workspace} and u.id = {id}"
API_KEY: Final = "select k.* from api_keys k where k.workspace_id = {workspace} and k.id = {id}"
CONTACT: Final = "select c.* from contacts c where c.workspace_id = {workspace} and c.id = {id}"
THREAD: Final = (
    f"select t.* from threads t where t.workspace_id = {{workspace}} and t.id = {{id}} and {_VISIBLE}"
)
MESSAGE: Final = (
    "select m.* from messages m join threads t on t.id = m.thread_id "
    f"where m.workspace_id = {{workspace}} and m.id = {{id}} and {_VISIBLE}"
)
_MAILBOXES: Final = "select b.* from mailboxes b where b.workspace_id = {workspace} and "
_ANY_MAILBOX: Final = _MAILBOXES + "b.id = {id} and (b.user_id = {viewer} or {governs})"
OWN_MAILBOX: Final = _ANY_MAILBOX + " and b.erasing_since is null"
MAILBOXES: Final = (
    _MAILBOXES + "b.erasing_since is null and (b.user_id = {viewer} or {governs}) "
    "and (b.status in ('CONNECTED', 'REAUTHENTICATE') "
    "or b.status = 'AUTHORIZING' and b.created_at > {now} - interval '10 minutes' "
    "or b.status = 'FAILED' and not exists (select from mailboxes n where n.workspace_id = b.workspace_id "
    "and n.user_id = b.user_id and n.created_at > b.created_at))"
)
"""A try that failed is told until its user tries again."""
MAILBOXES_ORDER: Final = "{of}.created_at desc, {of}.id desc"

WORKSPACE_SENDER: Final = (
    "select s.* from workspace_senders s where s.workspace_id = {workspace} and {governs}"
)
WEBHOOK: Final = "select h.* from webhooks h where h.workspace_id = {workspace} and h.id = {id} and {governs}"
WEBHOOKS_BY_ID: Final = WEBHOOK.replace("h.id = {id}", "h.id = any({ids})")
WEBHOOK_DELIVERY: Final = (
    "select d.* from webhook_deliveries d where d.workspace_id = {workspace} and d.id = {id} and {governs}"
)
WEBHOOK_DELIVERIES: Final = Paged(
    "webhook_delivery",
    "webhookDeliveries",
    "select d.* from webhook_deliveries d where d.workspace_id = {workspace} and d.webhook_id = {id} "
    "and ({state} is null or d.state = {state}) and {governs}",
    "created_at",
    newest_first=True,
)
BULK_SEND: Final = (
    "select b.* from bulk_sends b where b.workspace_id = {workspace} and b.id = {id} "
    "and (b.user_id = {viewer} or {governs})"
)
BULK_SENDS_BY_ID: Final = BULK_SEND.replace("b.id = {id}", "b.id = any({ids})")
BULK_SENDS: Final = Paged(
    "bulk_send", "bulkSends", BULK_SEND.replace("b.id = {id} and ", ""), "created_at", newest_first=True
)

_BULK_OUTCOME: Final = (
    "case when r.error is not null then 'REFUSED' when s.bounced_at is not null then 'BOUNCED' "
    "when s.state in ('SCHEDULED', 'HELD', 'QUEUED', 'SENDING') then 'UNDER_WAY' "
    "when s.state is not null then s.state "
    "when b.state = 'CANCELLED' then 'CANCELLED' else 'WAITING' end"
)


def bulk_recipients(*, by_outcome: bool) -> Paged:
    """Return the list of those that a bulk send is for, as they are written to; of one `{outcome}` or all."""
    source = (
        f"select r.*, b.created_at as begun_at, {_BULK_OUTCOME} as outcome, "
        "coalesce(r.error, s.bounce, s.error) as reason from bulk_recipients r "
        "join bulk_sends b on b.id = r.bulk_send_id left join submissions s on s.id = r.submission_id "
        "where b.workspace_id = {workspace} and b.id = {id} and (b.user_id = {viewer} or {governs})"
    )
    if by_outcome:
        source = f"select o.* from ({source}) o where o.outcome = {{outcome}}"
    return Paged("bulk_recipient", "bulkRecipients", source, "begun_at", newest_first=False)


SUPPRESSIONS: Final = Paged(
    "suppressed_address",
    "suppressions",
    "select x.* from suppressions x where x.workspace_id = {workspace} and {governs} "
    "and x.address like {pattern}",
    "created_at",
    newest_first=True,
)

MESSAGES_BY_ID: Final = MESSAGE.replace("m.id = {id}", "m.id = any({ids})")
THREADS_BY_ID: Final = THREAD.replace("t.id = {id}", "t.id = any({ids})")
MAILBOXES_BY_ID: Final = _ANY_MAILBOX.replace("b.id = {id}", "b.id = any({ids})")
"""Also of one that is being erased: whoever shows it hears that it ended."""

DECISIONS: Final = Paged(
    "decision",
    "syncDecisions",
    "select d.* from sync_decisions d where d.workspace_id = {workspace} and d.mailbox_id = {id} "
    "and exists (select from mailboxes b where b.id = d.mailbox_id and b.user_id = {viewer})",
    "at",
    newest_first=True,
)
DECISION_BY_HASH: Final = (
    DECISIONS.source + " and d.internet_message_id_hash = {hash} order by d.at desc limit 1"
)

_THREAD_CONDITIONS: Final[Mapping[str, str]] = {
    "state": "t.state = {state}",
    "assignee": "t.assignee_id = {assignee}",
    "contact": "t.contact_id = {contact}",
    "mailbox": "exists (select from thread_links l where l.thread_id = t.id and l.mailbox_id = {mailbox} "
    "and l.ended_at is null)",
    "unread": "exists (select from unread u where u.user_id = {viewer} and u.thread_id = t.id)",
    "all_read": "not exists (select from unread u where u.user_id = {viewer} and u.thread_id = t.id)",
}


def threads(conditions: Collection[str]) -> Paged:
    """Return the list of conversations under conditions out of a closed set, latest message first."""
    source = "select t.* from threads t where t.workspace_id = {workspace} and " + _VISIBLE
    for condition in sorted(conditions):
        source += f" and {_THREAD_CONDITIONS[condition]}"
    return Paged("thread", "threads", source, "last_message_at", newest_first=True)


def contacts(*, searched: bool) -> Paged:
    """Return the list of contacts, newest first; searched for `{pattern}` in name, company and addresses."""
    source = "select c.* from contacts c where c.workspace_id = {workspace}"
    if searched:
        source += f" and c.id in (select matching_contacts({{pattern}}, {_MOST_MATCHES}))"
    return Paged("contact", "contacts", source, "created_at", newest_first=True)


FOUND_MESSAGES: Final = Paged(
    "message",
    "searchMessages",
    "select m.* from messages m join threads t on t.id = m.thread_id where m.workspace_id = {workspace} "
    f"and m.id in (select matching_messages({{query}}, {_MOST_MATCHES})) and "
    + OPEN_MESSAGE.replace("{of}", "m")
    + f" and {_VISIBLE}",
    "sent_at",
    newest_first=True,
)
"""Only what the reader may see in full is found: a hit would tell what it says."""
