"""Address books: what of a user's own address book at a provider is known, and which contacts are in it.

An entry is kept as keyed hashes of its addresses: who is in somebody's address book and is no contact of the
workspace stays unknown.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from database.tables import columns


class AddressBookRow(SQLModel, table=True):
    """The address book of a mailbox's account: where its changes were last read up to."""

    __tablename__: ClassVar[str] = "address_books"
    __table_args__ = (UniqueConstraint("mailbox_id", name="address_books_once"),)

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    sync_token: str | None = None
    synced_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    error: str | None = None
    """Why the last reading failed, in a sentence; None where it did not."""


class AddressBookEntryRow(SQLModel, table=True):
    """One address of one person in an address book, as a keyed hash."""

    __tablename__: ClassVar[str] = "address_book_entries"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "external_id", "address_hash", name="address_book_entries_once"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    external_id: str
    address_hash: bytes = Field(sa_column=columns.sealed(nullable=False))


class ContactLinkRow(SQLModel, table=True):
    """A contact is the same person as an entry of a mailbox's address book."""

    __tablename__: ClassVar[str] = "contact_links"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "contact_id", "external_id", name="contact_links_once"),
        Index("contact_links_of_contact", "contact_id"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    contact_id: UUID = Field(sa_column=columns.reference("contacts.id"))
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    external_id: str
    created_at: datetime = Field(sa_column=columns.instant())
