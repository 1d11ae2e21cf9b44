"""Who sends a mail, from which address, whether it may go now, and when two requests are the same.

Pure. Source: sync-rules S1 to S5, S7, S8; R47 for the request hash.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from rules.attachments import total_bytes
from rules.words import EmailAddress, Provider, SenderKind

GMAIL_DAILY_LIMIT: Final = 500
"""Individual mails through one Gmail mailbox in a rolling day (S7)."""
DAY: Final = timedelta(hours=24)
MOST_RECIPIENTS: Final[Mapping[Provider, int]] = {Provider.GMAIL: 500, Provider.OUTLOOK: 500}
"""Recipients of one message, To, Cc and Bcc together, through a mailbox.

Sources: https://developers.google.com/workspace/gmail/api/reference/quota,
https://learn.microsoft.com/en-us/graph/api/resources/message
"""
MOST_RECIPIENTS_BY_SMTP: Final = 100
"""What every mail server must take. Source: RFC 5321 section 4.5.3.1.8"""


class MailKind(StrEnum):
    """What occasions a mail."""

    INDIVIDUAL = "INDIVIDUAL"
    BULK = "BULK"
    WORKFLOW = "WORKFLOW"


@dataclass(frozen=True, slots=True)
class SendingMailbox:
    """The author's connected mailbox: its address, and verified send-as addresses, its own first."""

    provider: Provider
    address: EmailAddress
    send_as: tuple[EmailAddress, ...] = ()


def sender_kind(
    kind: MailKind, mailbox: SendingMailbox | None, from_address: EmailAddress | None
) -> SenderKind:
    """Return which of the two senders a mail goes through (S1 to S4)."""
    if mailbox is None:
        return SenderKind.WORKSPACE_SENDER
    match kind:
        case MailKind.INDIVIDUAL:
            return SenderKind.MAILBOX
        case MailKind.BULK:
            matches = mailbox.provider is not Provider.GMAIL and from_address == mailbox.address
            return SenderKind.MAILBOX if matches else SenderKind.WORKSPACE_SENDER
        case MailKind.WORKFLOW:
            return SenderKind.WORKSPACE_SENDER


def individual_from(mailbox: SendingMailbox, chosen: EmailAddress | None) -> EmailAddress | None:
    """Return the From of an individual mail (S5): the mailbox's address, or a chosen verified alias.

    None: the chosen address is not the mailbox's to send from.
    """
    if chosen is None or chosen == mailbox.address:
        return mailbox.address
    return chosen if chosen in mailbox.send_as else None


@dataclass(frozen=True, slots=True)
class DailyQuota:
    """A mailbox's rolling day. `frees_at` is when the next mail fits, where none fits now; else None."""

    limit: int
    used: int
    frees_at: datetime | None

    @property
    def free(self) -> bool:
        """Whether one more mail may go now."""
        return self.used < self.limit


def daily_quota(sent_at: Collection[datetime], now: datetime, limit: int = GMAIL_DAILY_LIMIT) -> DailyQuota:
    """Return what a rolling day has used; `sent_at` are the times of individual mails, of at least a day.

    A mail that was sent exactly a day ago no longer counts.
    """
    within = sorted(at for at in sent_at if at > now - DAY)
    if len(within) < limit:
        return DailyQuota(limit, len(within), None)
    if limit <= 0:
        return DailyQuota(limit, len(within), None)
    return DailyQuota(limit, len(within), within[len(within) - limit] + DAY)


def daily_limit(provider: Provider) -> int | None:
    """Return a provider's limit of individual mails a rolling day, or None where the rules know none."""
    return GMAIL_DAILY_LIMIT if provider is Provider.GMAIL else None


def recipients_limit(provider: Provider | None) -> int:
    """Return how many recipients one message may have: through a provider's mailbox, or by a mail server."""
    return (
        MOST_RECIPIENTS_BY_SMTP
        if provider is None
        else MOST_RECIPIENTS.get(provider, MOST_RECIPIENTS_BY_SMTP)
    )


def attachments_fit(sizes_bytes: Iterable[int], limit_bytes: int) -> bool:
    """Whether attachments may be sent (S8): together they keep to the workspace's limit, decoded bytes."""
    return total_bytes(sizes_bytes) <= limit_bytes


Plain = None | bool | int | str | datetime | Sequence["Plain"] | Mapping[str, "Plain"]


def _canonical(value: Plain) -> object:
    match value:
        case datetime():
            return {"instant": value.timestamp()}
        case str() | bool() | int() | None:
            return value
        case Mapping():
            return {key: _canonical(inner) for key, inner in value.items() if inner is not None}
        case _:
            return [_canonical(inner) for inner in value]


def request_hash(request: Mapping[str, Plain]) -> bytes:
    """Return the 32 bytes by which two requests with one idempotency key are told apart.

    A field that is None is as one that is absent, the order of fields means nothing, the order within a list
    does, and an instant is the same in every zone. The idempotency key itself is left out.
    """
    fields = {
        key: value for key, value in request.items() if key not in ("idempotencyKey", "idempotency_key")
    }
    spelled = json.dumps(_canonical(fields), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode("ascii")).digest()
