"""Files that were uploaded and are not yet part of a message: recorded, counted, and forgotten in time."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text

from database.blobs import Blobs, Stored
from database.pool import Database
from database.tables import AttachmentRow
from rules.words import AttachmentId, AttachmentState, UserId, WorkspaceId

KEPT = timedelta(hours=24)
"""How long an upload waits for its message."""
UNSENT_MOST_BYTES = 2_000_000_000
"""What a workspace may have uploaded and not sent."""

_LIMITS = """
select w.attachment_limit_bytes, w.attachment_types,
    (select coalesce(sum(a.size_bytes), 0)::bigint from attachments a
     where a.workspace_id = w.id and a.message_id is null) as unsent_bytes
from workspaces w where w.id = $1
"""

# A file is seen by whom its message is seen by; an upload without a message, by who uploaded it.
_VISIBLE = """
select a.name, a.content_type, a.size_bytes, a.sha256, a.blob_key
from attachments a
left join messages m on m.id = a.message_id
left join threads t on t.id = m.thread_id
where a.workspace_id = $1 and a.id = $2::text::uuid and a.state = 'STORED' and a.blob_key is not null
  and case when m.id is null then a.user_id is not distinct from $3
      else (t.private_to is null or t.private_to = $3)
          and (m.visibility = 'EVERYTHING' or m.owner_id = $3 or exists (
              select from message_copies own join mailboxes mine on mine.id = own.mailbox_id
              where own.message_id = m.id and mine.user_id = $3
          )) end
"""

_EXPIRED = text("""
delete from attachments where id in (
    select id from attachments where workspace_id = :workspace_id and message_id is null
    and expires_at < :now limit 500 for update skip locked
) returning blob_key
""")


async def limits(db: Database, workspace_id: WorkspaceId) -> tuple[int, list[str] | None, int]:
    """The workspace's limit in bytes, the types it allows (None: any), and what it has unsent, in bytes."""
    row = await db.fetchrow(workspace_id, _LIMITS, workspace_id)
    return (0, None, 0) if row is None else tuple(row)


async def visible(
    db: Database, workspace_id: WorkspaceId, user_id: UserId | None, attachment_id: str
) -> asyncpg.Record | None:
    """A stored file that the user (None: the workspace's key) may see: name, content_type, size_bytes,
    sha256, blob_key."""
    return await db.fetchrow(workspace_id, _VISIBLE, workspace_id, attachment_id, user_id)


async def record(
    db: Database,
    workspace_id: WorkspaceId,
    user_id: UserId | None,
    *,
    attachment_id: UUID,
    name: str,
    content_type: str,
    blob_key: str,
    stored: Stored,
) -> AttachmentId:
    """Write the row of a stored upload; without a message it ends after KEPT."""
    async with db.work(workspace_id) as work:
        row: dict[str, Any] = {"name": name, "content_type": content_type, "blob_key": blob_key}
        work.add(
            AttachmentRow(
                id=attachment_id,
                workspace_id=workspace_id,
                user_id=user_id,
                size_bytes=stored.size_bytes,
                sha256=stored.sha256,
                state=AttachmentState.STORED,
                created_at=work.now,
                expires_at=work.now + KEPT,
                **row,
            )
        )
    return AttachmentId(attachment_id)


async def forget_expired(db: Database, blobs: Blobs, workspace_id: WorkspaceId, now: datetime) -> int:
    """Remove uploads that never became part of a message, 500 at most; how many they were."""
    async with db.work(workspace_id) as work:
        done = await work.execute(_EXPIRED, {"workspace_id": workspace_id, "now": now})
        keys = list(done.scalars())
    await blobs.delete([key for key in keys if key is not None])
    return len(keys)
