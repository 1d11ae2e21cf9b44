"""The addresses under which attachments are downloaded: signed, short-lived, for one viewer.

An address names the attachment, the workspace, the viewer and its last second; none of them can be changed
without the deployment's secret. It stands in for an Authorization header, which a browser's download cannot
carry, so it lives five minutes at most. Pure: the secret and `now` are arguments.
Source: security requirement R44.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from rules.words import ApiKeyId, AttachmentId, UserId, WorkspaceId

LIFETIME: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom an address is: a user, or a key that acts as the workspace."""

    workspace_id: WorkspaceId
    user_id: UserId | None
    api_key_id: ApiKeyId | None

    @property
    def mark(self) -> str:
        """`u<hex>`, `k<hex>`, or both."""
        user = f"u{self.user_id.hex}" if self.user_id else ""
        key = f"k{self.api_key_id.hex}" if self.api_key_id else ""
        return user + key


def signed_path(secret: bytes, attachment_id: UUID, holder: Holder, now: datetime) -> str:
    """Return the path and query that `holder` may download with until LIFETIME from now."""
    until = int((now + LIFETIME).timestamp())
    mark = _signature(secret, attachment_id, holder, until)
    return (
        f"/attachments/{attachment_id}?workspace={holder.workspace_id}&holder={holder.mark}"
        f"&until={until}&signature={mark}"
    )


def read(secret: bytes, attachment_id: str, query: Mapping[str, str], now: datetime) -> Holder | None:
    """Return for whom a presented address is; None if it was changed, is over, or was never ours."""
    try:
        identifier = AttachmentId(UUID(attachment_id))
        holder = _holder(WorkspaceId(UUID(query["workspace"])), query["holder"])
        until = int(query["until"])
        presented = query["signature"]
        ends = datetime.fromtimestamp(until, UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    expected = _signature(secret, identifier, holder, until)
    if not hmac.compare_digest(presented.encode(), expected.encode()):
        return None
    return holder if now < ends <= now + LIFETIME else None


def _holder(workspace_id: WorkspaceId, mark: str) -> Holder:
    user = key = None
    if mark.startswith("u"):
        user, mark = UserId(UUID(hex=mark[1:33])), mark[33:]
    if mark.startswith("k"):
        key, mark = ApiKeyId(UUID(hex=mark[1:33])), mark[33:]
    if mark or (user is None and key is None):
        raise ValueError("no holder")
    return Holder(workspace_id, user, key)


def _signature(secret: bytes, attachment_id: UUID, holder: Holder, until: int) -> str:
    text = f"bothways attachment\n{attachment_id}\n{holder.workspace_id}\n{holder.mark}\n{until}"
    return base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).decode().rstrip("=")
