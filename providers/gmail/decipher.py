"""The one translation of Google's answers into rules/errors.py: who must act.

Pure. Belongs here: status, reason and text of an answer, by what was asked. Never: making a request, or
putting the provider's own text into an error (it may quote an address).

A status alone says little: 403 may be a throttle, a missing permission or a switched-off API; 404 may be an
expired cursor, a deleted message or a missing topic. `errors[].reason`, the text and what was asked decide.
Sources: https://developers.google.com/workspace/gmail/api/guides/handle-errors,
https://developers.google.com/identity/protocols/oauth2/web-server#errors
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

from providers.gmail.wire import JsonObject, json_object
from rules.errors import (
    CursorExpired,
    Gone,
    NeedsReconnect,
    OperatorMustAct,
    OurBug,
    OutcomeUnknown,
    ProviderTrouble,
    ReconnectReason,
    RefusalKind,
    Refused,
    Retryable,
    Scope,
)

LONGEST_PAUSE: Final = timedelta(hours=25)
RETRY_TEXT = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z", re.IGNORECASE)
RECIPIENT_TEXT = re.compile(
    r"invalid (to|cc|bcc) header|recipient address required|too many recipients", re.IGNORECASE
)
THROTTLES: Final = frozenset({"ratelimitexceeded", "userratelimitexceeded", "quotaexceeded"})
SWITCHED_OFF: Final = frozenset(
    {"accessnotconfigured", "service_disabled", "dailylimitexceeded", "keyinvalid", "keyexpired"}
)
PRECONDITION: Final = frozenset({"failedprecondition", "failed_precondition"})
NO_PERMISSION: Final = frozenset({"insufficientpermissions", "access_token_scope_insufficient"})


class Asked(Enum):
    """What a request asked for, as far as its errors differ."""

    ACCOUNT = "account"
    HISTORY = "history"
    MESSAGE = "message"
    LIST = "list"
    DRAFT = "draft"
    NEW_DRAFT = "new draft"
    SEND = "send"
    CHANGE = "change"
    WATCH = "watch"


@dataclass
class StaleAccessToken(Retryable):
    """The access token was refused before anything happened; with a refreshed one it may be asked again."""


def decipher(
    asked: Asked, status: int, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> JsonObject:
    """Return the JSON object of a good answer (empty for an empty body), or raise what it means.

    Raises:
        ProviderTrouble: each kind, by who must act; see the module's head.
    """
    said = json_object(body)
    if 200 <= status < 300:
        if said is not None:
            return said
        if not body and asked in (Asked.CHANGE, Asked.WATCH):
            return {}
        raise _unclear(asked, "sent an answer that cannot be read")
    raise _trouble(asked, status, headers, _Complaint.read(status, said), now)


@dataclass(frozen=True, slots=True)
class _Complaint:
    """An error body, read: text, reasons in lower case, and whether it is Google's own JSON at all."""

    text: str
    reasons: frozenset[str]
    ours_to_believe: bool

    @classmethod
    def read(cls, status: int, said: JsonObject | None) -> "_Complaint":
        """Read `{"error": {...}}`; anything else (a proxy's page) is not to be believed beyond its status."""
        error = said.get("error") if said is not None else None
        if not isinstance(error, dict):
            return cls("", frozenset(), False)
        reasons: set[str] = set()
        for member in ("errors", "details"):
            listed = error.get(member)
            for entry in listed if isinstance(listed, list) else ():
                reason = entry.get("reason") if isinstance(entry, dict) else None
                if isinstance(reason, str):
                    reasons.add(reason.lower())
        text, state = error.get("message"), error.get("status")
        if isinstance(state, str):
            reasons.add(state.lower())
        return cls(text if isinstance(text, str) else "", frozenset(reasons), error.get("code") == status)


def _trouble(
    asked: Asked, status: int, headers: Mapping[str, str], complaint: _Complaint, now: datetime
) -> ProviderTrouble:
    match status:
        case 400:
            return _bad_request(asked, complaint)
        case 401:
            return StaleAccessToken("Google refused the access token.")
        case 403 | 429 if _is_throttle(status, complaint):
            return _pause(headers, complaint, now)
        case 403:
            return _forbidden(asked, complaint)
        case 404 | 410:
            return _not_found(asked, complaint)
        case 413:
            return Refused("Google refuses a message of this size.", kind=RefusalKind.TOO_LARGE)
        case 409 | 412:
            return Retryable("Google saw another change at the same time.")
        case 408:
            return _unclear(asked, "gave up waiting")
        case 500 | 502 | 503 | 504:
            return _unclear(asked, "has a fault of its own", _retry_at(headers, complaint, now))
        case _ if 400 <= status < 500 and complaint.ours_to_believe:
            return OurBug(f"Google does not accept our request ({asked.value}, status {status}).")
        case _:
            return _unclear(asked, f"answered with status {status}")


def _unclear(asked: Asked, how: str, at: datetime | None = None) -> ProviderTrouble:
    """What an answer means that says nothing of whether the request took effect."""
    if asked is Asked.SEND:
        return OutcomeUnknown(f"Google {how} while sending; the message may have left.")
    return Retryable(f"Google {how} ({asked.value}).", at=at)


