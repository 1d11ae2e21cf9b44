"""Webhooks: who is told what happens, and what came of each telling."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from database.tables import columns
from rules.words import EventKind, WebhookDeliveryState, WebhookState


class WebhookRow(SQLModel, table=True):
    """A receiver's address, and how far in the event log it was told.

    `position` is the number of the newest event that was turned into a delivery, or passed over because its
    kind is not wanted: what follows it is still to be told, however long the webhook is off.
    """

    __tablename__: ClassVar[str] = "webhooks"
    __table_args__ = (
        columns.one_of("state", WebhookState, "webhooks"),
        Index("webhooks_by_workspace", "workspace_id", "created_at"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    url: str
    kinds: list[str] = Field(default_factory=list, sa_column=columns.texts())
    """The EventKinds that are wanted; none means all, also those that come to be later."""
    state: str = WebhookState.ON
    off_because: str | None = None
    """Why it is off, in a sentence; null while it is on."""
    secret_sealed: bytes = Field(sa_column=columns.sealed(nullable=False))
    previous_secret_sealed: bytes | None = Field(default=None, sa_column=columns.sealed())
    previous_secret_until: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    position: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    failures: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    """How many deliveries in a row did not succeed."""
    failing_since: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    wait_until: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    """Before this nothing is sent: the receiver asked for it, or fails again and again."""
    last_delivered_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    last_error: str | None = None
    created_at: datetime = Field(sa_column=columns.instant())
    changed_at: datetime = Field(sa_column=columns.instant())


class WebhookDeliveryRow(SQLModel, table=True):
    """One event, or one ping, for one webhook; its number and time are the event's own."""

    __tablename__: ClassVar[str] = "webhook_deliveries"
    __table_args__ = (
        columns.one_of("kind", EventKind, "webhook_deliveries"),
        columns.one_of("state", WebhookDeliveryState, "webhook_deliveries"),
        UniqueConstraint("webhook_id", "event_number", name="webhook_deliveries_once"),
        Index(
            "webhook_deliveries_waiting",
            "webhook_id",
            "event_number",
            postgresql_where=text("state = 'WAITING'"),
        ),
        Index("webhook_deliveries_listed", "webhook_id", "created_at", "id"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    webhook_id: UUID = Field(sa_column=columns.reference("webhooks.id"))
    event_number: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """Null for a ping."""
    kind: str | None = None
    """An EventKind; null for a ping."""
    event_at: datetime = Field(sa_column=columns.instant())
    subject: dict[str, Any] = Field(sa_column=columns.json())
    """The event's fields: ids only. A copy, so that it can be sent again after the event log forgot."""
    state: str = WebhookDeliveryState.WAITING
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    next_attempt_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    last_attempt_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    last_status: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    error: str | None = None
    created_at: datetime = Field(sa_column=columns.instant())
    delivered_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
