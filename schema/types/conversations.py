"""Contacts, threads and messages: one file, because each shows the others."""

from datetime import datetime
from typing import NamedTuple

import strawberry
from strawberry import ID, Private, field

from rules.words import EmailAddress
from schema.enums import (
    AttachmentState,
    ContactOrigin,
    DeliveryState,
    Direction,
    Origin,
    ParticipantKind,
    Provider,
    SenderKind,
    ThreadState,
)
from schema.scalars import HTML
from schema.types.mailboxes import Mailbox, User
from schema.types.pages import PageInfo


class PageKey(NamedTuple):
    """The arguments of a page field, by which the object knows which of its loaded pages was asked for."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


def _threads(self: "Contact", first: int | None = None, after: str | None = None) -> "ThreadConnection":
    return self.thread_pages[PageKey(first, after)]


def _messages(
    self: "Thread",
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> "MessageConnection":
    return self.message_pages[PageKey(first, after, last, before)]


@strawberry.type(description="The same person in the address book of a mailbox's account.")
class ContactLink:
    provider: Provider = field(description="Whose address book it is.")
    mailbox: Mailbox = field(description="The mailbox whose account keeps the address book.")
    external_id: str = field(description="The provider's name of the entry, such as `people/c42`.")


@strawberry.type(description="A person outside, with one or more addresses.")
class Contact:
    id: ID = field(description="The contact's id.")
    name: str | None = field(description="The name; 200 characters at most.")
    emails: list[EmailAddress] = field(description="The addresses, the first one written to by default.")
    company: str | None = field(description="The company; 200 characters at most.")
    created_at: datetime = field(
        description="When the contact was made; of two that share an address the "
        "older one keeps the conversation."
    )
    created_by: ContactOrigin = field(description="How the contact came to be.")
    links: list[ContactLink] = field(
        description="The same person in users' own address books, where linkContacts read them."
    )
    earlier_messages: int = field(
        description="How many messages from this contact's addresses lie in other contacts' conversations, "
        "because an address was added later: nothing is moved retroactively."
    )
    thread_pages: Private[dict[PageKey, "ThreadConnection"]]

    threads: "ThreadConnection" = field(
        resolver=_threads,
        description="The conversations with the contact, latest message first; `first` is 1..100, 25 by "
        "default.",
    )


@strawberry.type(description="Somebody in a conversation.")
class Participant:
    address: EmailAddress = field(description="The address.")
    name: str | None = field(description="The display name it came with.")
    kind: ParticipantKind = field(description="Who the address belongs to.")


@strawberry.type(description="A conversation with a contact.")
class Thread:
    id: ID = field(description="The conversation's id.")
    subject: str = field(
        description="The subject; empty where the viewer may only know who wrote to whom, and when."
    )
    contact: Contact = field(description="The contact it is with, whoever else takes part.")
    participants: list[Participant] = field(
        description="Everybody seen in it, first seen first; 100 at most."
    )
    message_count: int = field(description="How many messages it has.")
    unread_count: int = field(
        description="How many of them the viewer has not read; 0 for a workspace's key."
    )
    last_message_at: datetime = field(description="When its latest message was sent.")
    last_message: "Message | None" = field(description="Its latest message.")
    state: ThreadState = field(description="Whether it waits for somebody.")
    assignee: User | None = field(description="Who looks after it.")
    syncing: list[Mailbox] = field(description="The mailboxes through which it syncs.")
    private: bool = field(description="Whether it is visible to the viewer alone.")
    message_pages: Private[dict[PageKey, "MessageConnection"]]

    messages: "MessageConnection" = field(
        resolver=_messages,
        description="The messages, oldest first. `first` with `after`, or `last` with `before`; 1..100, the "
        "first 25 by default.",
    )


@strawberry.type(description="A file of a message.")
class Attachment:
    id: ID = field(description="The attachment's id.")
    name: str = field(description="The file name, cleaned; 255 characters at most.")
    content_type: str = field(description="The media type, as its sender declared it.")
    size_bytes: int = field(description="The size in bytes.")
    inline: bool = field(description="Whether the HTML shows it in place.")
    content_id: str | None = field(description="The id by which the HTML names it, without brackets.")
    state: AttachmentState = field(description="Whether its content is here.")
    url: str | None = field(
        description="Where to download it, for five minutes and for this viewer; null where its content is "
        "not here. Relative to the API's address."
    )


@strawberry.type(description="How the sending of a message stands.")
class Delivery:
    state: DeliveryState = field(description="Where it stands.")
    via: SenderKind = field(description="What carries it.")
    attempts: int = field(description="How often it was tried.")
    error: str | None = field(
        description="What happened, whether anything left, and what to do, in a sentence."
    )
    send_at: datetime | None = field(description="When it is to be sent, where a time was given.")
    undo_until: datetime | None = field(description="Until when it is held back so that it can be undone.")
    sent_at: datetime | None = field(description="When the provider accepted it.")
    bounced_at: datetime | None = field(
        description="When a report came back that it could not be delivered; null where none did."
    )
    bounce: str | None = field(description="What the report said, in a sentence; null where none came.")


@strawberry.type(description="One message, once per workspace whatever number of mailboxes hold it.")
class Message:
    id: ID = field(description="The message's id.")
    thread: Thread = field(description="The conversation.")
    direction: Direction = field(description="Which way it went.")
    origin: Origin = field(description="What brought it.")
    mailbox: Mailbox | None = field(description="The mailbox that brought it, or carried it out.")
    internet_message_id: str | None = field(description="Its Message-ID, without brackets.")
    from_: Participant = field(name="from", description="Who wrote it.")
    to: list[Participant] = field(description="Whom it was written to.")
    cc: list[Participant] = field(description="Who got a copy.")
    bcc: list[Participant] = field(description="Who got a blind copy; only on mail that a user sent.")
    subject: str = field(description="Its subject; empty where the viewer may not see it.")
    snippet: str | None = field(
        description="The beginning of its text, 200 characters at most; null where the viewer may not see it."
    )
    text: str | None = field(description="Its text; null where the viewer may not see it.")
    html: HTML | None = field(description="Its HTML, sanitised; null where it has none or is not to be seen.")
    html_with_images: HTML | None = field(
        description="Its HTML with remote images, for a reader who asks to see them, as that tells their "
        "senders that the mail is read: each at an address of ours, which is good for five minutes and for "
        "this viewer, and relative to the API's address."
    )
    quoted_from: int | None = field(
        description="The character of `text` where quoted history begins; null where there is none."
    )
    attachments: list[Attachment] = field(description="Its files; none where the viewer may not see them.")
    sent_at: datetime = field(description="When it was sent, by its own account.")
    synced_at: datetime = field(description="When it was stored here.")
    read: bool = field(description="Whether the viewer has read it; true for a workspace's key.")
    delivery: Delivery | None = field(description="How its sending stands; only on mail the CRM sent.")
    warnings: list[str] = field(description="What the reader should know of it, each in a sentence.")
    sender_proved: bool | None = field(
        description="Whether SPF, DKIM or a trusted forwarder proved that it is by the address in `from`; "
        "null where a mailbox's provider judged that, and on mail of the CRM."
    )
    replayed: bool = field(
        description="True only in the answer to a sendEmail whose idempotency key had already been used.",
        default=False,
    )


@strawberry.type(description="A contact in a page.")
class ContactEdge:
    node: Contact = field(description="The contact.")
    cursor: str = field(description="Where it lies in the list; opaque.")


@strawberry.type(description="A page of contacts.")
class ContactConnection:
    edges: list[ContactEdge] = field(description="The contacts of this page.")
    page_info: PageInfo = field(description="Where the page lies in the list.")


@strawberry.type(description="A conversation in a page.")
class ThreadEdge:
    node: Thread = field(description="The conversation.")
    cursor: str = field(description="Where it lies in the list; opaque.")


@strawberry.type(description="A page of conversations.")
class ThreadConnection:
    edges: list[ThreadEdge] = field(description="The conversations of this page.")
    page_info: PageInfo = field(description="Where the page lies in the list.")


@strawberry.type(description="A message in a page.")
class MessageEdge:
    node: Message = field(description="The message.")
    cursor: str = field(description="Where it lies in the list; opaque.")


@strawberry.type(description="A page of messages.")
class MessageConnection:
    edges: list[MessageEdge] = field(description="The messages of this page.")
    page_info: PageInfo = field(description="Where the page lies in the list.")
