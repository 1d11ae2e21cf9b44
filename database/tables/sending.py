"""Sending and telling: submissions, the event log, and the outbox of commands."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from database.tables import columns
from rules.sender import MailKind
from rules.words import DeliveryState, SenderKind


class SubmissionRow(SQLModel, table=True):
    """One sending (RFC 8621's EmailSubmission): what was asked, where it stands, how to find it again.

    Its state changes only through rules/submission_life.py. `step` says how far the provider protocol got:
    '' -> 'drafting' -> 'drafted' -> 'sending' -> 'sent'.
    """

    __tablename__: ClassVar[str] = "submissions"
    __table_args__ = (
        columns.one_of("state", DeliveryState, "submissions"),
        columns.one_of("via", SenderKind, "submissions"),
        columns.one_of("kind", MailKind, "submissions"),
        Index(
            "submissions_of_bulk_send",
            "bulk_send_id",
            postgresql_where=text("bulk_send_id is not null"),
        ),
        UniqueConstraint("workspace_id", "idempotency_key", name="submissions_idempotency_key_once"),
        UniqueConstraint("message_id", name="submissions_message_once"),
        Index("submissions_of_mailbox", "mailbox_id", postgresql_where=text("mailbox_id is not null")),
        Index("submissions_of_user", "user_id", postgresql_where=text("user_id is not null")),
        Index(
            "submissions_of_mailbox_sent",
            "mailbox_id",
            "sent_at",
            postgresql_where=text("sent_at is not null"),
        ),
        Index(
            "submissions_open",
            "created_at",
            postgresql_where=text("state in ('SCHEDULED', 'HELD', 'QUEUED', 'SENDING', 'UNCERTAIN')"),
        ),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    message_id: UUID = Field(sa_column=columns.reference("messages.id"))
    user_id: UUID | None = Field(default=None, sa_column=columns.reference("users.id", nullable=True))
    """Who sends; nobody, where an automation does."""
    kind: str = Field(
        default=MailKind.INDIVIDUAL,
        sa_column=Column(String, nullable=False, server_default=MailKind.INDIVIDUAL.value),
    )
    bulk_send_id: UUID | None = Field(
        default=None, sa_column=columns.reference("bulk_sends.id", nullable=True, on_delete="SET NULL")
    )
    mailbox_id: UUID | None = Field(
        default=None, sa_column=columns.reference("mailboxes.id", nullable=True, on_delete="SET NULL")
    )
    via: str = SenderKind.MAILBOX
    state: str
    step: str = ""
    idempotency_key: str
    request_hash: bytes = Field(sa_column=columns.sealed(nullable=False))
    marker: str
    """The value of our own header, by which the Sent copy is recognised."""
    remote_thread_id: str | None = None
    draft_remote_id: str | None = None
    draft_remote_message_id: str | None = None
    sent_remote_id: str | None = None
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    error_code: str | None = None
    error: str | None = None
    """A sentence for the sender: what happened, whether anything left, what to do."""
    created_at: datetime = Field(sa_column=columns.instant())
    send_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    undo_until: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    uncertain_since: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    sent_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    bounced_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    bounce: str | None = None
    """What a delivery report said, in a sentence, where it gave the mail up."""


class EventRow(SQLModel, table=True):
    """A domain event, numbered gaplessly in its workspace by the commit that tells it."""

    __tablename__: ClassVar[str] = "events"
    __table_args__ = (PrimaryKeyConstraint("workspace_id", "number"),)

    workspace_id: UUID = Field(sa_column=columns.workspace())
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = Field(sa_column=columns.instant())
    kind: str
    subject: dict[str, Any] = Field(sa_column=columns.json())
    """The event's fields: ids only."""


class CommandRow(SQLModel, table=True):
    """Work asked for and not yet done: the truth behind every job; arq is only its bell.

    One row per `key`: asking again while it waits or runs raises `asked`, and a run ends the row only if
    `asked` is what it was when the run began, so that nothing asked during a run is swallowed. What is asked
    during a run sets `next_due_at`; `due_at` stays, so that a run that dies is still repeated at once.
    """

    __tablename__: ClassVar[str] = "commands"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key", name="commands_key_once"),
        Index("commands_due", "due_at", postgresql_where=text("parked_at is null")),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    kind: str
    key: str
    queue: str
    arguments: dict[str, Any] = Field(sa_column=columns.json())
    asked: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
    due_at: datetime = Field(sa_column=columns.instant())
    next_due_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    fence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    lease_until: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    last_error: str | None = None
    parked_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    created_at: datetime = Field(sa_column=columns.instant())
