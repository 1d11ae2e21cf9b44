"""What the mutations on contacts answer."""

from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import ID, field

from schema.results.refusals import Forbidden, HasConversations, InvalidInput, NotFound
from schema.types.conversations import Contact


@strawberry.enum(description="What became of one imported row.")
class ImportOutcome(StrEnum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    SKIPPED = "SKIPPED"


@strawberry.type(description="What became of one imported row.")
class ImportRow:
    index: int = field(description="Which row, from 0.")
    outcome: ImportOutcome = field(description="Whether a contact was made, completed, or neither.")
    contact_id: ID | None = field(description="The contact; null where the row was unusable.")
    reason: str | None = field(description="Why it was skipped, in a sentence.")


@strawberry.type(description="What became of an import.")
class ImportReport:
    created: int = field(description="How many contacts were made.")
    updated: int = field(
        description="How many contacts got something they had not: a name, a company, an address."
    )
    skipped: int = field(description="How many rows changed nothing.")
    rows: list[ImportRow] = field(description="Every row, in the order given.")


@strawberry.type(description="A contact was deleted.")
class ContactDeleted:
    contact_id: ID = field(description="The id it had.")


CreateContactResult = Annotated[
    Contact | InvalidInput | Forbidden,
    strawberry.union("CreateContactResult", description="What making a contact answers."),
]
UpdateContactResult = Annotated[
    Contact | InvalidInput | NotFound | Forbidden,
    strawberry.union("UpdateContactResult", description="What changing a contact answers."),
]
DeleteContactResult = Annotated[
    ContactDeleted | HasConversations | NotFound | Forbidden,
    strawberry.union("DeleteContactResult", description="What deleting a contact answers."),
]
ImportContactsResult = Annotated[
    ImportReport | InvalidInput | Forbidden,
    strawberry.union("ImportContactsResult", description="What an import answers."),
]
