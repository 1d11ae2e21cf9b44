"""Conversations: contacts, threads, links to mailboxes, messages with their copies and attachments."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Computed, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

from database.tables import columns
from rules.words import (
    AttachmentState,
    ContactOrigin,
    Direction,
    Origin,
    ThreadState,
    Visibility,
)


class ContactRow(SQLModel, table=True):
    """A person outside. Keys are UUIDv7, but `created_at, id` decides who was created first (C4)."""

    __tablename__: ClassVar[str] = "contacts"
    __table_args__ = (
        columns.one_of("origin", ContactOrigin, "contacts"),
        Index("contacts_newest", "workspace_id", "created_at", "id"),
        columns.substrings("contacts_name_parts", "name"),
        columns.substrings("contacts_company_parts", "company"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    name: str | None = None
    company: str | None = None
    origin: str = ContactOrigin.CRM
    created_at: datetime = Field(sa_column=columns.instant())


class ContactAddressRow(SQLModel, table=True):
    """An address of a contact, normalised by rules/addresses.py. One address may be on several contacts."""

    __tablename__: ClassVar[str] = "contact_addresses"
    __table_args__ = (
        UniqueConstraint("contact_id", "address", name="contact_addresses_once"),
        Index("contact_addresses_by_address", "workspace_id", "address"),
        columns.substrings("contact_addresses_parts", "address"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    contact_id: UUID = Field(sa_column=columns.reference("contacts.id"))
    address: str
    position: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))


class ThreadRow(SQLModel, table=True):
    """A conversation with a contact. Counts are kept by the transaction that stores the message."""

    __tablename__: ClassVar[str] = "threads"
    __table_args__ = (
        columns.one_of("state", ThreadState, "threads"),
        Index("threads_inbox", "workspace_id", "last_message_at", "id"),
        Index("threads_by_contact", "contact_id", "last_message_at", "id"),
        # Whom an erased user leaves behind; also for the foreign keys, which PostgreSQL gives no index.
        Index("threads_assigned", "assignee_id", postgresql_where=text("assignee_id is not null")),
        Index("threads_private", "private_to", postgresql_where=text("private_to is not null")),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    contact_id: UUID = Field(sa_column=columns.reference("contacts.id"))
    subject: str = ""
    message_count: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    last_message_id: UUID | None = None
    last_message_at: datetime = Field(sa_column=columns.instant())
    state: str = ThreadState.OPEN
    assignee_id: UUID | None = Field(
        default=None, sa_column=columns.reference("users.id", nullable=True, on_delete="SET NULL")
    )
    private_to: UUID | None = Field(
        default=None, sa_column=columns.reference("users.id", nullable=True, on_delete="SET NULL")
    )
    participants: list[dict[str, Any]] = Field(default_factory=list, sa_column=columns.json(default="[]"))
    """Everybody seen in From, To and Cc, first seen first: [{address, name, kind}], at most 100."""
    created_at: datetime = Field(sa_column=columns.instant())


class ThreadLinkRow(SQLModel, table=True):
    """A thread syncs through a mailbox while it has a live link (no `ended_at`) to it."""

    __tablename__: ClassVar[str] = "thread_links"
    __table_args__ = (
        Index(
            "thread_links_live_once",
            "mailbox_id",
            "remote_thread_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index("thread_links_by_thread", "thread_id"),
        Index("thread_links_of_mailbox", "mailbox_id"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    thread_id: UUID = Field(sa_column=columns.reference("threads.id"))
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    remote_thread_id: str
    created_at: datetime = Field(sa_column=columns.instant())
    ended_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))


class MessageRow(SQLModel, table=True):
    """One message of a conversation, once per workspace whatever number of mailboxes hold it.

    `to_recipients`, `cc_recipients` and `bcc_recipients` are lists of {address, name}; `html` is sanitised;
    `search` is made by PostgreSQL from subject, text and sender.
    """

    __tablename__: ClassVar[str] = "messages"
    __table_args__ = (
        columns.one_of("direction", Direction, "messages"),
        columns.one_of("origin", Origin, "messages"),
        columns.one_of("visibility", Visibility, "messages"),
        UniqueConstraint("workspace_id", "internet_message_id", name="messages_internet_message_id_once"),
        Index("messages_of_mailbox", "mailbox_id", "synced_at"),
        Index("messages_of_owner", "owner_id", postgresql_where=text("owner_id is not null")),
        Index("messages_with_bcc", "workspace_id", postgresql_where=text("bcc_recipients <> '[]'")),
        Index("messages_by_sender", "workspace_id", "from_address"),
        Index("messages_of_thread", "thread_id", "sent_at", "id"),
        Index("messages_search", "workspace_id", "search", postgresql_using="gin"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    thread_id: UUID = Field(sa_column=columns.reference("threads.id"))
    mailbox_id: UUID | None = Field(
        default=None, sa_column=columns.reference("mailboxes.id", nullable=True, on_delete="SET NULL")
    )
    owner_id: UUID | None = Field(
        default=None, sa_column=columns.reference("users.id", nullable=True, on_delete="SET NULL")
    )
    """The user whose mailbox brought it or who wrote it; `visibility` is theirs, stamped at ingest."""
    visibility: str = Visibility.EVERYTHING
    direction: str
    origin: str
    internet_message_id: str | None = None
    in_reply_to: str | None = None
    reference_ids: list[str] = Field(default_factory=list, sa_column=columns.texts())
    from_address: str
    from_name: str | None = None
    to_recipients: list[dict[str, Any]] = Field(default_factory=list, sa_column=columns.json(default="[]"))
    cc_recipients: list[dict[str, Any]] = Field(default_factory=list, sa_column=columns.json(default="[]"))
    bcc_recipients: list[dict[str, Any]] = Field(default_factory=list, sa_column=columns.json(default="[]"))
    subject: str = ""
    snippet: str = ""
    text: str | None = None
    html: str | None = None
    quoted_from: int | None = None
    sent_at: datetime = Field(sa_column=columns.instant())
    received_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    synced_at: datetime = Field(sa_column=columns.instant())
    warnings: list[str] = Field(default_factory=list, sa_column=columns.texts())
    sender_proved: bool | None = None
    """Whether this deployment proved who sent it; null where a mailbox's provider judges that."""
    raw_key: str | None = None
    """Where the blob store keeps the message as it came."""
    search: str | None = Field(
        default=None,
        sa_column=Column(
            TSVECTOR,
            Computed(
                "to_tsvector('simple', left(coalesce(subject, ''), 1000) || ' ' || from_address || ' ' || "
                "coalesce(from_name, '') || ' ' || left(coalesce(text, ''), 100000))",
                persisted=True,
            ),
        ),
    )


