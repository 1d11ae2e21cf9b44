"""A mail after it was read: the shapes that mime_in gives, and that a sandboxed child sends back.

Everything here is safe to store and to show: one-line names, sanitised HTML, text without NUL.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rules.envelope import AttachmentOutline, Correspondent
from rules.words import EmailAddress


class Automatic(StrEnum):
    """Why nobody wrote the mail by hand. Source: RFC 3834 2, 5; RFC 2369; RFC 3464."""

    NO = "NO"
    AUTO_REPLY = "AUTO_REPLY"
    GENERATED = "GENERATED"
    LIST = "LIST"
    BOUNCE = "BOUNCE"


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """What a delivery report says of one recipient; `status` is an RFC 3463 code such as 5.1.1."""

    address: EmailAddress | None
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report: which of our mails it is about, and how its recipients fared."""

    recipients: tuple[FailedRecipient, ...]
    original_message_id: str | None
    original_marker: str | None

    @property
    def failed(self) -> bool:
        """Whether a recipient was given up on, as against delayed or delivered."""
        return any(one.action == "failed" for one in self.recipients)


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    """A part that is not the body; its content lies apart, at the same index."""

    outline: AttachmentOutline
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """What a mail says. `quoted_from` is the offset in `text` where quoted history begins.

    `warnings` are sentences for the reader. `too_complex`: the mail passed a bound, and only what could
    be read within it is here; the raw bytes are kept in any case.
    """

    subject: str = ""
    sender: Correspondent | None = None
    to: tuple[Correspondent, ...] = ()
    cc: tuple[Correspondent, ...] = ()
    bcc: tuple[Correspondent, ...] = ()
    reply_to: tuple[Correspondent, ...] = ()
    sent_at: datetime | None = None
    internet_message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    marker: str | None = None
    text: str = ""
    html: str | None = None
    remote_images: tuple[str, ...] = ()
    quoted_from: int | None = None
    snippet: str = ""
    attachments: tuple[ParsedAttachment, ...] = ()
    warnings: tuple[str, ...] = ()
    too_complex: bool = False
    automatic: Automatic = Automatic.NO
    bounce: Bounce | None = None
