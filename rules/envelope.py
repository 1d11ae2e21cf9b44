"""The envelope: all that the sync rules may look at. Never a body.

Source: sync-rules, "Words": provider ids, RFC Message-ID, References, In-Reply-To, From, To, Cc, Bcc,
Subject, date, labels or folder, attachment names, types and sizes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rules.words import EmailAddress


@dataclass(frozen=True, slots=True)
class Correspondent:
    """One address of a header, with the display name it came with (decoded, one line, no controls)."""

    address: EmailAddress
    name: str | None = None


class Place(StrEnum):
    """Where a provider keeps a message, as far as the rules care."""

    MAIL = "MAIL"
    DRAFT = "DRAFT"
    SPAM = "SPAM"
    TRASH = "TRASH"
    CHAT = "CHAT"
    CALENDAR = "CALENDAR"


@dataclass(frozen=True, slots=True)
class AttachmentOutline:
    """An attachment before its content is fetched; `size_bytes` is the decoded size, as far as known."""

    name: str
    content_type: str
    size_bytes: int
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as it lies in one mailbox, without its body.

    `received_at` is the provider's own time of acceptance, `sent_at` the Date header (or `received_at`).
    `internet_message_id`, `in_reply_to` and `references` keep their angle brackets off.
    """

    remote_id: str
    remote_thread_id: str
    received_at: datetime
    sent_at: datetime
    sender: Correspondent | None
    to: tuple[Correspondent, ...] = ()
    cc: tuple[Correspondent, ...] = ()
    bcc: tuple[Correspondent, ...] = ()
    subject: str = ""
    internet_message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    place: Place = Place.MAIL
    unread: bool = False
    size_bytes: int = 0
    attachments: tuple[AttachmentOutline, ...] = ()
    marker: str | None = None
    """Our own header (X-Bothways-Submission) where the message carries one."""
    automatic: bool = False
    """RFC 3834 Auto-Submitted, a list or a bounce."""
    labels: frozenset[str] = field(default_factory=frozenset)
