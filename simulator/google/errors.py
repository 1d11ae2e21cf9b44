"""Google's error answers, by the name that a test or a handler uses.

Source: https://developers.google.com/workspace/gmail/api/guides/handle-errors, and shapes that public
repositories report from live traffic (googleapis/google-api-nodejs-client#978, mxngls/gmail-cleaner#5).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.clock import iso_ms

Json = dict[str, object]
STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
QUERIES = (
    "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per {whom}' of service "
    "'gmail.googleapis.com' for consumer 'project_number:{project}'."
)

PLAIN = {
    "resourceExhausted": (
        429,
        "Resource has been exhausted (e.g. check quota).",
        "rateLimitExceeded",
        "global",
    ),
    "concurrent": (429, "Too many concurrent requests for user", "rateLimitExceeded", "usageLimits"),
    "dailyLimitExceeded": (403, "Daily Limit Exceeded", "dailyLimitExceeded", "usageLimits"),
    "quotaExceeded": (403, "Quota exceeded", "quotaExceeded", "usageLimits"),
    "domainPolicy": (
        403,
        "The domain administrators have disabled Gmail apps.",
        "domainPolicy",
        "global",
    ),
    "failedPrecondition": (400, "Mail service not enabled", "failedPrecondition", "global"),
    "invalidArgument": (400, "Invalid argument", "invalidArgument", "global"),
    "onlyOnePushClient": (
        400,
        "Only one user push notification client allowed per developer (call /stop then try again)",
        "invalidArgument",
        "global",
    ),
    "pubsubForbidden": (
        403,
        "Error sending test message to Cloud PubSub : User not authorized to perform this action.",
        "forbidden",
        "global",
    ),
    "tooLarge": (413, "Request entity too large", "uploadTooLarge", "global"),
}


@dataclass
class GoogleError(Exception):
    """An answer that is an error: HTTP status and JSON body."""

    status: int
    body: Json

    def __str__(self) -> str:
        """Show the status and the body."""
        return f"{self.status} {self.body}"


def failure(
    code: int,
    message: str,
    reason: str,
    *,
    domain: str = "global",
    status: str | None = None,
    inner: str | None = None,
    **more: object,
) -> GoogleError:
    """Build an error in the common shape; `inner` is the text of `errors[0]` where it differs."""
    location = {name: more.pop(name) for name in ("location", "locationType") if name in more}
    error: Json = {
        "code": code,
        "message": message,
        "errors": [{"message": inner or message, "domain": domain, "reason": reason, **location}],
        "status": status or STATUS_NAMES.get(code, "UNKNOWN"),
        **more,
    }
    return GoogleError(code, {"error": error})


def invalid(message: str) -> GoogleError:
    """Return a 400 invalidArgument."""
    return failure(400, message, "invalidArgument")


def not_found() -> GoogleError:
    """Return the 404 of every entity."""
    return failure(404, "Requested entity was not found.", "notFound")


def bad_token() -> GoogleError:
    """Return the 401 of a missing, expired or revoked access token."""
    return failure(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
        "other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        "authError",
        inner="Invalid Credentials",
        location="Authorization",
        locationType="header",
    )


def insufficient_scope() -> GoogleError:
    """Return the 403 of a token without the method's scopes."""
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
        "metadata": {"service": "gmail.googleapis.com"},
    }
    return failure(
        403,
        "Request had insufficient authentication scopes.",
        "insufficientPermissions",
        inner="Insufficient Permission",
        details=[detail],
    )


def retry_after(now: datetime, wait: timedelta, code: int = 403) -> GoogleError:
    """Return the per-user limit whose only hint is the time in its text (two spaces, as live)."""
    return failure(
        code,
        f"User-rate limit exceeded.  Retry after {iso_ms(now + wait)}",
        "rateLimitExceeded",
        domain="usageLimits",
    )


def mail_sending(frees_at: datetime) -> GoogleError:
    """Return the daily sending cap's error."""
    text = f"User-rate limit exceeded.  Retry after {iso_ms(frees_at)} (Mail sending)"
    return failure(429, text, "rateLimitExceeded", domain="usageLimits")


def named(name: str, now: datetime, code: int, wait: timedelta) -> GoogleError:
    """Return the error of that name; an unknown name becomes the reason of a plain error.

    `wait` is used by the names whose text tells when to come back.
    """
    short = _documented(name)
    if short is not None:
        return short
    timed = {
        "rateLimitExceeded": lambda: retry_after(now, wait, code if code in (403, 429) else 403),
        "mailSending": lambda: mail_sending(now + wait),
        "queriesPerMinute": lambda: queries_per_minute("user"),
        "queriesPerMinutePerProject": lambda: queries_per_minute("project"),
        "authError": bad_token,
        "insufficientPermissions": insufficient_scope,
        "notFound": not_found,
    }
    if name in timed:
        return timed[name]()
    if name in PLAIN:
        found, message, reason, domain = PLAIN[name]
        return failure(found, message, reason, domain=domain)
    return failure(code, name, name)


def of_token_endpoint(name: str, code: int) -> GoogleError:
    """Return an error in the shape of RFC 6749 section 5.2, as Google's token endpoint words it.

    Known names keep their own status, `invalid_rapt` brings its subtype; others take `code`.
    """
    known = {
        "invalid_grant": (400, "Token has been expired or revoked."),
        "invalid_client": (401, "Unauthorized"),
        "deleted_client": (401, "The OAuth client was deleted."),
        "unauthorized_client": (401, "Unauthorized"),
        "invalid_scope": (400, "Some requested scopes cannot be shown"),
    }
    if name == "invalid_rapt":
        text = "reauth related error (invalid_rapt)"
        rapt: Json = {"error": "invalid_grant", "error_subtype": name, "error_description": text}
        return GoogleError(400, rapt)
    if name == "backendError":
        return GoogleError(code, {"error": "internal_failure", "error_description": "Backend Error"})
    status, description = known.get(name, (code, name))
    return GoogleError(status, {"error": name, "error_description": description})


def queries_per_minute(whom: str) -> GoogleError:
    """Return the live shape of a used-up quota: 403 with RESOURCE_EXHAUSTED."""
    text = QUERIES.format(whom=whom, project=1234)
    return failure(403, text, "rateLimitExceeded", domain="usageLimits", status="RESOURCE_EXHAUSTED")


def _documented(name: str) -> GoogleError | None:
    """Return the errors that the guide prints without `status`."""
    texts = {
        "userRateLimitExceeded": (403, "usageLimits", "User Rate Limit Exceeded"),
        "backendError": (500, "global", "Backend Error"),
    }
    if name not in texts:
        return None
    code, domain, message = texts[name]
    error = {
        "errors": [{"domain": domain, "reason": name, "message": message}],
        "code": code,
        "message": message,
    }
    return GoogleError(code, {"error": error})
