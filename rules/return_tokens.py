"""Signed names of ours that come back from outside: reply addresses, return paths, unsubscribing.

A reply address names a conversation; a return path and an unsubscribe address name one sending. None holds an
address or a text; none can be made, or turned into another's, without the deployment's secret. They never
expire: mail is answered years later. Pure: the secret is an argument.
Source: RFC 8058 3.1 (the URI identifies recipient and list, and must not be guessable); RFC 5321 4.5.3.1.1;
RFC 3834 4 and RFC 5321 4.4 (automatic answers and reports go to the return path).
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
RETURN_PREFIX: Final = "rp-"
UNSUBSCRIBE_PREFIX: Final = "un-"
_PURPOSES: Final = {
    REPLY_PREFIX: "reply address",
    RETURN_PREFIX: "return path",
    UNSUBSCRIBE_PREFIX: "unsubscribe address",
}
_ADDRESS_MAC_BYTES: Final = 10
_UNSUBSCRIBE_MAC_BYTES: Final = 16
_UUID_BYTES: Final = 16


def _mac(secret: bytes, purpose: str, named: bytes, length: int) -> bytes:
    return hmac.digest(secret, f"bothways {purpose}\0".encode() + named, hashlib.sha256)[:length]


def _local_part(secret: bytes, prefix: str, id: UUID) -> str:
    """Return 45 characters: a local part may have 64."""
    mac = _mac(secret, _PURPOSES[prefix], id.bytes, _ADDRESS_MAC_BYTES)
    return prefix + base64.b32encode(id.bytes + mac).decode("ascii").rstrip("=").lower()


def _named(secret: bytes, prefix: str, local_part: str) -> UUID | None:
    """Return what a local part names, in any case of letters; None if it is not ours."""
    lowered = local_part.lower()
    if not lowered.startswith(prefix):
        return None
    name = lowered.removeprefix(prefix).upper()
    try:
        raw = base64.b32decode(name + "=" * (-len(name) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _UUID_BYTES + _ADDRESS_MAC_BYTES:
        return None
    id = UUID(bytes=raw[:_UUID_BYTES])
    return id if hmac.compare_digest(_local_part(secret, prefix, id).encode(), lowered.encode()) else None


def reply_address(secret: bytes, thread_id: ThreadId, inbound_domain: str) -> EmailAddress:
    """Return the address whose mail belongs to a conversation."""
    return EmailAddress(f"{_local_part(secret, REPLY_PREFIX, thread_id)}@{inbound_domain}")


def thread_of_reply(secret: bytes, local_part: str) -> ThreadId | None:
    """Return the conversation that a reply address names, in any case of letters; None if it is not ours."""
    named = _named(secret, REPLY_PREFIX, local_part)
    return None if named is None else ThreadId(named)


def return_path(secret: bytes, submission_id: SubmissionId, inbound_domain: str) -> EmailAddress:
    """Return the envelope sender of one mail, to which reports on it and automatic answers go."""
    return EmailAddress(f"{_local_part(secret, RETURN_PREFIX, submission_id)}@{inbound_domain}")


def submission_of_return(secret: bytes, local_part: str) -> SubmissionId | None:
    """Return the sending that a return path names; None if it is not ours."""
    named = _named(secret, RETURN_PREFIX, local_part)
    return None if named is None else SubmissionId(named)


def unsubscribe_address(secret: bytes, submission_id: SubmissionId, inbound_domain: str) -> EmailAddress:
    """Return the address by which a mail's recipient says that they want no more."""
    return EmailAddress(f"{_local_part(secret, UNSUBSCRIBE_PREFIX, submission_id)}@{inbound_domain}")


def submission_to_unsubscribe(secret: bytes, local_part: str) -> SubmissionId | None:
    """Return the sending whose recipient wants no more; None if the address is not ours."""
    named = _named(secret, UNSUBSCRIBE_PREFIX, local_part)
    return None if named is None else SubmissionId(named)


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
