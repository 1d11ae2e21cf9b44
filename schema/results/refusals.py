"""The ways in which a mutation can be refused; a client that knows none of them reads `message`."""

from datetime import datetime

import strawberry
from strawberry import ID

from schema.enums import DeliveryState
from schema.types.conversations import Message
from schema.types.mailboxes import Mailbox


@strawberry.interface(description="Why a mutation was refused. Nothing was changed.")
class UserError:
    message: str = strawberry.field(description="What is wrong and what can be done, in a sentence.")


@strawberry.type(description="A value cannot be used.")
class InvalidInput(UserError):
    field: str = strawberry.field(description="Which one, as a path in the arguments, such as `input.to.0`.")


@strawberry.type(description="There is no such thing, or not for the viewer: the two are answered alike.")
class NotFound(UserError):
    pass


@strawberry.type(description="The viewer is known and may not do this.")
class Forbidden(UserError):
    pass


@strawberry.type(description="The provider's daily limit is used up. Nothing was queued.")
class DailyLimitReached(UserError):
    limit: int = strawberry.field(description="Messages a rolling day.")
    used: int = strawberry.field(description="Messages of the last 24 hours, queued ones included.")
    frees_at: datetime = strawberry.field(description="When the next message of the limit frees.")


@strawberry.type(
    description="The mailbox waits for its user to consent again. A mail was kept as a refused message; "
    "retrySend sends it once the mailbox is back."
)
class Reauthenticate(UserError):
    mailbox: Mailbox = strawberry.field(description="The mailbox that waits.")
    kept_message: Message | None = strawberry.field(
        description="The mail that was kept; null where none was given."
    )


@strawberry.type(description="The viewer has no connected mailbox for this.")
class NotConnected(UserError):
    pass


@strawberry.type(description="The viewer already has a live mailbox; updateMailbox moves to another address.")
class AlreadyConnected(UserError):
    mailbox: Mailbox = strawberry.field(description="The live mailbox.")


@strawberry.type(description="The provider is not offered, by this deployment or at all.")
class NotOffered(UserError):
    pass


@strawberry.type(description="The workspace has not switched this provider on under its labs.")
class LabsOff(UserError):
    pass


@strawberry.type(description="The idempotency key was used before with another input. Nothing was queued.")
class IdempotencyConflict(UserError):
    message_id: ID = strawberry.field(description="The message that the key belongs to.")


@strawberry.type(description="The attachments together exceed the workspace's limit. Nothing was queued.")
class AttachmentTooLarge(UserError):
    limit_bytes: int = strawberry.field(description="The limit, in bytes.")
    size_bytes: int = strawberry.field(description="What the attachments have together, in bytes.")


@strawberry.type(description="The sending stands where this can no longer, or not yet, be done.")
class WrongState(UserError):
    state: DeliveryState = strawberry.field(description="Where it stands.")


@strawberry.type(description="The contact has conversations, which would be lost with it.")
class HasConversations(UserError):
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="Another user of the workspace has that address or subject.")
class AlreadyExists(UserError):
    pass
