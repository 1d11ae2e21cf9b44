"""Everything that happens in a workspace, as subscriptions tell it."""

from datetime import datetime

import strawberry
from strawberry import ID, field

from schema.scalars import EventID
from schema.types.conversations import Message, Thread
from schema.types.mailboxes import Mailbox
from schema.types.sending import BulkSend
from schema.types.webhooks import Webhook


@strawberry.interface(
    description="Something that happened, in order. Give the last `id` you saw as `after` to "
    "be told what you missed before you go on live."
)
class InboxEvent:
    id: EventID = field(description="The event's id.")
    at: datetime = field(description="When it happened.")


@strawberry.type(description="A message entered a conversation; told once per message.")
class MessageSynced(InboxEvent):
    message: Message = field(description="The message, as it is now.")


@strawberry.type(description="Delivery, read state, attachments or warnings of a message changed.")
class MessageChanged(InboxEvent):
    message: Message = field(description="The message, as it is now.")


@strawberry.type(description="State, assignee, privacy, read state or links of a conversation changed.")
class ThreadChanged(InboxEvent):
    thread: Thread = field(description="The conversation, as it is now.")


@strawberry.type(description="Status, health, permissions or settings of a mailbox changed.")
class MailboxChanged(InboxEvent):
    mailbox: Mailbox = field(description="The mailbox, as it is now.")


@strawberry.type(description="Mails of a bulk send left or were refused, or it was paused, resumed or ended.")
class BulkSendProgressed(InboxEvent):
    bulk_send: BulkSend = field(description="The bulk send, as it is now.")


@strawberry.type(
    description="A webhook was made, changed, paused, resumed or switched off; for admins only. Not told to "
    "webhooks."
)
class WebhookChanged(InboxEvent):
    webhook: Webhook = field(description="The webhook, as it is now.")


@strawberry.type(
    description="Something is not, or not in full, the viewer's to see any more: forget it. What may still "
    "be seen of it is told again right after."
)
class Withdrawn(InboxEvent):
    thread_id: ID | None = field(
        description="The conversation to forget, with all its messages; null where it is one message."
    )
    message_id: ID | None = field(description="The message to forget; null where it is a conversation.")
