"""Look up what the rules ask about one mail that arrived for an Auto BCC address.

Belongs here: SQL and its answers as the rules' own shapes. Never: a decision (rules/auto_bcc.py).
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import orjson

from database.pool import Database
from database.sync_facts import auto_bcc_among
from rules.auto_bcc import AutoBccFacts, AutoBccSettings
from rules.blocklist import blocklist
from rules.conversation import KnownContact, KnownThread
from rules.decision import LoggedMessage, people_of
from rules.envelope import Envelope
from rules.threading import parents
from rules.words import (
    ContactId,
    EmailAddress,
    MessageId,
    OversizePolicy,
    ThreadId,
    UserId,
    Visibility,
    WorkspaceId,
)

_SETTINGS: Final = """
select w.blocklist || u.blocklist as blocklist, w.attachment_limit_bytes, w.attachment_types, w.oversize,
    array(
        select u.email
        union select m.address from mailboxes m where m.user_id = u.id and m.address is not null
        union select alias from mailboxes m, unnest(m.send_as) alias where m.user_id = u.id
    ) as own_addresses,
    (select m.visibility from mailboxes m
     where m.user_id = u.id and m.status in ('CONNECTED', 'REAUTHENTICATE') limit 1) as visibility
from users u join workspaces w on w.id = u.workspace_id
where u.workspace_id = $1 and u.id = $2 and u.suspended_at is null
"""

_USERS: Final = """
select email as address, id as user_id from users where workspace_id = $1 and email = any($2)
union select address, user_id from mailboxes where workspace_id = $1 and address = any($2)
union select alias, user_id from mailboxes, unnest(send_as) alias
where workspace_id = $1 and send_as && $2 and alias = any($2)
"""

_CONTACTS: Final = """
select a.address, c.id, c.created_at
from contact_addresses a join contacts c on c.id = a.contact_id
where a.workspace_id = $1 and a.address = any($2)
"""

_MESSAGES: Final = """
select m.internet_message_id, m.id, m.thread_id, t.contact_id, t.participants::text as participants,
    t.private_to is null or t.private_to = $3 as joinable
from messages m join threads t on t.id = m.thread_id
where m.workspace_id = $1 and m.internet_message_id = any($2)
"""


async def auto_bcc_settings(
    db: Database, workspace_id: WorkspaceId, user_id: UserId, inbound_domains: frozenset[str]
) -> tuple[AutoBccSettings, Visibility] | None:
    """Return what decides, and what colleagues see of the user's mail; None where the user is gone."""
    row = await db.fetchrow(workspace_id, _SETTINGS, workspace_id, user_id)
    if row is None:
        return None
    types = row["attachment_types"]
    settings = AutoBccSettings(
        own_addresses=frozenset(EmailAddress(one) for one in row["own_addresses"]),
        inbound_domains=inbound_domains,
        blocklist=blocklist(row["blocklist"]),
        attachment_limit_bytes=row["attachment_limit_bytes"],
        attachment_types=None if types is None else frozenset(types),
        oversize=OversizePolicy(row["oversize"]),
    )
    return settings, Visibility(row["visibility"] or Visibility.EVERYTHING)


async def users_among(
    db: Database, workspace_id: WorkspaceId, addresses: list[str]
) -> dict[EmailAddress, UserId]:
    """Return which addresses are users', by login, mailbox or alias."""
    rows = await db.fetch(workspace_id, _USERS, workspace_id, addresses)
    return {EmailAddress(row["address"]): UserId(row["user_id"]) for row in rows}


async def contacts_by_address(
    db: Database, workspace_id: WorkspaceId, addresses: list[str]
) -> dict[EmailAddress, tuple[KnownContact, ...]]:
    """Return which addresses are contacts', with every contact that has one."""
    found: dict[EmailAddress, tuple[KnownContact, ...]] = {}
    for row in await db.fetch(workspace_id, _CONTACTS, workspace_id, addresses):
        address = EmailAddress(row["address"])
        known = KnownContact(ContactId(row["id"]), row["created_at"])
        found[address] = (*found.get(address, ()), known)
    return found


async def auto_bcc_facts(
    db: Database, workspace_id: WorkspaceId, user_id: UserId, envelope: Envelope
) -> AutoBccFacts:
    """Answer the rules' questions about one mail."""
    addresses: list[str] = sorted({person.address for person in people_of(envelope)})
    own_id = envelope.internet_message_id
    ids = sorted({*parents(envelope), *([own_id] if own_id else [])})
    users, contacts, messages, auto_bcc = await asyncio.gather(
        users_among(db, workspace_id, addresses),
        contacts_by_address(db, workspace_id, addresses),
        db.fetch(workspace_id, _MESSAGES, workspace_id, ids, user_id),
        auto_bcc_among(db, workspace_id, (EmailAddress(one) for one in addresses)),
    )
    threads = {
        row["internet_message_id"]: KnownThread(ThreadId(row["thread_id"]), ContactId(row["contact_id"]))
        for row in messages
    }
    logged = next((row for row in messages if row["internet_message_id"] == own_id), None)
    return AutoBccFacts(
        user_addresses=frozenset(users),
        auto_bcc_addresses=auto_bcc,
        contacts=contacts,
        logged=None
        if logged is None
        else LoggedMessage(
            MessageId(logged["id"]), threads[logged["internet_message_id"]], through_this_mailbox=False
        ),
        threads_by_reference={
            row["internet_message_id"]: threads[row["internet_message_id"]]
            for row in messages
            if row["joinable"]
        },
        participants={ThreadId(row["thread_id"]): addresses_of(row["participants"]) for row in messages},
    )


def addresses_of(participants: str) -> frozenset[EmailAddress]:
    """Return the addresses of a thread's participants, as PostgreSQL writes them."""
    people: Iterable[dict[str, str]] = orjson.loads(participants)
    return frozenset(EmailAddress(one["address"]) for one in people)
