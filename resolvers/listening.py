"""Subscriptions are executed by the live engine, once per event and group, never by the schema itself.

The declarations in schema/root.py need a resolver each; these say so, and nothing else. What a subscription
shows to whom is in resolvers/feed.py.
"""

from collections.abc import AsyncIterator

from strawberry import ID

from schema.scalars import EventID
from schema.types.events import BulkSendProgressed, InboxEvent, MailboxChanged, MessageSynced

_ELSEWHERE = "Subscriptions are served over graphql-transport-ws only."


class NotHere(RuntimeError):
    """A subscription was executed as an ordinary operation: a mistake in the wiring."""


def inbox(after: EventID | None = None) -> AsyncIterator[InboxEvent]:
    """Never runs. Raises: NotHere."""
    raise NotHere(_ELSEWHERE)


def message_synced(
    thread_id: ID | None = None,
    contact_id: ID | None = None,
    mailbox_id: ID | None = None,
    after: EventID | None = None,
) -> AsyncIterator[MessageSynced]:
    """Never runs. Raises: NotHere."""
    raise NotHere(_ELSEWHERE)


def mailbox_changed(
    mailbox_id: ID | None = None, after: EventID | None = None
) -> AsyncIterator[MailboxChanged]:
    """Never runs. Raises: NotHere."""
    raise NotHere(_ELSEWHERE)


def bulk_send_progressed(id: ID, after: EventID | None = None) -> AsyncIterator[BulkSendProgressed]:
    """Never runs. Raises: NotHere."""
    raise NotHere(_ELSEWHERE)
