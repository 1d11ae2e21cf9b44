"""Who: workspaces, their users, their API keys, and the audit log."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from database.tables import columns
from rules.presets import Preset
from rules.words import OversizePolicy, Role


class WorkspaceRow(SQLModel, table=True):
    """The tenant. `event_number` is the number of its newest event; taking the next one locks this row."""

    __tablename__: ClassVar[str] = "workspaces"
    __table_args__ = (
        columns.one_of("oversize", OversizePolicy, "workspaces"),
        columns.one_of("preset", Preset, "workspaces"),
    )

    id: UUID = Field(sa_column=columns.key())
    name: str
    attachment_limit_bytes: int = Field(sa_column=Column(Integer, nullable=False))
    attachment_types: list[str] | None = Field(default=None, sa_column=columns.texts(nullable=True))
    oversize: str = OversizePolicy.SKIP_MESSAGE
    blocklist: list[str] = Field(default_factory=list, sa_column=columns.texts())
    labs_outlook: bool = False
    preset: str | None = None
    """The preset that was applied last; new mailboxes begin with its scope."""
    event_number: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    data_key: bytes = Field(sa_column=columns.sealed(nullable=False))
    """The workspace's data key, wrapped by the deployment's key `data_key_wrapped_by`."""
    data_key_wrapped_by: str
    created_at: datetime = Field(sa_column=columns.instant())


class UserRow(SQLModel, table=True):
    """A person who works in the CRM. `subject` is the host CRM's own id of them, the `sub` of its JWTs."""

    __tablename__: ClassVar[str] = "users"
    __table_args__ = (
        columns.one_of("role", Role, "users"),
        UniqueConstraint("workspace_id", "email", name="users_email_once"),
        UniqueConstraint("workspace_id", "subject", name="users_subject_once"),
        UniqueConstraint("auto_bcc", name="users_auto_bcc_once"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    name: str
    email: str
    role: str = Role.MEMBER
    subject: str | None = None
    blocklist: list[str] = Field(default_factory=list, sa_column=columns.texts())
    auto_bcc: str | None = Field(
        default=None,
        sa_column=Column(
            Text,
            nullable=False,
            server_default=text("replace((gen_random_uuid())::text, '-'::text, ''::text)"),
        ),
    )
    """What stands before the @ of the user's Auto BCC address (B1); left out, the database makes it."""
    created_at: datetime = Field(sa_column=columns.instant())
    suspended_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    erasing_since: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    """From then on they exist for nobody, and what is theirs goes; their row last of all (jobs/erase.py)."""


class ApiKeyRow(SQLModel, table=True):
    """An API key; only its SHA-256 is stored. With a user it acts as that user, else as the workspace."""

    __tablename__: ClassVar[str] = "api_keys"
    __table_args__ = (
        UniqueConstraint("secret_hash", name="api_keys_secret_hash_once"),
        Index("api_keys_by_workspace", "workspace_id"),
    )

    id: UUID = Field(sa_column=columns.key())
    workspace_id: UUID = Field(sa_column=columns.workspace())
    user_id: UUID | None = Field(default=None, sa_column=columns.reference("users.id", nullable=True))
    name: str
    prefix: str
    secret_hash: bytes = Field(sa_column=columns.sealed(nullable=False))
    scopes: list[str] = Field(sa_column=columns.texts())
    created_at: datetime = Field(sa_column=columns.instant())
    expires_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=columns.instant(nullable=True))


class AuditRow(SQLModel, table=True):
    """One security-relevant act. Append-only: each row's hash covers the row before it."""

    __tablename__: ClassVar[str] = "audit_log"

    workspace_id: UUID = Field(sa_column=columns.workspace())
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    id: UUID = Field(sa_column=columns.key())
    at: datetime = Field(sa_column=columns.instant())
    actor: str
    """`user:<id>`, `key:<id>`, `system`, or `operator`; never an address."""
    action: str
    detail: dict[str, str] = Field(sa_column=columns.json())
    chain: bytes = Field(sa_column=columns.sealed(nullable=False))

    __table_args__ = (UniqueConstraint("workspace_id", "number", name="audit_log_number_once"),)
