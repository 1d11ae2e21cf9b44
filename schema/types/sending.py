"""The workspace's own sender, and mail to many."""

from datetime import datetime

import strawberry
from strawberry import ID, field

from rules.words import EmailAddress
from schema.enums import BulkState, SenderKind, TlsMode
from schema.scalars import HTML
from schema.types.mailboxes import User


@strawberry.type(
    description="The workspace's own way of sending: an SMTP server. Its password never comes back."
)
class WorkspaceSender:
    id: ID = field(description="The sender's id.")
    host: str = field(description="The server's name.")
    port: int = field(description="Its port.")
    tls: TlsMode = field(description="How the connection is secured.")
    username: str | None = field(description="Whom it logs in as; null where it does not.")
    password_set: bool = field(description="Whether a password is kept for it.")
    from_address: EmailAddress = field(description="The address that its mail goes out from.")
    from_name: str | None = field(description="The name beside it, where the mail has no author's.")
    bounces_here: bool = field(
        description="Whether its mail names a return path on the deployment's inbound domain, so that "
        "delivery reports are shown on the mail they are about."
    )
    changed_at: datetime = field(description="When it was set up or changed.")
    tested_at: datetime | None = field(description="When the last test mail was tried.")
    test_error: str | None = field(
        description="What went wrong with the last test mail, in a sentence; null where nothing did."
    )


@strawberry.type(description="One mail to many contacts, each in their own conversation.")
class BulkSend:
    id: ID = field(description="The bulk send's id.")
    total: int = field(description="How many contacts it is for.")
    sent: int = field(description="How many of its mails were accepted by the mail server.")
    refused: int = field(
        description="How many contacts get none: refused, cancelled, not wanted, or without an address."
    )
    state: BulkState = field(description="Where it stands.")
    paused_because: str | None = field(description="Why it waits, in a sentence, where it does.")
    via: SenderKind = field(description="What carries it.")
    author: User | None = field(description="Who asked for it; null where a key did, or they are gone.")
    reply_to: EmailAddress | None = field(
        description="The `from` that was asked for, where the mail goes out from the workspace's address "
        "instead; answers go there only where the deployment takes none itself."
    )
    subject: str = field(description="The subject, before it is merged.")
    text: str | None = field(description="The text, before it is merged.")
    html: HTML | None = field(description="The HTML, sanitised, before it is merged.")
    created_at: datetime = field(description="When it was asked for.")
    ended_at: datetime | None = field(description="When its last mail was settled; null until then.")