class MessageCopyRow(SQLModel, table=True):
    """A message as it lies in one mailbox. `remote_id` is the provider's own id of it."""

    __tablename__: ClassVar[str] = "message_copies"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "remote_id", name="message_copies_once"),
        Index("message_copies_by_message", "message_id"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    message_id: UUID = Field(sa_column=columns.reference("messages.id"))
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    remote_id: str
    remote_thread_id: str
    unread: bool = False
    deleted_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    """The provider no longer has it. What was synced stays."""


class UnreadRow(SQLModel, table=True):
    """A message that a user has not read yet: presence is the fact, reading deletes the row."""

    __tablename__: ClassVar[str] = "unread"
    __table_args__ = (
        UniqueConstraint("user_id", "message_id", name="unread_once"),
        Index("unread_by_thread", "user_id", "thread_id"),
        Index("unread_by_message", "message_id"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    user_id: UUID = Field(sa_column=columns.reference("users.id"))
    thread_id: UUID = Field(sa_column=columns.reference("threads.id"))
    message_id: UUID = Field(sa_column=columns.reference("messages.id"))


class AttachmentRow(SQLModel, table=True):
    """A file of a message, or one uploaded and not yet sent (no `message_id`, ends at `expires_at`)."""

    __tablename__: ClassVar[str] = "attachments"
    __table_args__ = (
        columns.one_of("state", AttachmentState, "attachments"),
        Index("attachments_of_message", "message_id"),
        Index("attachments_unsent", "expires_at", postgresql_where=text("message_id is null")),
        Index("attachments_uploaded", "user_id", postgresql_where=text("user_id is not null")),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    message_id: UUID | None = Field(default=None, sa_column=columns.reference("messages.id", nullable=True))
    user_id: UUID | None = Field(default=None, sa_column=columns.reference("users.id", nullable=True))
    name: str
    content_type: str
    size_bytes: int = Field(sa_column=Column(BigInteger, nullable=False))
    inline: bool = False
    content_id: str | None = None
    position: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    state: str = AttachmentState.STORED
    blob_key: str | None = None
    sha256: bytes | None = Field(default=None, sa_column=columns.sealed())
    created_at: datetime = Field(sa_column=columns.instant())
    expires_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
