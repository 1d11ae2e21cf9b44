"""What Auto BCC has to remember: addresses rotated away, tracked contacts, and what was not believed."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Column, Date, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from database.tables import columns


class RetiredAutoBccRow(SQLModel, table=True):
    """An Auto BCC address that was rotated away; mail that was under way is taken until `accepted_until`."""

    __tablename__: ClassVar[str] = "retired_auto_bcc"
    __table_args__ = (
        UniqueConstraint("local_part", name="retired_auto_bcc_once"),
        Index("retired_auto_bcc_by_user", "user_id", "retired_at"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    user_id: UUID = Field(sa_column=columns.reference("users.id"))
    local_part: str = Field(sa_column=columns.text())
    retired_at: datetime = Field(sa_column=columns.instant())
    accepted_until: datetime = Field(sa_column=columns.instant())


class TrackedContactRow(SQLModel, table=True):
    """A contact whose mail to this user's mailbox syncs, because the user wrote with Auto BCC (B4, D10)."""

    __tablename__: ClassVar[str] = "tracked_contacts"
    __table_args__ = (
        UniqueConstraint("user_id", "contact_id", name="tracked_contacts_once"),
        Index("tracked_contacts_by_contact", "contact_id"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    user_id: UUID = Field(sa_column=columns.reference("users.id"))
    contact_id: UUID = Field(sa_column=columns.reference("contacts.id"))
    since: datetime = Field(sa_column=columns.instant())


class QuarantineRow(SQLModel, table=True):
    """Mail for a user's Auto BCC address that was refused: how much of it a day, and why; never what it said.

    One row a user, reason and day: whoever floods an address cannot fill the table.
    """

    __tablename__: ClassVar[str] = "quarantine"
    __table_args__ = (UniqueConstraint("user_id", "reason", "day", name="quarantine_once"),)

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    user_id: UUID = Field(sa_column=columns.reference("users.id"))
    reason: str
    """A RefusalReason of rules/auto_bcc.py."""
    day: date = Field(sa_column=Column(Date, nullable=False))
    count: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
    first_at: datetime = Field(sa_column=columns.instant())
    last_at: datetime = Field(sa_column=columns.instant())
