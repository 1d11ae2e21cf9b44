"""Look up what the rules ask about a page of envelopes: one statement a question, whatever the page holds.

Belongs here: turning `Questions` into SQL and the answers into `Facts`. Never: a decision.
Source: rules/decision.py.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import asyncpg

from database.pool import Database
from rules.auto_bcc import may_be_auto_bcc
from rules.blocklist import blocklist
from rules.conversation import KnownContact, KnownThread
from rules.decision import Facts, LoggedMessage, Questions, SyncSettings
from rules.words import (
    ContactId,
    EmailAddress,
    MailboxId,
    MailboxStatus,
    MessageId,
    OversizePolicy,
    Provider,
    SyncScope,
    ThreadId,
    UserId,
    WorkspaceId,
)

_USER_ADDRESSES: Final = """
select address, array_agg(distinct user_id) as user_ids
from (
    select email as address, id as user_id from users where workspace_id = $1 and email = any($2)
    union all
    select address, user_id from mailboxes where workspace_id = $1 and address = any($2)
    union all
    select alias, user_id
    from mailboxes, unnest(send_as) as alias
    where workspace_id = $1 and send_as && $2
) known
where address = any($2)
group by address
"""

_CONTACTS: Final = """
select a.address, c.id, c.created_at
from contact_addresses a join contacts c on c.id = a.contact_id
where a.workspace_id = $1 and a.address = any($2)
"""

_LOGGED: Final = """
select m.internet_message_id, m.id, m.thread_id, t.contact_id,
       m.origin = 'CRM' and m.mailbox_id = $3 as through_this_mailbox,
       t.private_to is null or t.private_to = $4 as joinable,
       exists (
           select from thread_links l
           where l.thread_id = m.thread_id and l.mailbox_id = $3 and l.ended_at is null
       ) as linked
from messages m join threads t on t.id = m.thread_id
where m.workspace_id = $1 and m.internet_message_id = any($2)
"""

_LINKS: Final = """
select l.remote_thread_id, l.thread_id, t.contact_id
from thread_links l join threads t on t.id = l.thread_id
where l.mailbox_id = $2 and l.ended_at is null and l.remote_thread_id = any($3) and l.workspace_id = $1
"""

_SUBMITTED: Final = """
select s.marker, s.message_id, m.thread_id, t.contact_id, s.mailbox_id = $3 as through_this_mailbox
from submissions s
join messages m on m.id = s.message_id
join threads t on t.id = m.thread_id
where s.workspace_id = $1 and s.marker = any($2)
"""

_TRACKED: Final = """
select contact_id from tracked_contacts where workspace_id = $1 and user_id = $2 and contact_id = any($3)
"""

_AUTO_BCC: Final = """
select local_part from unnest($2::text[]) local_part
where exists (select from users u where u.workspace_id = $1 and u.auto_bcc = local_part)
   or exists (select from retired_auto_bcc r where r.workspace_id = $1 and r.local_part = local_part)
"""

_SETTINGS: Final = """
select m.provider, m.status, m.connected_at, m.user_id, m.address, m.send_as, m.scope, m.activated_at,
       w.blocklist || u.blocklist as blocklist, w.attachment_limit_bytes, w.attachment_types, w.oversize
