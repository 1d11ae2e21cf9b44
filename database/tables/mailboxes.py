"""Connections: mailboxes, the consents that make them, and what the sync of each has to remember."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from database.tables import columns
from rules.words import (
    AuthorizationPurpose,
    MailboxStatus,
    Provider,
    SyncScope,
    Visibility,
)

_LIVE = text("status in ('CONNECTED', 'REAUTHENTICATE')")


class MailboxRow(SQLModel, table=True):
    """One user's connection to one provider mailbox. Reconnecting makes a new row."""

    __tablename__: ClassVar[str] = "mailboxes"
    __table_args__ = (
        columns.one_of("provider", Provider, "mailboxes"),
        columns.one_of("status", MailboxStatus, "mailboxes"),
        columns.one_of("scope", SyncScope, "mailboxes"),
        columns.one_of("visibility", Visibility, "mailboxes"),
        # L9: one owner of an address inside a workspace; one live mailbox a user.
        Index(
            "mailboxes_live_account_once",
            "workspace_id",
            "provider",
            "remote_account_id",
            unique=True,
            postgresql_where=_LIVE,
        ),
        Index("mailboxes_live_user_once", "workspace_id", "user_id", unique=True, postgresql_where=_LIVE),
        Index("mailboxes_by_address", "provider", "address"),
        Index("mailboxes_due", "next_check_at", postgresql_where=text("status = 'CONNECTED'")),
        Index(
            "mailboxes_by_push_secret",
            "push_secret_hash",
            postgresql_where=text("push_secret_hash is not null"),
        ),
        Index("mailboxes_push_due", "push_renew_at", postgresql_where=text("status = 'CONNECTED'")),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    user_id: UUID = Field(sa_column=columns.reference("users.id"))
    provider: str
    address: str | None = None
    remote_account_id: str | None = None
    send_as: list[str] = Field(default_factory=list, sa_column=columns.texts())
    status: str
    status_reason: str | None = None
    missing_permissions: list[str] = Field(default_factory=list, sa_column=columns.texts())
    scope: str
    visibility: str = Visibility.EVERYTHING
    created_at: datetime = Field(sa_column=columns.instant())
    connected_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    activated_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    erasing_since: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    """From then on it exists for nobody, and its rows go; its own last of all (jobs/erase.py)."""
    tokens_sealed: bytes | None = Field(default=None, sa_column=columns.sealed())
    claims_challenge: str | None = None
    """What the next sign-in must be asked for, in the provider's words; no secret."""
    cursor: str | None = None
    last_change_seen_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    last_stored_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    pending: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    next_check_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    retry_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    push_expires_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    push_remote_id: str | None = None
    """What the provider calls the registration; None where it has one for each mailbox."""
    push_secret_hash: bytes | None = Field(default=None, sa_column=columns.sealed())
    """SHA-256 of what pushes that nobody signs must carry."""
    push_renew_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    verified_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    verified_expected: int | None = None
    verified_present: int | None = None


class AuthorizationRow(SQLModel, table=True):
    """A consent under way: of the state only a hash is stored, the PKCE verifier is sealed."""

    __tablename__: ClassVar[str] = "authorizations"
    __table_args__ = (
        columns.one_of("provider", Provider, "authorizations"),
        columns.one_of("purpose", AuthorizationPurpose, "authorizations"),
        UniqueConstraint("state_hash", name="authorizations_state_once"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    user_id: UUID = Field(sa_column=columns.reference("users.id"))
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    """The AUTHORIZING mailbox that this makes, or the one that is authenticated again."""
    replaces_id: UUID | None = Field(default=None, sa_column=columns.reference("mailboxes.id", nullable=True))
    provider: str
    purpose: str
    state_hash: bytes = Field(sa_column=columns.sealed(nullable=False))
    kept_sealed: bytes = Field(sa_column=columns.sealed(nullable=False))
    code_sealed: bytes | None = Field(default=None, sa_column=columns.sealed())
    return_url: str | None = None
    created_at: datetime = Field(sa_column=columns.instant())
    expires_at: datetime = Field(sa_column=columns.instant())
    returned_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    error: str | None = None


class SyncDecisionRow(SQLModel, table=True):
    """What the rules said of one mail: no address, no subject, the ids as keyed hashes; kept 30 days."""

    __tablename__: ClassVar[str] = "sync_decisions"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "remote_id_hash", name="sync_decisions_once"),
        Index("sync_decisions_by_mailbox", "mailbox_id", "at"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    at: datetime = Field(sa_column=columns.instant())
    synced: bool
    reason: str | None = Field(default=None)
    """A SkipReason."""
    rule: str
    size_bytes: int
    remote_id_hash: bytes = Field(sa_column=columns.sealed(nullable=False))
    internet_message_id_hash: bytes | None = Field(default=None, sa_column=columns.sealed())


class SetAsideRow(SQLModel, table=True):
    """A message that could not be read after all attempts: visible, retried, never in the way of the next."""

    __tablename__: ClassVar[str] = "set_asides"
    __table_args__ = (UniqueConstraint("mailbox_id", "remote_id", name="set_asides_once"),)

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    remote_id: str
    attempts: int
    error: str
    first_at: datetime = Field(sa_column=columns.instant())
    next_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    """None once the attempts are used up: it stays visible, and can be retried by hand."""


class SyncGapRow(SQLModel, table=True):
    """A stretch of time that the change feed could not tell us about, and when it was repaired."""

    __tablename__: ClassVar[str] = "sync_gaps"
    __table_args__ = (Index("sync_gaps_by_mailbox", "mailbox_id"),)

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    mailbox_id: UUID = Field(sa_column=columns.reference("mailboxes.id"))
    from_at: datetime = Field(sa_column=columns.instant())
    to_at: datetime = Field(sa_column=columns.instant())
    page: str | None = None
    """The provider's name for the page that the walk to the oldest mail looks at next; None at its end."""
    pages: list[str] = Field(default_factory=list, sa_column=columns.texts())
    """The names of the pages that are still to be taken in, the oldest mail's last; no crash begins anew."""
    repaired_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
