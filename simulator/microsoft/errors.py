"""Graph's error answers, by the name that a test or a handler uses.

Source: https://learn.microsoft.com/en-us/graph/errors (shape), /throttling-limits, /delta-query-overview; the
texts are those that public repositories report from live traffic. Clients must switch on `code`.
"""

import base64
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from simulator.exchange import Answer, Json, json_answer

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1763716435"}}}'
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
DENIED = "Access is denied. Check credentials and try again."
KNOWN: dict[str, tuple[int, str]] = {
    "TooManyRequests": (429, "Please retry again later."),
    "ApplicationThrottled": (429, "Application is over its MailboxConcurrency limit."),
    "InvalidAuthenticationToken": (401, "Lifetime validation failed, the token is expired."),
    "ErrorAccessDenied": (403, DENIED),
    "ErrorItemNotFound": (404, "The specified object was not found in the store."),
    "ErrorSyncFolderNotFound": (404, "The specified folder could not be found in the store."),
    "ErrorInvalidIdMalformed": (400, "Id is malformed."),
    "MailboxNotEnabledForRESTAPI": (
        404,
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    ),
    "ErrorIrresolvableConflict": (
        409,
        "The change key passed in the request does not match the current change key for the item.",
    ),
    "ErrorQuotaExceeded": (507, "The mailbox quota has been exceeded."),
    "ErrorServerBusy": (503, "The server cannot service this request right now. Try again later."),
    "MailboxStoreUnavailable": (503, "The mailbox database is temporarily unavailable."),
    "UnknownError": (504, ""),
    "ErrorSendAsDenied": (
        403,
        "The user account which was used to submit this request does not have the right to send mail on "
        "behalf of the specified sending account.",
    ),
    "ErrorExceededMessageLimit": (
        429,
        "Cannot send mail. Daily Message/Recipient limit exceeded. Follow the instructions in your Inbox to "
        "verify your account.",
    ),
    "ErrorMessageSubmissionBlocked": (403, "Message submission is blocked for this account."),
    "ErrorAccountSuspend": (
        403,
        "Account suspended. Follow the instructions in your Inbox to verify your account.",
    ),
    "ErrorSubmissionQuotaExceeded": (429, "The submission quota is exceeded."),
    "ErrorInvalidRecipients": (
        400,
        "At least one recipient isn't valid., A message can't be sent because it contains no recipients.",
    ),
    "ErrorMimeContentInvalidBase64String": (400, "Invalid base64 string for MIME content."),
    "InefficientFilter": (400, "The restriction or sort order is too complex for this operation."),
    "SearchWithFilter": (400, "The query parameter '$filter' is not supported with '$search'."),
    "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize": (
        400,
        "Attachment size should not be less than the minimum size.",
    ),
    "ResourceNotFound": (404, "The object was not found."),
    "RequestEntityTooLarge": (413, "Request entity too large."),
    "SyncStateNotFound": (410, "The sync state generation is not found; generation=108;[highest=143]."),
    "syncStateNotFound": (410, "The sync state is not found."),
    "syncStateInvalid": (410, "The sync state is invalid."),
    "resyncRequired": (410, "Resync required. Replace any local items with the server's version."),
    "ResyncRequired": (410, "Resync required. Replace any local items with the server's version."),
}


@dataclass
class GraphError(Exception):
    """An answer that is an error: status, code, message, and what else the body and the head hold."""

    status: int
    code: str
    message: str
    inner: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self, now: datetime, client_request_id: str) -> Answer:
        """Return the JSON that is answered."""
        request_id = str(uuid.uuid4())
        inner: Json = {
            **self.inner,
            "date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id or request_id,
        }
        body: Json = {"error": {"code": self.code, "message": self.message, "innerError": inner}}
        answer = json_answer(body, self.status)
        answer.headers |= {"request-id": request_id, **self.headers}
        return answer


def known(code: str, **headers: str) -> GraphError:
    """Return the error of that code with its usual status and text; header names take `_` for `-`."""
    status, message = KNOWN[code]
    return GraphError(
        status, code, message, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def bad_request(message: str, code: str = "RequestBroker--ParseUri") -> GraphError:
    """Return a 400."""
    return GraphError(400, code, message)


def invalid(message: str) -> GraphError:
    """Return the 400 of a body that does not fit."""
    return GraphError(400, "ErrorInvalidRequest", message)


def not_found() -> GraphError:
    """Return the 404 of an item."""
    return known("ErrorItemNotFound")


def throttled(wait_seconds: int | None) -> GraphError:
    """Return the 429 of a used-up window."""
    error = known("TooManyRequests", **({} if wait_seconds is None else {"retry_after": str(wait_seconds)}))
    error.inner = {"code": "429", "message": "Please retry after", "status": "429"}
    return error


def over_concurrency(wait_seconds: int | None) -> GraphError:
    """Return the 429 of the fifth request at once."""
    return known(
        "ApplicationThrottled", **({} if wait_seconds is None else {"retry_after": str(wait_seconds)})
    )


def bad_token(message: str) -> GraphError:
    """Return the 401 of a missing, unknown or expired access token."""
    error = GraphError(401, "InvalidAuthenticationToken", message)
    error.headers["www-authenticate"] = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        f'client_id="{GRAPH_APP}"'
    )
    return error


def claims_challenge() -> GraphError:
    """Return the 401 of continuous access evaluation, with `claims` in base64."""
    error = GraphError(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenIssuedBeforeRevocationTimestamp",
    )
    error.headers["www-authenticate"] = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        f'client_id="{GRAPH_APP}", error="insufficient_claims", '
        f'claims="{base64.b64encode(CLAIMS.encode()).decode()}"'
    )
    return error


def of_fault(name: str, code: int) -> GraphError:
    """Return the error of a dialled status: a known code, `claimsChallenge`, or another with `code`."""
    if name == "claimsChallenge":
        return claims_challenge()
    if name == "InvalidAuthenticationToken":
        return bad_token(KNOWN[name][1])
    if name in KNOWN:
        return known(name)
    if name == "backendError":
        kinds = {
            429: "TooManyRequests",
            503: "ErrorServerBusy",
            504: "UnknownError",
            410: "SyncStateNotFound",
        }
        usual = kinds.get(code, "ErrorInternalServerError")
        return GraphError(code, usual, KNOWN.get(usual, (0, "An internal server error occurred."))[1])
    return GraphError(code, name, name)
