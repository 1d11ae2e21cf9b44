"""A bulk send looked at: the lists of them, who each is for, what it would say, and who is to get none."""

from datetime import datetime

import strawberry
from strawberry import ID, field

from rules.words import EmailAddress
from schema.enums import BulkObstacleKind, BulkOutcome, SenderKind, SuppressionReason
from schema.scalars import HTML
from schema.types.conversations import Contact, Message
from schema.types.pages import PageInfo
from schema.types.sending import BulkSend


@strawberry.type(description="A bulk send in a page.")
class BulkSendEdge:
    node: BulkSend = field(description="The bulk send.")
    cursor: str = field(description="Where it lies in the list; opaque.")


@strawberry.type(description="A page of bulk sends, newest first.")
class BulkSendConnection:
    edges: list[BulkSendEdge] = field(description="The bulk sends of this page.")
    page_info: PageInfo = field(description="Where the page lies in the list.")


@strawberry.type(description="A contact that a bulk send is for, and what became of it.")
class BulkRecipient:
    id: ID = field(description="The recipient's id.")
    contact: Contact = field(description="The contact.")
    outcome: BulkOutcome = field(description="What became of it.")
    reason: str | None = field(description="Why it got none, or what came back, in a sentence.")
    message: Message | None = field(
        description="Its mail, in its conversation; null before its turn, and where it is not to be seen."
    )


@strawberry.type(description="A recipient in a page.")
class BulkRecipientEdge:
    node: BulkRecipient = field(description="The recipient.")
    cursor: str = field(description="Where it lies in the list; opaque.")


@strawberry.type(description="A page of recipients, in the order they are written to.")
class BulkRecipientConnection:
    edges: list[BulkRecipientEdge] = field(description="The recipients of this page.")
    page_info: PageInfo = field(description="Where the page lies in the list.")


@strawberry.type(description="A contact that would get no mail of a bulk send, and why.")
class BulkObstacle:
    contact_id: ID = field(description="The contact.")
    name: str | None = field(description="The contact's name.")
    address: EmailAddress | None = field(description="Its first address.")
    kind: BulkObstacleKind = field(description="Why it would get none.")
    missing: str | None = field(
        description="The merge field that it lacks, such as `company`; null where that is not why."
    )


@strawberry.type(description="A bulk send as it would go, of which nothing is stored or sent.")
class BulkPreview:
    total: int = field(description="How many contacts it is for, those who would get none included.")
    incomplete: int = field(description="How many of them lack an address, or a field that the mail needs.")
    suppressed: int = field(description="How many of them are on the suppression list.")
    obstacles: list[BulkObstacle] = field(
        description="The first 100 who would get none, those who hold it up first."
    )
    via: SenderKind = field(description="What would carry it.")
    from_address: EmailAddress = field(description="The address that it would go out from.")
    from_name: str | None = field(description="The name beside it.")
    answers_here: bool = field(
        description="Whether answers would come back into each contact's conversation."
    )
    reply_to: EmailAddress | None = field(
        description="Where answers would go instead; null where they come here, or to the From address."
    )
    contact_id: ID = field(description="The contact whose mail this is.")
    name: str | None = field(description="That contact's name.")
    address: EmailAddress | None = field(description="That contact's first address; null where it has none.")
    obstacle: BulkObstacle | None = field(description="Why that contact would get none; null where it would.")
    subject: str | None = field(
        description="The subject, as that contact would read it; null where something is missing."
    )
    text: str | None = field(description="The text, as that contact would read it.")
    html: HTML | None = field(description="The HTML, as that contact would read it.")


@strawberry.type(description="An address that gets no bulk mail of the workspace.")
class SuppressedAddress:
    id: ID = field(description="The entry's id.")
    address: EmailAddress = field(description="The address.")
    reason: SuppressionReason = field(description="Why it gets none.")
    created_at: datetime = field(description="Since when.")


@strawberry.type(description="A suppressed address in a page.")
class SuppressedAddressEdge:
    node: SuppressedAddress = field(description="The address.")
    cursor: str = field(description="Where it lies in the list; opaque.")


@strawberry.type(description="A page of the suppression list, newest first.")
class SuppressedAddressConnection:
    edges: list[SuppressedAddressEdge] = field(description="The addresses of this page.")
    page_info: PageInfo = field(description="Where the page lies in the list.")
