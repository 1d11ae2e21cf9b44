"""What the mutations on contacts answer."""

from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import ID, field

from schema.results.refusals import Forbidden, HasConversations, InvalidInput, NotConnected, NotFound
from schema.types.conversations import Contact
from schema.types.mailboxes import Mailbox


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


@strawberry.type(
    description="A person was erased: the contact, its conversations, what they wrote elsewhere, and their "
    "addresses from the headers of what stays. What others wrote about them stays."
)
class ContactErased:
    contact_id: ID = field(description="The id it had.")
    threads: int = field(description="How many conversations went.")
    messages: int = field(description="How many messages went.")
    attachments: int = field(description="How many files of those conversations went.")
    mentions: int = field(description="How many messages that stay named an address of theirs.")


@strawberry.type(description="The address book is being read; what came of it is in the contacts' links.")
class AddressBookAsked:
    mailbox: Mailbox = field(description="The mailbox whose account's address book it is.")


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
EraseContactResult = Annotated[
    ContactErased | NotFound | Forbidden,
    strawberry.union("EraseContactResult", description="What erasing a person answers."),
]
LinkContactsResult = Annotated[
    AddressBookAsked | NotConnected | NotFound | Forbidden,
    strawberry.union("LinkContactsResult", description="What linking contacts with an address book answers."),
]
