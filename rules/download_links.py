"""The addresses under which a browser gets what needs a log-in: signed, short-lived, for one viewer.

An attachment's address names the attachment, the workspace, the viewer and its last second; an image's names
the message and the image's own address instead of the attachment. None of it can be changed without the
deployment's secret. It stands in for an Authorization header, which a browser's download cannot carry, so it
lives five minutes at most. Pure: the secret and `now` are arguments.
Source: security requirements R42, R44.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote
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
    return f"/attachments/{attachment_id}?{_signed(secret, 'attachment', str(attachment_id), holder, now)}"


def read(secret: bytes, attachment_id: str, query: Mapping[str, str], now: datetime) -> Holder | None:
    """Return for whom a presented address is; None if it was changed, is over, or was never ours."""
    try:
        identifier = AttachmentId(UUID(attachment_id))
    except ValueError:
        return None
    return _read(secret, "attachment", str(identifier), query, now)


def signed_image_path(secret: bytes, message_id: UUID, address: str, holder: Holder, now: datetime) -> str:
    """Return the path and query under which `holder` may see a remote image of a message."""
    query = _signed(secret, "image", f"{message_id}\n{address}", holder, now)
    return f"/mail-images/{message_id}?{query}&address={quote(address, safe='')}"


def read_image(secret: bytes, message_id: str, query: Mapping[str, str], now: datetime) -> Holder | None:
    """Return for whom a presented address of an image is; None if it was changed, is over, or never ours."""
    try:
        subject = f"{UUID(message_id)}\n{query['address']}"
    except (KeyError, ValueError):
        return None
    return _read(secret, "image", subject, query, now)


def _signed(secret: bytes, purpose: str, subject: str, holder: Holder, now: datetime) -> str:
    until = int((now + LIFETIME).timestamp())
    mark = _signature(secret, purpose, subject, holder, until)
    return f"workspace={holder.workspace_id}&holder={holder.mark}&until={until}&signature={mark}"


def _read(
    secret: bytes, purpose: str, subject: str, query: Mapping[str, str], now: datetime
) -> Holder | None:
    try:
        holder = _holder(WorkspaceId(UUID(query["workspace"])), query["holder"])
        until = int(query["until"])
        presented = query["signature"]
        ends = datetime.fromtimestamp(until, UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    expected = _signature(secret, purpose, subject, holder, until)
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


def _signature(secret: bytes, purpose: str, subject: str, holder: Holder, until: int) -> str:
    text = f"bothways {purpose}\n{subject}\n{holder.workspace_id}\n{holder.mark}\n{until}"
    return base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).decode().rstrip("=")
