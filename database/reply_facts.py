"""Look up what the rules ask about a mail for a conversation's own address, and whose it will be.

Belongs here: SQL and its answers as the rules' own shapes. Never: a decision (rules/replies.py).
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from database.auto_bcc_facts import addresses_of, contacts_by_address, users_among
from database.pool import Database
from rules.blocklist import blocklist
from rules.conversation import KnownThread
from rules.decision import LoggedMessage, people_of
from rules.envelope import Envelope
from rules.replies import ReplyFacts, ReplySettings
from rules.threading import parents
from rules.words import (
    ContactId,
    EmailAddress,
    MessageId,
    OversizePolicy,
    SubmissionId,
    ThreadId,
    UserId,
    Visibility,
    WorkspaceId,
)

_THREAD: Final = """
select t.id, t.contact_id, t.private_to, t.assignee_id, t.participants::text as participants,
    array(select address from contact_addresses where contact_id = t.contact_id) as addresses,
    w.blocklist, w.attachment_limit_bytes, w.attachment_types, w.oversize
from threads t join workspaces w on w.id = t.workspace_id
where t.workspace_id = $1 and t.id = $2
"""

_THREAD_OF_SUBMISSION: Final = """
select m.thread_id from submissions s join messages m on m.id = s.message_id
where s.workspace_id = $1 and s.id = $2
"""

_ANSWERED: Final = """
select owner_id, visibility from messages
where workspace_id = $1 and thread_id = $2 and direction = 'OUTBOUND'
order by coalesce(internet_message_id = any($3), false) desc, sent_at desc, id desc limit 1
"""

_LOGGED: Final = """
select m.id, m.thread_id, t.contact_id from messages m join threads t on t.id = m.thread_id
where m.workspace_id = $1 and m.internet_message_id = $2
"""

_VISIBILITY_OF_USER: Final = """
select visibility from mailboxes
where workspace_id = $1 and user_id = $2 and status in ('CONNECTED', 'REAUTHENTICATE') limit 1
"""

_ADMINS: Final = """
select id from users where workspace_id = $1 and role = 'ADMIN' and suspended_at is null order by id limit 20
"""


@dataclass(frozen=True, slots=True)
class ReplyHolder:
    """Whose a reply is, what colleagues see of it, and for whom it is unread."""

    owner: UserId | None
    visibility: Visibility
    readers: tuple[UserId, ...]


@dataclass(frozen=True, slots=True)
class ReplyThread:
    """The conversation that a mail is for, and what decides in it."""

    facts: ReplyFacts
    settings: ReplySettings
    private_to: UserId | None
    assignee: UserId | None


async def thread_of_submission(
    db: Database, workspace_id: WorkspaceId, submission_id: SubmissionId
) -> ThreadId | None:
    """Return the conversation of a sending; None where it was erased."""
    found = await db.fetchval(workspace_id, _THREAD_OF_SUBMISSION, workspace_id, submission_id)
    return None if found is None else ThreadId(found)


async def reply_thread(
    db: Database, workspace_id: WorkspaceId, thread_id: ThreadId, envelope: Envelope
) -> ReplyThread | None:
    """Answer the rules' questions about one mail; None where the conversation is gone."""
    addresses: list[str] = sorted({person.address for person in people_of(envelope)})
    row, users, contacts, logged = await asyncio.gather(
        db.fetchrow(workspace_id, _THREAD, workspace_id, thread_id),
        users_among(db, workspace_id, addresses),
        contacts_by_address(db, workspace_id, addresses),
        db.fetchrow(workspace_id, _LOGGED, workspace_id, envelope.internet_message_id),
    )
    if row is None:
        return None
    taking_part = addresses_of(row["participants"]) | {EmailAddress(one) for one in row["addresses"]}
    types = row["attachment_types"]
    return ReplyThread(
        facts=ReplyFacts(
            thread=KnownThread(ThreadId(row["id"]), ContactId(row["contact_id"])),
            taking_part=taking_part,
            users=users,
            contacts=contacts,
            logged=None
            if logged is None
            else LoggedMessage(
                MessageId(logged["id"]),
                KnownThread(ThreadId(logged["thread_id"]), ContactId(logged["contact_id"])),
                through_this_mailbox=False,
            ),
        ),
        settings=ReplySettings(
            blocklist=blocklist(row["blocklist"]),
            attachment_limit_bytes=row["attachment_limit_bytes"],
            attachment_types=None if types is None else frozenset(types),
            oversize=OversizePolicy(row["oversize"]),
        ),
        private_to=None if row["private_to"] is None else UserId(row["private_to"]),
        assignee=None if row["assignee_id"] is None else UserId(row["assignee_id"]),
    )


async def holder_of(
    db: Database, workspace_id: WorkspaceId, thread: ReplyThread, envelope: Envelope, author: UserId | None
) -> ReplyHolder:
    """Return whose a mail is: its author's, where a user wrote it; else theirs whose mail it answers.

    What an automation wrote is nobody's: an answer to it is unread for whom the conversation is assigned to,
    else for the admins, so that it is not unread for nobody.
    """
    if author is not None:
        chosen = await db.fetchval(workspace_id, _VISIBILITY_OF_USER, workspace_id, author)
        return ReplyHolder(author, Visibility(chosen or Visibility.EVERYTHING), ())
    thread_id = thread.facts.thread.thread_id
    row = await db.fetchrow(workspace_id, _ANSWERED, workspace_id, thread_id, list(parents(envelope)))
    visibility = Visibility(row["visibility"]) if row is not None else Visibility.EVERYTHING
    owner = thread.private_to or (UserId(row["owner_id"]) if row is not None and row["owner_id"] else None)
    first = owner or thread.assignee
    if first is not None:
        return ReplyHolder(owner, visibility, (first,))
    admins = await db.fetch(workspace_id, _ADMINS, workspace_id)
    return ReplyHolder(None, visibility, tuple(UserId(one["id"]) for one in admins))
