"""Workspaces, users and API keys as an operator makes them, from the command line and for the demo.

Belongs here: what `createApiKey` and `inviteUser` of the API cannot do, because there is nobody yet to ask.
Each act is in the audit log as the operator's.
"""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from database.ids import new_id
from database.pool import Database
from database.tables import ApiKeyRow, UserRow, WorkspaceRow
from database.vault import Vault
from rules import api_keys
from rules.words import ApiKeyId, Role, Scope, UserId, WorkspaceId

OPERATOR: Final = "operator"
ATTACHMENT_LIMIT_BYTES: Final = 25_000_000

_REVOKE: Final = text(
    "update api_keys set revoked_at = :now where prefix = :prefix and revoked_at is null returning id"
)


async def make_workspace(db: Database, vault: Vault, name: str, now: datetime) -> WorkspaceId:
    """Make a workspace with a data key of its own."""
    workspace_id = WorkspaceId(new_id())
    data_key = vault.ring.new_data_key(workspace_id)
    async with db.work(workspace_id) as work:
        work.add(
            WorkspaceRow(
                id=workspace_id,
                name=name,
                attachment_limit_bytes=ATTACHMENT_LIMIT_BYTES,
                data_key=data_key.wrapped,
                data_key_wrapped_by=data_key.by,
                created_at=now,
            )
        )
        await work.flush()
        await work.audit(OPERATOR, "workspace_created")
    return workspace_id


async def make_user(
    db: Database, workspace_id: WorkspaceId, name: str, email: str, role: Role, now: datetime
) -> UserRow:
    """Make a user."""
    row = UserRow(id=new_id(), workspace_id=workspace_id, name=name, email=email, role=role, created_at=now)
    async with db.work(workspace_id) as work:
        work.add(row)
        await work.flush()
        await work.audit(OPERATOR, "user_created", user=str(row.id))
    return row


async def make_key(
    db: Database,
    workspace_id: WorkspaceId,
    name: str,
    scopes: frozenset[Scope],
    user_id: UUID | None,
    now: datetime,
) -> str:
    """Make an API key and return it; it cannot be shown again."""
    made = api_keys.made(secrets.token_bytes(api_keys.ENTROPY_BYTES))
    key_id = ApiKeyId(new_id())
    async with db.work(workspace_id) as work:
        work.add(
            ApiKeyRow(
                id=key_id,
                workspace_id=workspace_id,
                user_id=UserId(user_id) if user_id else None,
                name=name,
                prefix=made.prefix,
                secret_hash=made.secret_hash,
                scopes=sorted(scope.value for scope in scopes),
                created_at=now,
            )
        )
        await work.flush()
        await work.audit(OPERATOR, "api_key_created", key=str(key_id))
    return made.shown


async def revoke_key(db: Database, workspace_id: WorkspaceId, prefix: str, now: datetime) -> bool:
    """End a key by its prefix; False if the workspace has no such key that holds."""
    async with db.work(workspace_id) as work:
        ended = (await work.execute(_REVOKE, {"now": now, "prefix": prefix})).scalars().all()
        for key_id in ended:
            await work.audit(OPERATOR, "api_key_revoked", key=str(key_id))
    return bool(ended)
