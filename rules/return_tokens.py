"""Signed names of ours that come back from outside: reply addresses, and where unsubscribing is asked.

A reply address names a conversation, an unsubscribe address a sending of a workspace. Neither holds an
address or a text; neither can be made, or turned into another's, without the deployment's secret. They never
expire: mail is answered years later. Pure: the secret is an argument.
Source: RFC 8058 3.1 (the URI identifies recipient and list, and must not be guessable); RFC 5321 4.5.3.1.1.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from rules.words import EmailAddress, SubmissionId, ThreadId, WorkspaceId

REPLY_PREFIX: Final = "re-"
_REPLY_MAC_BYTES: Final = 10
_UNSUBSCRIBE_MAC_BYTES: Final = 16
_UUID_BYTES: Final = 16


def _mac(secret: bytes, purpose: str, named: bytes, length: int) -> bytes:
    return hmac.digest(secret, f"bothways {purpose}\0".encode() + named, hashlib.sha256)[:length]


def reply_address(secret: bytes, thread_id: ThreadId, inbound_domain: str) -> EmailAddress:
    """Return the address whose mail belongs to a conversation; its local part has 45 characters."""
    mac = _mac(secret, "reply address", thread_id.bytes, _REPLY_MAC_BYTES)
    name = base64.b32encode(thread_id.bytes + mac).decode("ascii").rstrip("=").lower()
    return EmailAddress(f"{REPLY_PREFIX}{name}@{inbound_domain}")


def thread_of_reply(secret: bytes, local_part: str) -> ThreadId | None:
    """Return the conversation that a reply address names, in any case of letters; None if it is not ours."""
    lowered = local_part.lower()
    if not lowered.startswith(REPLY_PREFIX):
        return None
    name = lowered.removeprefix(REPLY_PREFIX).upper()
    try:
        raw = base64.b32decode(name + "=" * (-len(name) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _UUID_BYTES + _REPLY_MAC_BYTES:
        return None
    thread_id = ThreadId(UUID(bytes=raw[:_UUID_BYTES]))
    ours = reply_address(secret, thread_id, "").removesuffix("@")
    return thread_id if hmac.compare_digest(ours.encode(), lowered.encode()) else None


@dataclass(frozen=True, slots=True)
class Unsubscribing:
    """Whose mail is no longer wanted: that of the sending's workspace, by the sending's recipient."""

    workspace_id: WorkspaceId
    submission_id: SubmissionId


def unsubscribe_token(secret: bytes, of: Unsubscribing) -> str:
    """Return the last part of an unsubscribe address: 64 letters, digits, `-` and `_`."""
    named = of.workspace_id.bytes + of.submission_id.bytes
    mac = _mac(secret, "unsubscribe", named, _UNSUBSCRIBE_MAC_BYTES)
    return base64.urlsafe_b64encode(named + mac).decode("ascii")


def read_unsubscribe_token(secret: bytes, token: str) -> Unsubscribing | None:
    """Return what a token names; None if it is not ours."""
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    named, mac = raw[: 2 * _UUID_BYTES], raw[2 * _UUID_BYTES :]
    if not hmac.compare_digest(mac, _mac(secret, "unsubscribe", named, _UNSUBSCRIBE_MAC_BYTES)):
        return None
    workspace, submission = named[:_UUID_BYTES], named[_UUID_BYTES:]
    return Unsubscribing(WorkspaceId(UUID(bytes=workspace)), SubmissionId(UUID(bytes=submission)))
