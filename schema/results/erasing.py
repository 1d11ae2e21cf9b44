"""What erasing a mailbox or a user answers; of contacts see schema/results/contacts.py."""

from typing import Annotated

import strawberry
from strawberry import field

from schema.results.refusals import Forbidden, InvalidInput, NotFound


@strawberry.type(
    description="What an erasure takes away for good, and what stays because a colleague's mailbox holds it, "
    "or because it came by another way."
)
class Erasure:
    messages: int = field(description="Messages that go.")
    messages_kept: int = field(description="Messages that stay; for their other holders.")
    threads: int = field(description="Conversations of which nothing stays.")
    attachments: int = field(description="Files of the messages that go.")
    sends_refused: int = field(description="Waiting mails that never leave.")


PreviewErasureResult = Annotated[
    Erasure | NotFound | Forbidden,
    strawberry.union("PreviewErasureResult", description="What looking at an erasure beforehand answers."),
]
EraseMailboxResult = Annotated[
    Erasure | InvalidInput | NotFound | Forbidden,
    strawberry.union("EraseMailboxResult", description="What erasing a mailbox answers."),
]
EraseUserResult = Annotated[
    Erasure | InvalidInput | NotFound | Forbidden,
    strawberry.union("EraseUserResult", description="What erasing a user answers."),
]