def _is_throttle(status: int, complaint: _Complaint) -> bool:
    return status == 429 or bool(complaint.reasons & THROTTLES) or "resource_exhausted" in complaint.reasons


def _pause(headers: Mapping[str, str], complaint: _Complaint, now: datetime) -> Retryable:
    """A throttle: whom it concerns, and until when.

    The time stands in the text only: no Retry-After is documented for Gmail, but one would be heeded.
    """
    at = _retry_at(headers, complaint, now)
    text = complaint.text.lower()
    if "(mail sending)" in text:
        return Retryable("Gmail's sending limit of this mailbox is reached.", at, Scope.SENDING)
    of_project = "per minute" in text and "per user" not in text
    if of_project or "dailylimitexceeded" in complaint.reasons:
        return Retryable("Google's quota for this deployment is used up for now.", at, Scope.PROJECT)
    return Retryable("Gmail asks for a pause for this mailbox.", at, Scope.MAILBOX)


def _retry_at(headers: Mapping[str, str], complaint: _Complaint, now: datetime) -> datetime | None:
    """When Google said to come back, at most a day and an hour ahead; None where it did not say."""
    named: datetime | None = None
    in_text = RETRY_TEXT.search(complaint.text)
    in_header = headers.get("retry-after", "").strip()
    try:
        if in_text:
            named = datetime.fromisoformat(in_text.group(1)).replace(tzinfo=UTC) + timedelta(seconds=1)
        elif in_header.isascii() and in_header.isdigit() and len(in_header) < 9:
            named = now + timedelta(seconds=int(in_header))
        elif in_header:
            named = parsedate_to_datetime(in_header)
    except (ValueError, OverflowError):
        return None
    if named is None or named.tzinfo is None:
        return None
    return min(named, now + LONGEST_PAUSE)


def _bad_request(asked: Asked, complaint: _Complaint) -> ProviderTrouble:
    text = complaint.text.lower()
    if not complaint.ours_to_believe:
        return _unclear(asked, "answered with status 400 and no reason")
    if asked is Asked.WATCH and "only one user push notification client" in text:
        return OperatorMustAct("Another deployment of this Google project watches the mailbox already.")
    if "mail service not enabled" in text or (asked is Asked.ACCOUNT and complaint.reasons & PRECONDITION):
        return NeedsReconnect("This Google account has no Gmail.", reason=ReconnectReason.NO_MAILBOX)
    if asked is Asked.WATCH:
        return OperatorMustAct("Google does not accept the Pub/Sub topic.")
    if "thread_id" in text or "threadid" in text:
        return Refused("Gmail does not know this thread.", kind=RefusalKind.BAD_THREAD)
    if RECIPIENT_TEXT.search(text):
        return Refused("Gmail refuses the recipients.", kind=RefusalKind.BAD_RECIPIENT)
    if asked is Asked.HISTORY and "starthistoryid" in text:
        return CursorExpired("Gmail does not know the place in its change feed.")
    if asked in (Asked.SEND, Asked.NEW_DRAFT):
        return Refused("Gmail refuses the message.")
    return OurBug(f"Google could not read our request ({asked.value}).")


def _forbidden(asked: Asked, complaint: _Complaint) -> ProviderTrouble:
    if complaint.reasons & NO_PERMISSION:
        reason = ReconnectReason.MISSING_PERMISSION
        return NeedsReconnect("A permission is missing that the user has to grant.", reason=reason)
    if "domainpolicy" in complaint.reasons:
        reason = ReconnectReason.ADMIN_BLOCKED
        return NeedsReconnect("The domain's administrator does not allow Gmail apps.", reason=reason)
    if complaint.reasons & SWITCHED_OFF:
        return OperatorMustAct("The Gmail API is switched off or capped for this Google project.")
    if asked is Asked.WATCH:
        return OperatorMustAct("Gmail may not publish to the Pub/Sub topic.")
    if not complaint.ours_to_believe:
        return _unclear(asked, "answered with status 403 and no reason")
    return Refused("Gmail forbids this.", kind=RefusalKind.FORBIDDEN)


def _not_found(asked: Asked, complaint: _Complaint) -> ProviderTrouble:
    """404, believed only where Google itself said it: a proxy's page must not pass for "was sent"."""
    if not complaint.ours_to_believe:
        return _unclear(asked, "answered that the address does not exist")
    match asked:
        case Asked.HISTORY:
            return CursorExpired("Gmail's change feed no longer reaches back that far.")
        case Asked.WATCH:
            return OperatorMustAct("The Pub/Sub topic does not exist.")
        case Asked.NEW_DRAFT:
            return Refused("Gmail does not know this thread.", kind=RefusalKind.BAD_THREAD)
        case Asked.MESSAGE | Asked.DRAFT | Asked.SEND | Asked.CHANGE:
            return Gone(f"The {asked.value} is no longer in the mailbox.")
        case Asked.ACCOUNT | Asked.LIST:
            return OurBug(f"Google does not know this address ({asked.value}).")
