"""The one translation of Google's token and revocation endpoints into rules/errors.py.

Pure. Only a confirmed `invalid_grant` says that the user must act; a wrong client id is the operator's
affair and disconnects nobody; a 5xx or a page that is not JSON is nobody's (security R15).
Sources: RFC 6749 section 5.2, https://developers.google.com/identity/protocols/oauth2#expiration
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from providers.gmail.wire import JsonObject, json_object
from rules.errors import (
    NeedsReconnect,
    OperatorMustAct,
    ProviderTrouble,
    ReconnectReason,
    Refused,
    Retryable,
)

OPERATORS: Final = frozenset(
    {
        "invalid_client",
        "deleted_client",
        "disabled_client",
        "unauthorized_client",
        "redirect_uri_mismatch",
        "unsupported_grant_type",
        "org_internal",
    }
)


class Grant(Enum):
    """Which kind of grant was shown to the token endpoint."""

    CODE = "authorization_code"
    REFRESH = "refresh_token"


def decipher_grant(
    grant: Grant, status: int, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> JsonObject:
    """Return the token endpoint's good answer, or raise what its refusal means.

    Raises:
        NeedsReconnect, Refused: the user acts (a refresh token is dead; a code is used or old).
        OperatorMustAct: the OAuth client is wrong.
        Retryable: everything that may pass by itself.
    """
    said = json_object(body)
    if status == 200 and said is not None and isinstance(said.get("access_token"), str):
        return said
    error = said.get("error") if said is not None else None
    if 400 <= status < 500 and isinstance(error, str) and said is not None:
        raise _refusal(grant, error, said)
    at = None
    wait = headers.get("retry-after", "").strip()
    if wait.isascii() and wait.isdigit() and len(wait) < 6:
        at = now + timedelta(seconds=int(wait))
    raise Retryable(f"Google's token endpoint does not answer properly (status {status}).", at=at)


def decipher_revocation(status: int, body: bytes) -> None:
    """Return when the grant is gone, by us or long before; raise Retryable otherwise.

    Source: https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
    """
    said = json_object(body)
    if status == 200 or (status == 400 and said is not None and said.get("error") == "invalid_token"):
        return
    raise Retryable(f"Google did not confirm the revocation (status {status}).")


def _refusal(grant: Grant, error: str, said: JsonObject) -> ProviderTrouble:
    if error in OPERATORS:
        return OperatorMustAct(f"Google refuses the OAuth client of this deployment ({error}).")
    if error == "invalid_grant" and grant is Grant.CODE:
        return Refused("The consent was used before or took too long; please connect again.")
    if error == "invalid_grant":
        rapt = said.get("error_subtype") in ("invalid_rapt", "rapt_required")
        if rapt or "invalid_rapt" in str(said.get("error_description", "")):
            text = "The organisation's policy asks the user to sign in again."
            return NeedsReconnect(text, reason=ReconnectReason.SESSION_POLICY)
        return NeedsReconnect("Access was revoked or has expired.")
    if error in ("invalid_scope", "access_denied"):
        text = "A permission is missing that the user has to grant."
        return NeedsReconnect(text, reason=ReconnectReason.MISSING_PERMISSION)
    if error == "admin_policy_enforced":
        text = "The domain's administrator does not allow this app."
        return NeedsReconnect(text, reason=ReconnectReason.ADMIN_BLOCKED)
    if error in ("internal_failure", "server_error", "temporarily_unavailable", "rate_limit_exceeded"):
        return Retryable("Google's token endpoint has a fault of its own.")
    return OperatorMustAct("Google refuses our token requests; look at the OAuth client's set-up.")
