"""What the mutations on sending and conversations answer."""

from typing import Annotated

import strawberry

from schema.results.refusals import (
    AttachmentTooLarge,
    DailyLimitReached,
    Forbidden,
    IdempotencyConflict,
    InvalidInput,
    NotConnected,
    NotFound,
    Reauthenticate,
    WrongState,
)
from schema.types.conversations import Message, Thread

SendEmailResult = Annotated[
    Message
    | InvalidInput
    | NotFound
    | Forbidden
    | NotConnected
    | Reauthenticate
    | DailyLimitReached
    | AttachmentTooLarge
    | IdempotencyConflict
    | WrongState,
    strawberry.union("SendEmailResult", description="What sending answers; how it went on is live."),
]
CancelSendResult = Annotated[
    Message | WrongState | NotFound | Forbidden,
    strawberry.union("CancelSendResult", description="What undoing a sending answers."),
]
MarkThreadResult = Annotated[
    Thread | InvalidInput | NotFound | Forbidden,
    strawberry.union("MarkThreadResult", description="What marking a conversation answers."),
]
