"""What can go wrong with a provider, split by who must act.

ProviderTrouble
 ├── Retryable(at)        nobody acts: the same request is made again, not before `at`
 ├── NeedsReconnect       the mailbox's user acts: consent again
 ├── CursorExpired        nobody acts: a bounded look-back replaces the change feed
 ├── Gone                 nobody acts: the item no longer exists at the provider
 ├── Refused              the author of the request acts: it will be refused again as it is
 ├── OperatorMustAct      whoever hosts Bothways acts: client id, topic, API switched off
 ├── OutcomeUnknown       the submission's reconciliation acts: the request may have taken effect
 └── OurBug               we act: the provider says that our request was malformed

The provider's answer is translated into this tree once, in providers/*/parse.py, and nowhere else.
An error carries words that a person may see; it never carries a token, an address or a body.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass
class ProviderTrouble(Exception):
    """Something a provider answered, or did not. `message` is safe to log and to show."""

    message: str

    def __str__(self) -> str:
        return self.message


class Scope(StrEnum):
    """What a pause concerns."""

    MAILBOX = "mailbox"
    PROJECT = "project"
    SENDING = "sending"


@dataclass
class Retryable(ProviderTrouble):
    """Try again, never before `at` where the provider named a time; None leaves it to the backoff."""

    at: datetime | None = None
    concerns: Scope = Scope.MAILBOX


@dataclass
class NoRoom(Exception):
    """Our own pace has no room for what is to be read before `at`: nothing was refused, nothing failed."""

    at: datetime


class ReconnectReason(StrEnum):
    """Why a mailbox needs its user; each has a sentence in rules/mailbox_life.py."""

    REVOKED_OR_EXPIRED = "REVOKED_OR_EXPIRED"
    SESSION_POLICY = "SESSION_POLICY"
    MISSING_PERMISSION = "MISSING_PERMISSION"
    ADMIN_BLOCKED = "ADMIN_BLOCKED"
    NO_MAILBOX = "NO_MAILBOX"


@dataclass
class NeedsReconnect(ProviderTrouble):
    """A confirmed answer of the provider that only the mailbox's user can mend; never a time-out or a 5xx."""

    reason: ReconnectReason = ReconnectReason.REVOKED_OR_EXPIRED
    claims: str | None = None
    """What the next sign-in must be asked for, as the provider said it (OpenID Connect's `claims`, JSON)."""


@dataclass
class CursorExpired(ProviderTrouble):
    """The change feed no longer knows our cursor."""


@dataclass
class Gone(ProviderTrouble):
    """The item was deleted between being listed and being asked for, or never was."""


class RefusalKind(StrEnum):
    """Why a request will be refused again as it is."""

    BAD_RECIPIENT = "BAD_RECIPIENT"
    TOO_LARGE = "TOO_LARGE"
    BAD_THREAD = "BAD_THREAD"
    FORBIDDEN = "FORBIDDEN"
    OTHER = "OTHER"


@dataclass
class Refused(ProviderTrouble):
    """A clear refusal: the request had no effect, and would have none if repeated."""

    kind: RefusalKind = RefusalKind.OTHER


@dataclass
class OperatorMustAct(ProviderTrouble):
    """The deployment is set up wrongly; no user is disconnected for it."""


@dataclass
class OutcomeUnknown(ProviderTrouble):
    """The connection ended, or a 5xx came, after a request that may have taken effect."""


@dataclass
class OurBug(ProviderTrouble):
    """The provider could not read our request."""
