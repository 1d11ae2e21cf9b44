"""What a refusal of Microsoft's token endpoint asks of whom.

Pure. `error` decides, and the AADSTS number where it says more; the text never. Only a confirmed refusal says
that the user must act; a wrong client secret is the operator's affair and disconnects nobody (security R15).
Sources: https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes,
https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens, RFC 6749 section 5.2
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from providers.outlook.wire import json_object
from rules.errors import (
    NeedsReconnect,
    OperatorMustAct,
    ProviderTrouble,
    ReconnectReason,
    Refused,
    Retryable,
)

NUMBER = re.compile(r"AADSTS(\d{4,7})")
LOOP_PAUSE: Final = timedelta(minutes=5)
LONGEST_CLAIMS: Final = 4000


class Grant(Enum):
    """Which kind of grant was shown to the token endpoint."""

    CODE = "authorization_code"
    REFRESH = "refresh_token"


class Asks(Enum):
    """Whom a number asks to act."""

    ADMIN = "the organisation's administrator: the app, or the sign-in, is not allowed"
    SIGN_IN = "the user: sign in again, as the organisation's policy asks"
    CONSENT = "the user: consent again"
    BEGIN_AGAIN = "the user: begin the consent anew"
    OPERATOR = "whoever hosts Bothways: the app registration is wrong"
    NOBODY = "nobody: it passes"


NUMBERS: Final[Mapping[int, Asks]] = {
    # Consent and the administrator.
    90094: Asks.ADMIN,
    90095: Asks.ADMIN,
    90093: Asks.ADMIN,
    53000: Asks.ADMIN,
    53001: Asks.ADMIN,
    53002: Asks.ADMIN,
    53003: Asks.ADMIN,
    53004: Asks.ADMIN,
    50105: Asks.ADMIN,
    65001: Asks.CONSENT,
    65004: Asks.CONSENT,
    # The grant ended.
    50173: Asks.CONSENT,
    700082: Asks.CONSENT,
    70008: Asks.CONSENT,
    700084: Asks.CONSENT,
    70000: Asks.CONSENT,
    50057: Asks.CONSENT,
    50034: Asks.CONSENT,
    # The organisation wants to see the user.
    50058: Asks.SIGN_IN,
    50072: Asks.SIGN_IN,
    50074: Asks.SIGN_IN,
    50076: Asks.SIGN_IN,
    50078: Asks.SIGN_IN,
    50079: Asks.SIGN_IN,
    50158: Asks.SIGN_IN,
    16000: Asks.SIGN_IN,
    70043: Asks.SIGN_IN,
    # This attempt is over.
    54005: Asks.BEGIN_AGAIN,
    501481: Asks.BEGIN_AGAIN,
    9002313: Asks.BEGIN_AGAIN,
    50089: Asks.BEGIN_AGAIN,
    # The app registration.
    7000215: Asks.OPERATOR,
    7000222: Asks.OPERATOR,
    7000218: Asks.OPERATOR,
    70002: Asks.OPERATOR,
    700016: Asks.OPERATOR,
    700005: Asks.OPERATOR,
    50011: Asks.OPERATOR,
    50194: Asks.OPERATOR,
    # It passes.
    90033: Asks.NOBODY,
    50196: Asks.NOBODY,
}
OPERATORS: Final = frozenset({"invalid_client", "unauthorized_client", "invalid_resource", "invalid_scope"})
PASSING: Final = frozenset({"temporarily_unavailable", "server_error"})


def number_in(text: object) -> int | None:
    """The first AADSTS number that a description quotes."""
    found = NUMBER.search(text) if isinstance(text, str) else None
    return int(found.group(1)) if found else None


def decipher_refusal(grant: Grant, said: Mapping[str, object], *, now: datetime) -> ProviderTrouble:
    """Return what a refusal of the token endpoint means: `said` is its body."""
    asks, number = _asks(grant, said)
    match asks:
        case Asks.NOBODY:
            at = now + LOOP_PAUSE if number == 50196 else None
            return Retryable("Microsoft's token endpoint has a fault of its own.", at=at)
        case Asks.OPERATOR:
            told = f" (AADSTS{number})" if number else ""
            return OperatorMustAct(f"Microsoft refuses the app registration of this deployment{told}.")
        case Asks.ADMIN:
            text = "The organisation's administrator does not allow this app."
            return NeedsReconnect(text, reason=ReconnectReason.ADMIN_BLOCKED)
        case Asks.SIGN_IN:
            text = "The organisation's policy asks the user to sign in again."
            claims = _claims(said.get("claims"))
            return NeedsReconnect(text, reason=ReconnectReason.SESSION_POLICY, claims=claims)
        case Asks.BEGIN_AGAIN if grant is Grant.CODE:
            return Refused("The consent was used before or took too long; please connect again.")
        case Asks.CONSENT if grant is Grant.CODE and number in (65001, 65004):
            text = "A permission is missing that the user has to grant."
            return NeedsReconnect(text, reason=ReconnectReason.MISSING_PERMISSION)
        case Asks.CONSENT if grant is Grant.CODE:
            return Refused("The consent was used before or took too long; please connect again.")
        case _:
            return NeedsReconnect("Access was revoked or has expired.")


def _claims(stated: object) -> str | None:
    """What the sign-in page must be asked for, where the refusal says so in a way that can be passed on."""
    if not isinstance(stated, str) or len(stated) > LONGEST_CLAIMS:
        return None
    return stated if json_object(stated.encode()) is not None else None


def _asks(grant: Grant, said: Mapping[str, object]) -> tuple[Asks, int | None]:
    """Whom it asks, by the number if we know it, else by the error of OAuth."""
    error, listed = said.get("error"), said.get("error_codes")
    numbers = [one for one in listed if isinstance(one, int)] if isinstance(listed, list) else []
    quoted = number_in(said.get("error_description"))
    if quoted is not None:
        numbers.append(quoted)
    for number in numbers:
        if number in NUMBERS:
            return NUMBERS[number], number
    if error in PASSING:
        return Asks.NOBODY, None
    if error in OPERATORS:
        return Asks.OPERATOR, numbers[0] if numbers else None
    if error in ("interaction_required", "login_required"):
        return Asks.SIGN_IN, None
    if error in ("consent_required", "access_denied"):
        return Asks.CONSENT, 65001
    return (Asks.BEGIN_AGAIN if grant is Grant.CODE else Asks.CONSENT), None
