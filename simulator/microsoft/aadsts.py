"""The errors of the identity platform: numbers, the `error` each comes with, and the body they are told in.

Source: https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes; texts are shortened
in our words where the page gives none, clients must not read them.
"""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

Json = dict[str, object]
CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["1f0e0b1a-0000-4000-8000-000000000001"]}}}'

ERRORS: dict[int, tuple[str, str]] = {
    16000: (
        "interaction_required",
        "Either multiple user identities are available or the account is not supported.",
    ),
    50011: (
        "invalid_request",
        "The redirect URI specified in the request does not match those of the application.",
    ),
    50020: ("access_denied", "User account from another identity provider does not exist in this tenant."),
    50034: ("invalid_grant", "The user account does not exist in the directory."),
    50057: ("invalid_grant", "The user account is disabled."),
    50058: ("interaction_required", "A silent sign-in request was sent but no user is signed in."),
    50072: ("interaction_required", "The user must enroll in multi-factor authentication."),
    50074: ("interaction_required", "Strong authentication is required."),
    50076: ("interaction_required", "You must use multi-factor authentication to access the resource."),
    50078: ("interaction_required", "Presented multi-factor authentication has expired."),
    50079: ("interaction_required", "You must enroll in multi-factor authentication."),
    50089: ("invalid_grant", "Authentication failed due to flow token expired."),
    50158: ("interaction_required", "External security challenge not satisfied."),
    50173: (
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. "
        "The user might have changed or reset their password.",
    ),
    50194: ("unauthorized_client", "The application is not configured as a multi-tenant application."),
    50196: (
        "invalid_grant",
        "The server terminated an operation because it encountered a client request loop.",
    ),
    53000: ("interaction_required", "Device is not in required device state: noncompliant."),
    53001: ("interaction_required", "Device is not in required device state: domain joined."),
    53002: ("interaction_required", "Application used is not an approved application."),
    53003: ("interaction_required", "Access has been blocked by Conditional Access policies."),
    53004: ("interaction_required", "User needs to complete multi-factor authentication registration."),
    54005: ("invalid_grant", "OAuth2 Authorization code was already redeemed."),
    65001: ("invalid_grant", "The user or administrator has not consented to use the application."),
    65004: ("access_denied", "User declined to consent to access the app."),
    70000: ("invalid_grant", "The provided value for the grant is not valid."),
    70002: ("invalid_client", "Error validating credentials: the specified client secret does not match."),
    70008: (
        "invalid_grant",
        "The provided authorization code or refresh token has expired due to inactivity.",
    ),
    70011: ("invalid_scope", "The provided value for the input parameter 'scope' is not valid."),
    70043: ("invalid_grant", "The refresh token has expired or is invalid due to sign-in frequency checks."),
    90002: ("invalid_request", "Tenant not found."),
    90014: ("invalid_request", "The required field is missing from the request."),
    90033: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
    90093: ("access_denied", "The user cannot consent: an administrator has to."),
    90094: ("access_denied", "Admin consent is required for the permissions requested by this application."),
    90095: ("access_denied", "Admin consent is required; the user may send a request to an administrator."),
    501481: (
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge of the authorization request.",
    ),
    700005: ("invalid_grant", "The authorization code is meant for another tenant."),
    700016: ("unauthorized_client", "Application was not found in the directory."),
    700082: ("invalid_grant", "The refresh token has expired due to inactivity."),
    700084: ("invalid_grant", "The refresh token was issued to a single page app and has a fixed lifetime."),
    7000215: ("invalid_client", "Invalid client secret provided."),
    7000218: ("invalid_client", "The request body must contain 'client_assertion' or 'client_secret'."),
    7000222: ("invalid_client", "The provided client secret keys for the app are expired."),
    9002313: ("invalid_request", "Invalid request. Request is malformed or invalid."),
}
SUBERRORS = {
    50076: "basic_action",
    50079: "basic_action",
    50158: "additional_action",
    50173: "bad_token",
    53000: "device_authentication_failed",
    53003: "message_only",
    65001: "consent_required",
    70043: "bad_token",
    700082: "token_expired",
}
WITH_CLAIMS = {50076, 50079, 50158, 53000, 53001, 53002, 53003}
STATUSES = {"invalid_client": 401, "temporarily_unavailable": 503}


@dataclass
class Refusal(Exception):
    """An error of the identity platform by its number."""

    number: int
    more: Json = field(default_factory=dict)

    @property
    def error(self) -> str:
        """The OAuth error that goes with the number."""
        return ERRORS.get(self.number, ("invalid_request", ""))[0]

    @property
    def status(self) -> int:
        """The HTTP status on the token endpoint."""
        return STATUSES.get(self.error, 400)

    def described(self, now: datetime) -> str:
        """Return the `error_description`, as a redirect carries it too."""
        text = ERRORS.get(self.number, ("", "An error has occurred."))[1]
        trace = uuid.uuid4()
        tail = f"Trace ID: {trace} Correlation ID: {uuid.uuid4()} Timestamp: {_stamp(now)}"
        return f"AADSTS{self.number}: {text} {tail}"

    def body(self, now: datetime) -> Json:
        """Return the JSON of the token endpoint."""
        described = self.described(now)
        body: Json = {
            "error": self.error,
            "error_description": described,
            "error_codes": [self.number],
            "timestamp": _stamp(now),
            "trace_id": described.partition("Trace ID: ")[2][:36],
            "correlation_id": described.partition("Correlation ID: ")[2][:36],
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        if self.number in SUBERRORS:
            body["suberror"] = SUBERRORS[self.number]
        if self.number in WITH_CLAIMS:
            body["claims"] = CLAIMS
        return {**body, **self.more}


def of_fault(name: str, code: int, now: datetime) -> tuple[int, Json]:
    """Return status and body of a dialled error: `AADSTS50173`, `invalid_grant`, or any other name."""
    digits = name.removeprefix("AADSTS")
    if name.startswith("AADSTS") and digits.isdigit():
        refusal = Refusal(int(digits))
        return refusal.status, refusal.body(now)
    first = next((number for number, (error, _text) in ERRORS.items() if error == name), None)
    if first is not None:
        refusal = Refusal(50173 if name == "invalid_grant" else first)
        return refusal.status, refusal.body(now)
    error = "server_error" if name == "backendError" else name
    return code, {"error": error, "error_description": error, "error_codes": [], "timestamp": _stamp(now)}


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
