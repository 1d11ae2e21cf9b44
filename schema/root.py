"""The API: one declaration per field, each married to its resolver. The words are in schema/types."""

from collections.abc import AsyncIterator
from typing import Final

import strawberry
from strawberry import field
from strawberry.schema.config import StrawberryConfig

from resolvers import contacts, decisions, listening, mailboxes, messages, threads, workspaces
from schema.scalars import SCALARS
from schema.types.conversations import (
    Contact,
    ContactConnection,
    Message,
    MessageConnection,
    Thread,
    ThreadConnection,
)
from schema.types.events import (
    InboxEvent,
    MailboxChanged,
    MessageChanged,
    MessageSynced,
    ThreadChanged,
    Withdrawn,
)
from schema.types.mailboxes import Mailbox, SyncDecision, SyncDecisionConnection
from schema.types.workspaces import Viewer, Workspace


@strawberry.type(description="What can be read. Pages hold 1..100 entries, 25 by default.")
class Query:
    viewer: Viewer = field(resolver=workspaces.viewer, description="Who is asking.")
    workspace: Workspace = field(resolver=workspaces.workspace, description="The viewer's workspace.")
    mailbox: Mailbox | None = field(
        resolver=mailboxes.mailbox, description="A mailbox of the viewer's; for admins, any of the workspace."
    )
    mailboxes: list[Mailbox] = field(
        resolver=mailboxes.mailboxes,
        description="The viewer's mailboxes that have not ended; for admins, the workspace's.",
    )
    contact: Contact | None = field(resolver=contacts.contact, description="A contact.")
    contacts: ContactConnection = field(
        resolver=contacts.contacts,
        description="The contacts, newest first; `search` looks into names, companies and addresses, 200 "
        "characters at most.",
    )
    thread: Thread | None = field(resolver=threads.thread, description="A conversation.")
    threads: ThreadConnection = field(
        resolver=threads.threads, description="The conversations, latest message first: the inbox."
    )
    message: Message | None = field(resolver=messages.message, description="A message.")
    search_messages: MessageConnection = field(
        resolver=messages.search_messages,
        description="Messages whose subject, text or sender hold the words, newest first; 200 characters at "
        'most, "in quotes" for a phrase, -word to leave out.',
    )
    sync_decisions: SyncDecisionConnection = field(
        resolver=decisions.sync_decisions,
        description="What was decided of the mail of a mailbox, newest first; for its owner only.",
    )
    why_not_synced: SyncDecision | None = field(
        resolver=decisions.why_not_synced,
        description="What was decided of one mail, by its Message-ID; for the mailbox's owner only. "
        "Null where the mailbox never showed it, or over 30 days ago.",
    )


@strawberry.type(
    description="What happens, live. Without `after` from now on; with it, first what was missed."
)
class Subscription:
    inbox: AsyncIterator[InboxEvent] = strawberry.subscription(
        resolver=listening.inbox,
        description="Everything that happens in the workspace and is the viewer's to see, in order.",
    )
    message_synced: AsyncIterator[MessageSynced] = strawberry.subscription(
        resolver=listening.message_synced,
        description="New messages, of one conversation, contact or mailbox, or of all.",
    )
    mailbox_changed: AsyncIterator[MailboxChanged] = strawberry.subscription(
        resolver=listening.mailbox_changed,
        description="What becomes of a mailbox, or of all that the viewer may see.",
    )


VIEWER_FIELDS: Final = frozenset({"Thread.unreadCount", "Message.read", "Attachment.url", "Mailbox.skipped"})
"""Fields whose answer depends on who asks, even where both may see the same objects."""

schema: Final = strawberry.Schema(
    query=Query,
    subscription=Subscription,
    types=[MessageChanged, ThreadChanged, Withdrawn],
    config=StrawberryConfig(scalar_map=SCALARS),
)
