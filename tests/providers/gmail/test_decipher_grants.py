"""The token endpoint's answers: only a confirmed refusal disconnects a mailbox."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from providers.gmail.decipher_grants import Grant, decipher_grant, decipher_revocation
from rules.errors import (
    NeedsReconnect,
    OperatorMustAct,
    ProviderTrouble,
    ReconnectReason,
    Refused,
    Retryable,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DEAD: dict[str, object] = {
    "error": "invalid_grant",
    "error_description": "Token has been expired or revoked.",
}
RAPT: dict[str, object] = {
    "error": "invalid_grant",
    "error_subtype": "invalid_rapt",
    "error_description": "reauth related error (invalid_rapt)",
}


def trouble(grant: Grant, status: int, content: bytes | dict[str, object], **headers: str) -> ProviderTrouble:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = content if isinstance(content, bytes) else orjson.dumps(content)
    with pytest.raises(ProviderTrouble) as raised:
        decipher_grant(grant, status, named, text, now=NOW)
    return raised.value


@pytest.mark.rule("R15")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (DEAD, ReconnectReason.REVOKED_OR_EXPIRED),
        ({"error": "invalid_grant", "error_description": "Bad Request"}, ReconnectReason.REVOKED_OR_EXPIRED),
        ({"error": "invalid_grant"}, ReconnectReason.REVOKED_OR_EXPIRED),
        (RAPT, ReconnectReason.SESSION_POLICY),
        ({**RAPT, "error_subtype": "rapt_required"}, ReconnectReason.SESSION_POLICY),
        ({"error": "invalid_scope"}, ReconnectReason.MISSING_PERMISSION),
        ({"error": "admin_policy_enforced"}, ReconnectReason.ADMIN_BLOCKED),
    ],
)
def test_a_confirmed_refusal_of_a_refresh_needs_the_user(
    content: dict[str, object], reason: ReconnectReason
) -> None:
    raised = trouble(Grant.REFRESH, 400, content)
    assert isinstance(raised, NeedsReconnect)
    assert raised.reason is reason


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, "invalid_client"),
        (401, "deleted_client"),
        (400, "unauthorized_client"),
        (400, "unsupported_grant_type"),
        (400, "redirect_uri_mismatch"),
        (400, "invalid_request"),
    ],
)
@pytest.mark.parametrize("grant", list(Grant))
def test_a_wrong_client_is_the_operators_affair(grant: Grant, status: int, error: str) -> None:
    assert isinstance(trouble(grant, status, orjson.dumps({"error": error})), OperatorMustAct)


@pytest.mark.rule("R15")
@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, b'{"error":"internal_failure"}'),
        (400, b'{"error":"internal_failure"}'),
        (503, b'{"error":"invalid_grant"}'),
        (502, b"<html>"),
        (400, b"<html>invalid_grant</html>"),
        (400, b'{"error":{"status":"invalid_grant"}}'),
        (429, b'{"error":"rate_limit_exceeded"}'),
        (200, b"{}"),
        (200, b'{"access_token":7}'),
        (200, b'{"access_token":"ya29'),
        (302, b""),
    ],
)
def test_anything_unclear_disconnects_nobody(status: int, content: bytes) -> None:
    assert type(trouble(Grant.REFRESH, status, content)) is Retryable


def test_a_used_or_old_code_is_refused_and_begins_again() -> None:
    assert isinstance(trouble(Grant.CODE, 400, DEAD), Refused)


def test_a_named_wait_is_kept() -> None:
    raised = trouble(Grant.REFRESH, 503, b"", retry_after="45")
    assert isinstance(raised, Retryable) and raised.at == NOW + timedelta(seconds=45)


def test_a_good_answer_is_given_as_it_is() -> None:
    assert decipher_grant(Grant.CODE, 200, {}, b'{"access_token":"t"}', now=NOW) == {"access_token": "t"}


def test_a_grant_that_is_gone_already_counts_as_revoked() -> None:
    decipher_revocation(200, b"{}")
    decipher_revocation(400, b'{"error":"invalid_token"}')
    for status, content in ((400, b'{"error":"invalid_request"}'), (503, b""), (400, b"<html>")):
        with pytest.raises(Retryable):
            decipher_revocation(status, content)


@pytest.mark.rule("R12")
def test_no_error_repeats_a_token() -> None:
    for error in ("invalid_grant", "odd", "canary"):
        said: dict[str, object] = {"error": error, "error_description": "1//canary"}
        raised = trouble(Grant.REFRESH, 400, said)
        assert "canary" not in f"{raised!r}"
