"""The one translation of Graph's answers into rules/errors.py: who must act.

Pure. Belongs here: status and `error.code` of an answer, by what was asked. Never: making a request, or
putting Graph's own text into an error (it may quote an address).

The code decides, never the text, and an answer is believed only where it is Graph's own JSON: a proxy's 404
must not pass for "was sent". The inner error is spelled two ways, and both are read.
Sources: https://learn.microsoft.com/en-us/graph/errors, https://learn.microsoft.com/en-us/graph/throttling,
https://learn.microsoft.com/en-us/entra/identity-platform/claims-challenge
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

from providers.outlook.wire import JsonObject, json_object
from rules.errors import (
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
SENDING_PAUSE: Final = timedelta(hours=1)
"""How long no mail is tried where a limit of sendings is reached and no time is named."""
CLAIMS = re.compile(r'\bclaims="([A-Za-z0-9+/=_-]{1,4000})"')
SENDING_LIMITS: Final = frozenset(
    {"errorexceededmessagelimit", "errorsubmissionquotaexceeded", "errormessagethrottled"}
)
"""Source: https://support.microsoft.com/en-us/office/sending-limits-in-outlook-com-279ee200"""
NO_MAILBOX: Final = frozenset(
    {"mailboxnotenabledforrestapi", "mailboxnothostedinexchangeonline", "errornonexistentmailbox"}
)
NO_PERMISSION: Final = frozenset({"erroraccessdenied", "authorization_requestdenied"})
ADMIN_SAYS_NO: Final = frozenset({"accessdenied", "erroraccesstoodatadisabled", "accountdisabled"})
GONE: Final = frozenset(
    {
        "erroritemnotfound",
        "errorinvalididmalformed",
        "errorinvalidid",
        "errorfoldernotfound",
        "resourcenotfound",
        "extensionerror",
    }
)
BAD_RECIPIENT: Final = frozenset({"errorinvalidrecipients", "errorinvalidrecipientsubtype"})
NOT_ALLOWED_TO_SEND: Final = frozenset(
    {
        "errorsendasdenied",
        "errormessagesubmissionblocked",
        "erroraccountsuspend",
        "erroraccountsuspendshowtierupgrade",
    }
)
FULL: Final = frozenset({"errorquotaexceeded", "errormailboxstoreunavailablequota"})
TOO_LARGE: Final = frozenset({"errormessagesizeexceeded", "errorattachmentsizelimitexceeded"})
TOO_SMALL: Final = "errorattachmentsizeshouldnotbelessthanminimumsize"
BUSY: Final = frozenset(
    {
        "errorserverbusy",
        "toomanyrequests",
        "applicationthrottled",
        "mailboxstoreunavailable",
        "errormailboxstoreunavailable",
    }
)


class Asked(Enum):
    """What a request asked for, as far as its errors differ."""

    ACCOUNT = "account"
    CHANGES = "changes"
    MESSAGE = "message"
    LIST = "list"
    DRAFT = "draft"
    NEW_DRAFT = "new draft"
    SEND = "send"
    CHANGE = "change"
    WATCH = "watch"
    CONTACTS = "address book"


@dataclass
class StaleAccessToken(Retryable):
    """The access token was refused before anything happened; with a refreshed one it may be asked again."""

    claims: str | None = None
    """A claims challenge to pass on when refreshing (JSON)."""


@dataclass
class TooSmallForSession(Refused):
    """Graph takes a file this small only whole."""


@dataclass
class AlreadyRegistered(Refused):
    """There is a subscription to the same changes already."""


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
        if not body and (status in (202, 204) or asked is Asked.NEW_DRAFT):
            return {}
        raise _unclear(asked, "sent an answer that cannot be read")
    raise _trouble(asked, status, headers, _codes(said), now)


def _codes(said: JsonObject | None) -> frozenset[str]:
    """Every code of an error body, in lower case; empty where it is not Graph's own JSON."""
    error = said.get("error") if said is not None else None
    return frozenset(_nested(error))


def _nested(error: object) -> Iterator[str]:
    for _ in range(5):
        if not isinstance(error, dict):
            return
        code = error.get("code")
        if isinstance(code, str):
            yield code.lower()
        error = error.get("innerError", error.get("innererror"))


