"""What the mutations on bulk sends, the workspace sender and the suppression list answer."""

from typing import Annotated

import strawberry
from strawberry import ID, field

from schema.enums import BulkState
from schema.results.refusals import (
    Forbidden,
    IdempotencyConflict,
    InvalidInput,
    NotConnected,
    NotFound,
    UserError,
)
from schema.types.bulk import BulkPreview
from schema.types.sending import BulkSend, WorkspaceSender


@strawberry.type(description="A field that the text needs, and a contact that lacks it.")
class MissingMergeField:
    contact_id: ID = field(description="The contact.")
    name: str = field(description="The field, such as `company`; empty where the contact has no address.")


@strawberry.type(description="Contacts lack fields that the text needs. Nothing was queued.")
class MergeFieldsMissing(UserError):
    missing: list[MissingMergeField] = field(description="The first 100 of them.")
    count: int = field(description="How many contacts lack one.")


@strawberry.type(description="The bulk send stands where this can no longer, or not yet, be done.")
class BulkWrongState(UserError):
    bulk_state: BulkState = field(description="Where it stands.")


@strawberry.type(description="An address that gets no bulk mail, or gets it again.")
class Suppression:
    address: str = field(description="The address.")
    suppressed: bool = field(description="Whether it gets none.")


SendBulkEmailResult = Annotated[
    BulkSend | MergeFieldsMissing | InvalidInput | NotConnected | IdempotencyConflict | Forbidden,
    strawberry.union("SendBulkEmailResult", description="What sending to many answers; progress is live."),
]
PreviewBulkEmailResult = Annotated[
    BulkPreview | InvalidInput | NotConnected,
    strawberry.union(
        "PreviewBulkEmailResult", description="What looking at a bulk send before it is sent answers."
    ),
]
ChangeBulkSendResult = Annotated[
    BulkSend | BulkWrongState | NotFound | Forbidden,
    strawberry.union(
        "ChangeBulkSendResult", description="What pausing, resuming and cancelling a bulk send answer."
    ),
]
TestWorkspaceSenderResult = Annotated[
    WorkspaceSender | NotConnected | Forbidden,
    strawberry.union("TestWorkspaceSenderResult", description="What asking for a test mail answers."),
]
SuppressAddressResult = Annotated[
    Suppression | InvalidInput | Forbidden,
    strawberry.union("SuppressAddressResult", description="What changing the suppression list answers."),
]
