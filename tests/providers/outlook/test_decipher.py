"""Graph's answers, told apart by code and by what was asked, never by their text."""

import base64
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from providers.outlook.decipher import (
    AlreadyRegistered,
    Asked,
    StaleAccessToken,
    TooSmallForSession,
    decipher,
)
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

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def trouble(
    asked: Asked, status: int, code: str | None, inner: str = "innerError", **headers: str
) -> ProviderTrouble:
    body = orjson.dumps({"error": {"code": code, "message": "bo@customer.test", inner: {"date": "x"}}})
    said = b"<html>bo@customer.test</html>" if code is None else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(ProviderTrouble) as told:
        decipher(asked, status, named, said, now=NOW)
    assert "bo@customer.test" not in repr(told.value)
    return told.value


@pytest.mark.parametrize(
    ("asked", "status", "code", "kind"),
    [
        (Asked.MESSAGE, 404, "ErrorItemNotFound", Gone),
        (Asked.MESSAGE, 400, "ErrorInvalidIdMalformed", Gone),
        (Asked.SEND, 404, "ErrorItemNotFound", Gone),
        (Asked.SEND, 400, "ErrorInvalidRequest", Gone),
        (Asked.SEND, 503, "ErrorServerBusy", OutcomeUnknown),
        (Asked.SEND, 504, "UnknownError", OutcomeUnknown),
        (Asked.SEND, 500, None, OutcomeUnknown),
        (Asked.SEND, 404, None, OutcomeUnknown),
        (Asked.MESSAGE, 404, None, Retryable),
        (Asked.MESSAGE, 503, "ErrorServerBusy", Retryable),
        (Asked.MESSAGE, 200, None, Retryable),
        (Asked.CHANGE, 409, "ErrorIrresolvableConflict", Retryable),
        (Asked.CHANGE, 412, "ErrorIrresolvableConflict", Retryable),
        (Asked.WATCH, 400, "ValidationError", OperatorMustAct),
        (Asked.WATCH, 403, "ExtensionLimit", OperatorMustAct),
        (Asked.WATCH, 404, "ResourceNotFound", Gone),
        (Asked.WATCH, 409, "ExtensionError2", AlreadyRegistered),
        (Asked.CHANGES, 400, "InefficientFilter", OurBug),
        (Asked.NEW_DRAFT, 400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", TooSmallForSession),
        (Asked.NEW_DRAFT, 400, "ErrorMimeContentInvalidBase64String", Refused),
        (Asked.MESSAGE, 418, "Teapot", OurBug),
    ],
)
def test_who_must_act(asked: Asked, status: int, code: str | None, kind: type[ProviderTrouble]) -> None:
    assert type(trouble(asked, status, code)) is kind


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("ErrorAccessDenied", 403, ReconnectReason.MISSING_PERMISSION),
        ("MailboxNotEnabledForRESTAPI", 404, ReconnectReason.NO_MAILBOX),
        ("AccessDenied", 403, ReconnectReason.ADMIN_BLOCKED),
    ],
)
def test_what_the_user_must_mend(code: str, status: int, reason: ReconnectReason) -> None:
    told = trouble(Asked.ACCOUNT, status, code)
    assert isinstance(told, NeedsReconnect) and told.reason is reason


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ErrorSendAsDenied", 403, RefusalKind.FORBIDDEN),
        ("ErrorMessageSubmissionBlocked", 403, RefusalKind.FORBIDDEN),
        ("ErrorInvalidRecipients", 400, RefusalKind.BAD_RECIPIENT),
        ("RequestEntityTooLarge", 413, RefusalKind.TOO_LARGE),
        ("ErrorMessageSizeExceeded", 400, RefusalKind.TOO_LARGE),
        ("ErrorQuotaExceeded", 507, RefusalKind.FORBIDDEN),
    ],
)
def test_what_will_be_refused_again(code: str, status: int, kind: RefusalKind) -> None:
    told = trouble(Asked.SEND, status, code)
    assert isinstance(told, Refused) and told.kind is kind


@pytest.mark.parametrize("status", [400, 403, 429])
def test_a_limit_of_sendings_is_a_pause_whatever_status_it_comes_with(status: int) -> None:
    told = trouble(Asked.SEND, status, "ErrorExceededMessageLimit")
    assert isinstance(told, Retryable) and told.concerns is Scope.SENDING
    assert told.at == NOW + timedelta(hours=1)


def test_a_pause_ends_when_microsoft_says_within_reason() -> None:
    told = trouble(Asked.MESSAGE, 429, "ApplicationThrottled", retry_after="90")
    assert isinstance(told, Retryable) and told.at == NOW + timedelta(seconds=90)
    for absurd in ("99999999", "-1", "Infinity", "x" * 500, "Sun, 99 Nov 2026 09:00:00 GMT"):
        told = trouble(Asked.MESSAGE, 429, "ApplicationThrottled", retry_after=absurd)
        assert isinstance(told, Retryable)
        assert told.at is None or told.at <= NOW + timedelta(hours=25)


def test_the_inner_code_counts_in_both_spellings() -> None:
    for inner in ("innerError", "innererror"):
        body = {"error": {"code": "generalException", inner: {"code": "ErrorItemNotFound"}}}
        with pytest.raises(Gone):
            decipher(Asked.MESSAGE, 404, {}, orjson.dumps(body), now=NOW)


def test_a_claims_challenge_is_passed_on_and_nothing_else() -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1763716435"}}}'
    encoded = base64.b64encode(claims.encode()).decode()
    head = f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'
    told = trouble(Asked.MESSAGE, 401, "InvalidAuthenticationToken", www_authenticate=head)
    assert isinstance(told, StaleAccessToken) and told.claims == claims
    for odd in (
        'Bearer claims="not base64!"',
        f'Bearer claims="{encoded[:9]}"',
        "Bearer",
        'Bearer claims=""',
    ):
        told = trouble(Asked.MESSAGE, 401, "InvalidAuthenticationToken", www_authenticate=odd)
        assert isinstance(told, StaleAccessToken) and told.claims is None


def test_an_accepted_sending_has_no_body() -> None:
    assert decipher(Asked.SEND, 202, {}, b"", now=NOW) == {}
    with pytest.raises(OutcomeUnknown):
        decipher(Asked.SEND, 200, {}, b"<html>", now=NOW)
