"""The workspace's own sender, its bulk sends, and who is not to get any."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from database.tables import columns
from rules.words import BulkState, SenderKind, SuppressionReason, TlsMode


class WorkspaceSenderRow(SQLModel, table=True):
    """The account-level provider: an SMTP server, and the address that mail goes out from."""

    __tablename__: ClassVar[str] = "workspace_senders"
    __table_args__ = (
        columns.one_of("tls", TlsMode, "workspace_senders"),
        UniqueConstraint("workspace_id", name="workspace_senders_once"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    host: str
    port: int = Field(sa_column=Column(Integer, nullable=False))
    tls: str
    username: str | None = None
    password_sealed: bytes | None = Field(default=None, sa_column=columns.sealed())
    from_address: str
    from_name: str | None = None
    bounces_here: bool = Field(
        default=False, sa_column=Column(Boolean, nullable=False, server_default="false")
    )
    """Whether its mail names a return path on the inbound domain, so that reports come back to us."""
    changed_at: datetime = Field(sa_column=columns.instant())
    tested_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    test_error: str | None = None
    """What went wrong with the last test mail, in a sentence; null where nothing did."""


class SuppressionRow(SQLModel, table=True):
    """An address that gets no bulk mail of the workspace any more."""

    __tablename__: ClassVar[str] = "suppressions"
    __table_args__ = (
        columns.one_of("reason", SuppressionReason, "suppressions"),
        UniqueConstraint("workspace_id", "address", name="suppressions_once"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    address: str
    reason: str
    created_at: datetime = Field(sa_column=columns.instant())


class BulkSendRow(SQLModel, table=True):
    """One mail to many contacts, each in their own conversation. The templates stand; each mail is merged
    when its turn comes."""

    __tablename__: ClassVar[str] = "bulk_sends"
    __table_args__ = (
        columns.one_of("state", BulkState, "bulk_sends"),
        columns.one_of("via", SenderKind, "bulk_sends"),
        UniqueConstraint("workspace_id", "idempotency_key", name="bulk_sends_idempotency_key_once"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    user_id: UUID | None = Field(
        default=None, sa_column=columns.reference("users.id", nullable=True, on_delete="SET NULL")
    )
    mailbox_id: UUID | None = Field(
        default=None, sa_column=columns.reference("mailboxes.id", nullable=True, on_delete="SET NULL")
    )
    via: str
    state: str = BulkState.RUNNING
    paused_because: str | None = None
    idempotency_key: str
    request_hash: bytes = Field(sa_column=columns.sealed(nullable=False))
    reply_to: str | None = None
    """The From that was asked for, where the mail goes out from the workspace's address instead."""
    subject: str
    text: str | None = Field(default=None, sa_column=columns.text(nullable=True))
    html: str | None = Field(default=None, sa_column=columns.text(nullable=True))
    total: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    sent: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    refused: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    created_at: datetime = Field(sa_column=columns.instant())
    ended_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))


class BulkRecipientRow(SQLModel, table=True):
    """A contact that a bulk send is for. `submission_id` is its mail, `error` why it has none."""

    __tablename__: ClassVar[str] = "bulk_recipients"
    __table_args__ = (
        UniqueConstraint("bulk_send_id", "contact_id", name="bulk_recipients_once"),
        Index(
            "bulk_recipients_waiting",
            "bulk_send_id",
            "id",
            postgresql_where=text("submission_id is null and error is null"),
        ),
        Index(
            "bulk_recipients_of_submission",
            "submission_id",
            postgresql_where=text("submission_id is not null"),
        ),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    bulk_send_id: UUID = Field(sa_column=columns.reference("bulk_sends.id"))
    contact_id: UUID = Field(sa_column=columns.reference("contacts.id"))
    submission_id: UUID | None = Field(
        default=None, sa_column=columns.reference("submissions.id", nullable=True, on_delete="SET NULL")
    )
    error: str | None = None
