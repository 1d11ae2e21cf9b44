"""Every error of Gmail's that is known, and who must act on it. Bodies have the documented shape."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from providers.gmail.decipher import Asked, StaleAccessToken, decipher
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

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
QUOTA = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per {}' of service 'gmail'."
HTML = b"<!DOCTYPE html><html><body>Sorry...</body></html>"


def body(code: int, message: str, reason: str, status: str | None = None, **more: object) -> bytes:
    error: dict[str, object] = {
        "code": code,
        "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}],
        **more,
    }
    if status:
        error["status"] = status
    return orjson.dumps({"error": error})


def trouble(asked: Asked, status: int, content: bytes, **headers: str) -> ProviderTrouble:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(ProviderTrouble) as raised:
        decipher(asked, status, named, content, now=NOW)
    return raised.value


NOT_FOUND = body(404, "Requested entity was not found.", "notFound", "NOT_FOUND")
KINDS: list[tuple[str, Asked, int, bytes, type[ProviderTrouble]]] = [
    ("expired cursor", Asked.HISTORY, 404, NOT_FOUND, CursorExpired),
    (
        "garbage cursor",
        Asked.HISTORY,
        400,
        body(400, "Missing/invalid parameter: startHistoryId", "invalidArgument"),
        CursorExpired,
    ),
    ("message gone", Asked.MESSAGE, 404, NOT_FOUND, Gone),
    ("draft gone", Asked.DRAFT, 404, NOT_FOUND, Gone),
    ("draft to send gone", Asked.SEND, 404, NOT_FOUND, Gone),
    ("message to mark gone", Asked.CHANGE, 404, NOT_FOUND, Gone),
    ("no such method", Asked.LIST, 404, NOT_FOUND, OurBug),
    ("topic missing", Asked.WATCH, 404, NOT_FOUND, OperatorMustAct),
    (
        "publish grant missing",
        Asked.WATCH,
        403,
        body(403, "Error sending test message to Cloud PubSub projects/p/topics/t", "forbidden"),
        OperatorMustAct,
    ),
    (
        "another environment watches",
        Asked.WATCH,
        400,
        body(400, "Only one user push notification client allowed per developer", "invalidArgument"),
        OperatorMustAct,
    ),
    (
        "API switched off",
        Asked.LIST,
        403,
        body(
            403, "Gmail API has not been used in project 1 before or it is disabled.", "accessNotConfigured"
        ),
        OperatorMustAct,
    ),
    (
        "owner's cap",
        Asked.LIST,
        403,
        body(403, "Daily Limit Exceeded", "dailyLimitExceeded"),
        OperatorMustAct,
    ),
    ("stale token", Asked.LIST, 401, body(401, "Invalid Credentials", "authError"), StaleAccessToken),
    ("stale token while sending", Asked.SEND, 401, b"", StaleAccessToken),
    ("too large", Asked.NEW_DRAFT, 413, b"", Refused),
    ("refused draft", Asked.NEW_DRAFT, 400, body(400, "Invalid MIME", "invalidArgument"), Refused),
    ("forbidden", Asked.SEND, 403, body(403, "Delegation denied", "forbidden"), Refused),
    ("our own fault", Asked.LIST, 400, body(400, "Invalid label: X", "invalidArgument"), OurBug),
    ("backend fault, reading", Asked.LIST, 500, body(500, "Backend Error", "backendError"), Retryable),
    ("backend fault, sending", Asked.SEND, 500, body(500, "Backend Error", "backendError"), OutcomeUnknown),
    ("unavailable, sending", Asked.SEND, 503, body(503, "Unavailable", "backendError"), OutcomeUnknown),
    ("gateway, sending", Asked.SEND, 504, HTML, OutcomeUnknown),
    ("gave up, sending", Asked.SEND, 408, b"", OutcomeUnknown),
    ("redirect, sending", Asked.SEND, 302, b"", OutcomeUnknown),
    ("HTML for an answer, reading", Asked.MESSAGE, 200, HTML, Retryable),
    ("HTML for an answer, sending", Asked.SEND, 200, HTML, OutcomeUnknown),
    ("half a JSON, reading", Asked.HISTORY, 200, b'{"history":[{"id":"1"', Retryable),
    ("half a JSON, sending", Asked.SEND, 200, b'{"id":"19a', OutcomeUnknown),
    ("a list for an object", Asked.LIST, 200, b"[]", Retryable),
    ("nothing for an answer, sending", Asked.SEND, 200, b"", OutcomeUnknown),
    ("a proxy's 404, history", Asked.HISTORY, 404, HTML, Retryable),
    ("a proxy's 404, draft", Asked.DRAFT, 404, HTML, Retryable),
    ("a proxy's 404, sending", Asked.SEND, 404, HTML, OutcomeUnknown),
    ("a proxy's 403, reading", Asked.LIST, 403, HTML, Retryable),
    ("a proxy's 400, reading", Asked.LIST, 400, HTML, Retryable),
    ("error of another status", Asked.MESSAGE, 404, body(200, "odd", "odd"), Retryable),
    ("concurrent change", Asked.CHANGE, 409, body(409, "Aborted", "aborted"), Retryable),
    ("precondition", Asked.CHANGE, 412, b"", Retryable),
    ("unknown 4xx of Google's", Asked.LIST, 451, body(451, "odd", "odd"), OurBug),
]


@pytest.mark.parametrize(
    ("asked", "status", "content", "kind"), [row[1:] for row in KINDS], ids=[r[0] for r in KINDS]
)
def test_each_error_says_who_must_act(
    asked: Asked, status: int, content: bytes, kind: type[ProviderTrouble]
) -> None:
    assert type(trouble(asked, status, content)) is kind


THROTTLES = [
    ("user rate", 403, body(403, "User Rate Limit Exceeded", "userRateLimitExceeded"), Scope.MAILBOX),
    (
        "per user",
        403,
        body(403, QUOTA.format("user"), "rateLimitExceeded", "RESOURCE_EXHAUSTED"),
        Scope.MAILBOX,
    ),
    ("per project", 403, body(403, QUOTA.format("project"), "rateLimitExceeded"), Scope.PROJECT),
    (
        "too many at once",
        429,
        body(429, "Too many concurrent requests for user", "rateLimitExceeded"),
        Scope.MAILBOX,
    ),
    ("exhausted", 429, body(429, "Resource has been exhausted (e.g. check quota).", "x"), Scope.MAILBOX),
    ("quota", 403, body(403, "Quota exceeded", "quotaExceeded"), Scope.MAILBOX),
    ("bare 429", 429, HTML, Scope.MAILBOX),
]


@pytest.mark.parametrize("asked", [Asked.SEND, Asked.LIST, Asked.WATCH])
@pytest.mark.parametrize(
    ("status", "content", "concerns"), [r[1:] for r in THROTTLES], ids=[r[0] for r in THROTTLES]
)
def test_a_throttle_is_a_pause_also_for_a_sending(
    asked: Asked, status: int, content: bytes, concerns: Scope
) -> None:
    raised = trouble(asked, status, content)
    assert isinstance(raised, Retryable)
    assert (raised.concerns, raised.at) == (concerns, None)


@pytest.mark.rule("R61")
@pytest.mark.parametrize(
    ("text", "concerns"),
    [
        ("User-rate limit exceeded.  Retry after 2026-11-21T09:15:00.000Z", Scope.MAILBOX),
        ("User-rate limit exceeded.  Retry after 2026-11-21T09:15:00.000Z (Mail sending)", Scope.SENDING),
        ("user-rate limit exceeded. retry after 2026-11-21T09:15:00Z", Scope.MAILBOX),
    ],
)
def test_the_time_in_the_text_is_never_undercut(text: str, concerns: Scope) -> None:
    raised = trouble(Asked.SEND, 429, body(429, text, "rateLimitExceeded"))
    assert isinstance(raised, Retryable) and raised.at is not None
    assert raised.concerns is concerns
    assert timedelta(0) <= raised.at - datetime(2026, 11, 21, 9, 15, tzinfo=UTC) <= timedelta(seconds=1)


@pytest.mark.parametrize(
    ("header", "at"),
    [
        ("30", NOW + timedelta(seconds=30)),
        ("Sat, 21 Nov 2026 09:02:00 GMT", NOW + timedelta(minutes=2)),
        ("99999999", NOW + timedelta(hours=25)),
        ("-5", None),
        ("soon", None),
        ("٣٠", None),
        ("9" * 30, None),
    ],
)
def test_a_retry_after_header_is_heeded_within_reason(header: str, at: datetime | None) -> None:
    raised = trouble(Asked.LIST, 503, b"", retry_after=header)
    assert isinstance(raised, Retryable)
    assert raised.at == at


def test_an_impossible_time_in_the_text_is_no_time() -> None:
    raised = trouble(Asked.LIST, 429, body(429, "Retry after 2026-13-41T99:99:99Z", "rateLimitExceeded"))
    assert isinstance(raised, Retryable) and raised.at is None


@pytest.mark.parametrize(
    ("status", "content", "reason"),
    [
        (
            403,
            body(403, "Insufficient Permission", "insufficientPermissions"),
            ReconnectReason.MISSING_PERMISSION,
        ),
        (
            403,
            body(403, "x", "x", details=[{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]),
            ReconnectReason.MISSING_PERMISSION,
        ),
        (403, body(403, "Disabled Gmail apps.", "domainPolicy"), ReconnectReason.ADMIN_BLOCKED),
        (400, body(400, "Mail service not enabled", "failedPrecondition"), ReconnectReason.NO_MAILBOX),
    ],
)
@pytest.mark.parametrize("asked", [Asked.LIST, Asked.SEND, Asked.WATCH])
def test_only_google_itself_can_disconnect(
    asked: Asked, status: int, content: bytes, reason: ReconnectReason
) -> None:
    raised = trouble(asked, status, content)
    assert isinstance(raised, NeedsReconnect)
    assert raised.reason is reason


@pytest.mark.parametrize(
    ("asked", "status", "text", "kind"),
    [
        (Asked.NEW_DRAFT, 400, "Invalid thread_id value", RefusalKind.BAD_THREAD),
        (Asked.SEND, 400, "Invalid thread_id value", RefusalKind.BAD_THREAD),
        (Asked.NEW_DRAFT, 404, "Requested entity was not found.", RefusalKind.BAD_THREAD),
        (Asked.SEND, 400, "Invalid To header", RefusalKind.BAD_RECIPIENT),
        (Asked.SEND, 400, "Recipient address required", RefusalKind.BAD_RECIPIENT),
        (Asked.SEND, 403, "Delegation denied", RefusalKind.FORBIDDEN),
        (Asked.SEND, 413, "Request entity too large", RefusalKind.TOO_LARGE),
        (Asked.SEND, 400, "Something else", RefusalKind.OTHER),
    ],
)
def test_a_refusal_says_of_what_kind(asked: Asked, status: int, text: str, kind: RefusalKind) -> None:
    raised = trouble(asked, status, body(status, text, "invalidArgument"))
    assert isinstance(raised, Refused)
    assert raised.kind is kind


def test_a_good_answer_is_given_as_it_is() -> None:
    assert decipher(Asked.HISTORY, 200, {}, b'{"historyId":"7"}', now=NOW) == {"historyId": "7"}
    assert decipher(Asked.CHANGE, 204, {}, b"", now=NOW) == {}
    assert decipher(Asked.WATCH, 200, {}, b"", now=NOW) == {}


@pytest.mark.rule("R12")
@pytest.mark.parametrize("asked", list(Asked))
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 408, 409, 413, 429, 451, 500, 503, 504])
def test_no_error_repeats_what_the_provider_wrote(asked: Asked, status: int) -> None:
    raised = trouble(asked, status, body(status, "canary@secret.test ya29.canary", "canary")[:-1] + b"!")
    quoted = trouble(
        asked, max(status, 400), body(max(status, 400), "canary@secret.test ya29.canary", "canary")
    )
    assert "canary" not in f"{raised!r}{raised}{quoted!r}{quoted}"
