"""What verification has to remember while it is under way."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Column, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from database.tables import columns


class VerificationRow(SQLModel, table=True):
    """A comparison under way: where it stands, so that no crash begins it again."""

    __tablename__: ClassVar[str] = "verifications"
    __table_args__ = (UniqueConstraint("mailbox_id", name="verifications_once"),)

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    since: datetime = Field(sa_column=columns.instant())
    started_at: datetime = Field(sa_column=columns.instant())
    page: str | None = None
    """The provider's name for the page that is looked at next."""
    listed: bool = False
    """The provider has listed everything; only suspects are left."""
    expected: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    present: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    suspects: list[str] = Field(default_factory=list, sa_column=columns.texts())
    """The provider's ids of what was listed and is not known here; the change feed may yet bring it."""
    suspected_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