from mailboxes m
join workspaces w on w.id = m.workspace_id
join users u on u.id = m.user_id
where m.id = $1
"""


async def sync_settings(
    db: Database,
    workspace_id: WorkspaceId,
    mailbox_id: MailboxId,
    inbound_domains: frozenset[str] = frozenset(),
) -> SyncSettings | None:
    """Return what a mailbox and its workspace are set to; None where it was never connected.

    `inbound_domains` are the deployment's: what stands under them is nobody outside (D5).
    """
    row = await db.fetchrow(workspace_id, _SETTINGS, mailbox_id)
    if row is None or row["connected_at"] is None:
        return None
    types = row["attachment_types"]
    return SyncSettings(
        provider=Provider(row["provider"]),
        status=MailboxStatus(row["status"]),
        connected_at=row["connected_at"],
        owner=UserId(row["user_id"]),
        own_addresses=frozenset(EmailAddress(one) for one in (row["address"], *row["send_as"]) if one),
        scope=SyncScope(row["scope"]),
        activated=row["activated_at"] is not None,
        blocklist=blocklist(row["blocklist"]),
        attachment_limit_bytes=row["attachment_limit_bytes"],
        attachment_types=None if types is None else frozenset(types),
        oversize=OversizePolicy(row["oversize"]),
        inbound_domains=inbound_domains,
    )


async def auto_bcc_among(
    db: Database, workspace_id: WorkspaceId, addresses: Iterable[EmailAddress]
) -> frozenset[EmailAddress]:
    """Return which addresses are, or were, Auto BCC addresses of the workspace, under whatever domain."""
    by_local = {one.rpartition("@")[0]: one for one in addresses if may_be_auto_bcc(one)}
    if not by_local:
        return frozenset()
    found = await db.fetch(workspace_id, _AUTO_BCC, workspace_id, sorted(by_local))
    return frozenset(by_local[row["local_part"]] for row in found)


async def look_up(
    db: Database, workspace_id: WorkspaceId, mailbox_id: MailboxId, owner: UserId, asked: Questions
) -> Facts:
    """Answer the rules' questions for one mailbox."""
    addresses = sorted(asked.addresses)
    users = await db.fetch(workspace_id, _USER_ADDRESSES, workspace_id, addresses)
    contacts = await db.fetch(workspace_id, _CONTACTS, workspace_id, addresses)
    ids = sorted(asked.internet_message_ids)
    logged = await db.fetch(workspace_id, _LOGGED, workspace_id, ids, mailbox_id, owner)
    threads = sorted(asked.remote_thread_ids)
    links = await db.fetch(workspace_id, _LINKS, workspace_id, mailbox_id, threads)
    known = sorted({row["id"] for row in contacts})
    tracked = await db.fetch(workspace_id, _TRACKED, workspace_id, owner, known) if known else []
    submitted: list[asyncpg.Record] = []
    if asked.markers:
        markers = sorted(asked.markers)
        submitted = await db.fetch(workspace_id, _SUBMITTED, workspace_id, markers, mailbox_id)
    return Facts(
        user_addresses={
            EmailAddress(row["address"]): frozenset(UserId(one) for one in row["user_ids"]) for row in users
        },
        auto_bcc_addresses=await auto_bcc_among(db, workspace_id, asked.addresses),
        contacts=_contacts(contacts),
        tracked=frozenset(ContactId(row["contact_id"]) for row in tracked),
        logged={row["internet_message_id"]: _logged(row, row["id"]) for row in logged},
        submitted={row["marker"]: _logged(row, row["message_id"]) for row in submitted},
        linked=MappingProxyType({row["remote_thread_id"]: _thread(row) for row in links}),
        linked_references=_by_id(row for row in logged if row["linked"]),
        threads_by_reference=_by_id(row for row in logged if row["joinable"]),
    )


def _contacts(rows: list[asyncpg.Record]) -> Mapping[EmailAddress, tuple[KnownContact, ...]]:
    found: dict[EmailAddress, tuple[KnownContact, ...]] = {}
    for row in rows:
        address = EmailAddress(row["address"])
        contact = KnownContact(ContactId(row["id"]), row["created_at"])
        found[address] = (*found.get(address, ()), contact)
    return found


def _thread(row: asyncpg.Record) -> KnownThread:
    return KnownThread(ThreadId(row["thread_id"]), ContactId(row["contact_id"]))


def _logged(row: asyncpg.Record, message_id: UUID) -> LoggedMessage:
    return LoggedMessage(MessageId(message_id), _thread(row), bool(row["through_this_mailbox"]))


def _by_id(rows: Any) -> Mapping[str, KnownThread]:
    return MappingProxyType({row["internet_message_id"]: _thread(row) for row in rows})
