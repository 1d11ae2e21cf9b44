"""What the mutations on mailboxes answer."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import field

from schema.results.refusals import (
    AlreadyConnected,
    Forbidden,
    InvalidInput,
    LabsOff,
    NotConnected,
    NotFound,
    NotOffered,
)
from schema.types.mailboxes import Mailbox


@strawberry.type(description="A consent under way.")
class Authorization:
    url: str = field(description="Where to send the user.")
    state: str = field(
        description="What comes back with the user; a client with a redirect of its own compares it, and "
        "gives it to completeConnection."
    )
    expires_at: datetime = field(description="Until when the user must be back: ten minutes.")
    mailbox: Mailbox = field(description="The mailbox that will be connected, or is to be again.")


@strawberry.type(description="A mailbox was disconnected; what was synced stays.")
class Disconnected:
    mailbox: Mailbox = field(description="The mailbox, its tokens about to be revoked and erased.")
    threads_kept: int = field(description="Conversations that have mail of this mailbox.")
    messages_kept: int = field(description="Messages that this mailbox brought or carried.")
    links_ended: int = field(description="Conversations that no longer sync through it.")
    sends_refused: int = field(description="Waiting mails that now will not leave; each can be sent again.")


@strawberry.type(description="What was set aside is tried again; how it goes is in the mailbox's health.")
class SetAsideRetried:
    mailbox: Mailbox = field(description="The mailbox.")
    count: int = field(description="How many messages are tried again.")


ConnectMailboxResult = Annotated[
    Authorization | AlreadyConnected | LabsOff | NotOffered | InvalidInput | NotFound | Forbidden,
    strawberry.union("ConnectMailboxResult", description="What connecting a mailbox answers."),
]
CompleteConnectionResult = Annotated[
    Mailbox | InvalidInput | NotFound | Forbidden,
    strawberry.union("CompleteConnectionResult", description="What completing a connection answers."),
]
ConfigureMailboxResult = Annotated[
    Mailbox | NotFound | Forbidden,
    strawberry.union("ConfigureMailboxResult", description="What configuring a mailbox answers."),
]
DisconnectMailboxResult = Annotated[
    Disconnected | NotConnected | NotFound | Forbidden,
    strawberry.union("DisconnectMailboxResult", description="What disconnecting a mailbox answers."),
]
SyncNowResult = Annotated[
    Mailbox | NotConnected | NotFound | Forbidden,
    strawberry.union("SyncNowResult", description="What asking for a sync answers; its outcome is live."),
]
RetrySetAsideResult = Annotated[
    SetAsideRetried | NotConnected | NotFound | Forbidden,
    strawberry.union("RetrySetAsideResult", description="What retrying what was set aside answers."),
]