def _trouble(
    asked: Asked, status: int, headers: Mapping[str, str], codes: frozenset[str], now: datetime
) -> ProviderTrouble:
    by_code = _by_code(asked, headers, codes, now)
    if by_code is not None:
        return by_code
    match status:
        case 401:
            return StaleAccessToken("Microsoft refused the access token.", claims=_claims(headers))
        case 429:
            return Retryable("Microsoft asks for a pause for this mailbox.", _retry_at(headers, now))
        case 413:
            return Refused("Microsoft refuses a message of this size.", kind=RefusalKind.TOO_LARGE)
        case 400 | 403 | 404 | 410 if not codes:
            return _unclear(asked, f"answered with status {status} and no reason")
        case 400:
            return _bad_request(asked)
        case 403 if asked is Asked.WATCH:
            return OperatorMustAct("Microsoft takes no more subscriptions for this mailbox.")
        case 403:
            return Refused("Microsoft forbids this.", kind=RefusalKind.FORBIDDEN)
        case 404 | 410:
            return _not_found(asked)
        case 409 if asked is Asked.WATCH:
            return AlreadyRegistered("There is such a subscription already.")
        case 409 | 412 | 423:
            return Retryable("Microsoft saw another change at the same time.")
        case 408 | 500 | 502 | 503 | 504:
            return _unclear(asked, "has a fault of its own", _retry_at(headers, now))
        case _ if 400 <= status < 500 and codes:
            return OurBug(f"Microsoft does not accept our request ({asked.value}, status {status}).")
        case _:
            return _unclear(asked, f"answered with status {status}")


def _by_code(
    asked: Asked, headers: Mapping[str, str], codes: frozenset[str], now: datetime
) -> ProviderTrouble | None:
    """What a code means whatever the status it came with."""
    if codes & SENDING_LIMITS:
        at = _retry_at(headers, now) or now + SENDING_PAUSE
        return Retryable("The sending limit of this mailbox is reached.", at, Scope.SENDING)
    if codes & NO_MAILBOX:
        return NeedsReconnect("This account has no Outlook mailbox.", reason=ReconnectReason.NO_MAILBOX)
    if codes & ADMIN_SAYS_NO:
        reason = ReconnectReason.ADMIN_BLOCKED
        return NeedsReconnect("The organisation's administrator does not allow this app.", reason=reason)
    if codes & NO_PERMISSION:
        reason = ReconnectReason.MISSING_PERMISSION
        return NeedsReconnect("A permission is missing that has to be granted.", reason=reason)
    if codes & NOT_ALLOWED_TO_SEND:
        return Refused("Microsoft does not let this account send the message.", kind=RefusalKind.FORBIDDEN)
    if codes & BAD_RECIPIENT:
        return Refused("Microsoft refuses the recipients.", kind=RefusalKind.BAD_RECIPIENT)
    if codes & TOO_LARGE:
        return Refused("Microsoft refuses a message of this size.", kind=RefusalKind.TOO_LARGE)
    if TOO_SMALL in codes:
        return TooSmallForSession("Microsoft takes a file this small only whole.")
    if codes & FULL:
        return Refused("The mailbox is full.", kind=RefusalKind.FORBIDDEN)
    if codes & BUSY and asked is not Asked.SEND:
        return Retryable("Microsoft asks for a pause for this mailbox.", _retry_at(headers, now))
    if codes & GONE:
        return _not_found(asked)
    return None


def _unclear(asked: Asked, how: str, at: datetime | None = None) -> ProviderTrouble:
    """What an answer means that says nothing of whether the request took effect."""
    if asked is Asked.SEND:
        return OutcomeUnknown(f"Microsoft {how} while sending; the message may have left.")
    return Retryable(f"Microsoft {how} ({asked.value}).", at=at)


def _bad_request(asked: Asked) -> ProviderTrouble:
    match asked:
        case Asked.WATCH:
            return OperatorMustAct("Microsoft cannot reach the address that its pushes are to go to.")
        case Asked.SEND:
            # An item that was sent already is no draft any more: only Sent can tell.
            return Gone("There is no such draft to send.")
        case Asked.NEW_DRAFT:
            return Refused("Microsoft refuses the message.")
        case _:
            return OurBug(f"Microsoft could not read our request ({asked.value}).")


def _not_found(asked: Asked) -> ProviderTrouble:
    match asked:
        case Asked.ACCOUNT | Asked.CHANGES:
            return OurBug(f"Microsoft does not know this address ({asked.value}).")
        case _:
            return Gone(f"The {asked.value} is no longer in the mailbox.")


def _retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When Microsoft said to come back, at most a day and an hour ahead; None where it did not say."""
    named: datetime | None = None
    stated = headers.get("retry-after", "").strip()
    try:
        if stated.isascii() and stated.isdigit() and len(stated) < 9:
            named = now + timedelta(seconds=int(stated))
        elif stated:
            named = parsedate_to_datetime(stated)
    except (ValueError, OverflowError):
        return None
    if named is None or named.tzinfo is None:
        return None
    return min(named, now + LONGEST_PAUSE)


def _claims(headers: Mapping[str, str]) -> str | None:
    """The claims challenge of a 401, as JSON; None where there is none that can be read."""
    found = CLAIMS.search(headers.get("www-authenticate", ""))
    if found is None:
        return None
    text = found.group(1).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        return decoded.decode("utf-8") if json_object(decoded) is not None else None
    except (binascii.Error, ValueError):
        return None
