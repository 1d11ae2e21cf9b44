"""The few questions that are not asked inside one workspace, and nothing else.

Each is a SECURITY DEFINER function of the role `bothways_across`, which cannot log in and may read only the
columns that these functions need (database/migrations/first/60_across.sql). None gives an address, a text
or a secret away: they answer with ids, and what is needed to know whether a credential holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from database.lines import Lines
from rules.words import (
    ApiKeyId,
    AuthorizationId,
    CommandId,
    MailboxId,
    Provider,
    Role,
    Scope,
    SubmissionId,
    ThreadId,
    UserId,
    WorkspaceId,
)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key as it is stored; `role` is its user's, None if it acts as the workspace."""

    id: ApiKeyId
    workspace_id: WorkspaceId
    user_id: UserId | None
    scopes: frozenset[Scope]
    expires_at: datetime | None
    revoked_at: datetime | None
    role: Role | None
    suspended_at: datetime | None


class Across:
    """Look-ups whose workspace is what is looked for."""

    def __init__(self, reads: Lines) -> None:
        self._reads = reads

    async def api_key(self, secret_hash: bytes) -> StoredKey | None:
        """The key with this SHA-256, whether or not it still holds."""
        rows = await self._rows("select * from across_api_key($1)", secret_hash)
        if not rows:
            return None
        found = dict(rows[0])
        found["scopes"] = frozenset(Scope(scope) for scope in found["scopes"])
        found["role"] = Role(found["role"]) if found["role"] else None
        return StoredKey(**found)

    async def ended_keys(self, ids: Sequence[ApiKeyId]) -> set[ApiKeyId]:
        """Which of these keys are revoked, expired, gone, or of a suspended user."""
        rows = await self._rows("select across_ended_keys($1) as id", list(ids))
        return {ApiKeyId(row["id"]) for row in rows}

    async def ended_users(self, ids: Sequence[UserId]) -> set[UserId]:
        """Which of these users are suspended or gone."""
        rows = await self._rows("select across_ended_users($1) as id", list(ids))
        return {UserId(row["id"]) for row in rows}

    async def authorization(self, state_hash: bytes) -> tuple[AuthorizationId, WorkspaceId] | None:
        """The consent whose state has this SHA-256."""
        found = await self._pairs("select * from across_authorization($1)", state_hash)
        return (AuthorizationId(found[0][0]), WorkspaceId(found[0][1])) if found else None

    async def mailboxes_at(self, provider: Provider, address: str) -> list[tuple[MailboxId, WorkspaceId]]:
        """The connected mailboxes that a provider's push for this normalised address concerns."""
        found = await self._pairs("select * from across_mailboxes_at($1, $2)", provider.value, address)
        return [(MailboxId(mailbox), WorkspaceId(workspace)) for mailbox, workspace in found]

    async def mailbox_pushed(self, secret_hash: bytes) -> tuple[MailboxId, WorkspaceId] | None:
        """The connected mailbox whose pushes carry the secret with this SHA-256."""
        found = await self._pairs("select * from across_mailbox_pushed($1)", secret_hash)
        return (MailboxId(found[0][0]), WorkspaceId(found[0][1])) if found else None

    async def auto_bcc(self, local_part: str) -> tuple[UserId, WorkspaceId] | None:
        """Whose Auto BCC address begins so, now or until its grace ends; nobody's who is suspended."""
        found = await self._pairs("select * from across_auto_bcc($1)", local_part)
        return (UserId(found[0][0]), WorkspaceId(found[0][1])) if found else None

    async def workspace_of_thread(self, thread_id: ThreadId) -> WorkspaceId | None:
        """The workspace of a conversation that a signed address names."""
        found = await self._pairs("select * from across_thread($1)", thread_id)
        return WorkspaceId(found[0][1]) if found else None

    async def workspace_of_submission(self, submission_id: SubmissionId) -> WorkspaceId | None:
        """The workspace of a sending that a signed address names."""
        found = await self._pairs("select * from across_submission($1)", submission_id)
        return WorkspaceId(found[0][1]) if found else None

    async def mailboxes_to_check(self, limit: int) -> list[tuple[MailboxId, WorkspaceId]]:
        """The connected mailboxes whose `next_check_at` has come, longest due first."""
        found = await self._pairs("select * from across_mailboxes_to_check($1)", limit)
        return [(MailboxId(mailbox), WorkspaceId(workspace)) for mailbox, workspace in found]

    async def mailboxes_to_renew(self, limit: int) -> list[tuple[MailboxId, WorkspaceId]]:
        """The connected mailboxes whose `push_renew_at` has come, longest due first."""
        found = await self._pairs("select * from across_mailboxes_to_renew($1)", limit)
        return [(MailboxId(mailbox), WorkspaceId(workspace)) for mailbox, workspace in found]

    async def submissions_not_asked(self, limit: int) -> list[tuple[SubmissionId, WorkspaceId]]:
        """Due submissions that no command will send: none, unless something went wrong."""
        found = await self._pairs("select * from across_submissions_not_asked($1)", limit)
        return [(SubmissionId(submission), WorkspaceId(workspace)) for submission, workspace in found]

    async def due_commands(self, limit: int) -> list[tuple[CommandId, str, datetime]]:
        """Commands that wait to be carried out, as (id, queue, due_at), taking turns between workspaces."""
        rows = await self._rows("select * from across_due_commands($1)", limit)
        return [(CommandId(row["id"]), row["queue"], row["due_at"]) for row in rows]

    async def workspaces(self) -> list[WorkspaceId]:
        """Every workspace, oldest first."""
        rows = await self._rows("select across_workspaces() as id")
        return [WorkspaceId(row["id"]) for row in rows]

    async def workspaces_wrapped_otherwise(self, newest_key: str) -> list[WorkspaceId]:
        """The workspaces whose data key is wrapped by another key than the newest."""
        rows = await self._rows("select across_workspaces_wrapped_otherwise($1) as id", newest_key)
        return [WorkspaceId(row["id"]) for row in rows]

    async def wrapping_keys(self) -> dict[str, WorkspaceId]:
        """The names of the deployment's keys in use, each with a workspace whose data key it wraps."""
        rows = await self._rows("select * from across_wrapping_keys()")
        return {row["name"]: WorkspaceId(row["workspace_id"]) for row in rows}

    async def _rows(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        return await self._reads.run(None, lambda line: line.fetch(sql, *arguments))

    async def _pairs(self, sql: str, *arguments: object) -> list[tuple[UUID, UUID]]:
        return [(row["id"], row["workspace_id"]) for row in await self._rows(sql, *arguments)]
