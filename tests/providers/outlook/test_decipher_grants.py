"""What each AADSTS number asks of whom; the error of OAuth where the number is unknown."""

from datetime import UTC, datetime

import pytest

from providers.outlook.decipher_grants import NUMBERS, Asks, Grant, decipher_refusal, number_in
from rules.errors import (
    NeedsReconnect,
    OperatorMustAct,
    ProviderTrouble,
    ReconnectReason,
    Refused,
    Retryable,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def refused(grant: Grant, error: str, *numbers: int, text: str = "") -> ProviderTrouble:
    said = {"error": error, "error_codes": list(numbers), "error_description": text or "bo@customer.test"}
    told = decipher_refusal(grant, said, now=NOW)
    assert "customer.test" not in str(told)
    return told


@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_every_number_asks_somebody_when_a_refresh_is_refused(number: int) -> None:
    told = refused(Grant.REFRESH, "invalid_grant", number)
    match NUMBERS[number]:
        case Asks.OPERATOR:
            assert isinstance(told, OperatorMustAct)
        case Asks.NOBODY:
            assert isinstance(told, Retryable)
        case Asks.ADMIN:
            assert isinstance(told, NeedsReconnect) and told.reason is ReconnectReason.ADMIN_BLOCKED
        case Asks.SIGN_IN:
            assert isinstance(told, NeedsReconnect) and told.reason is ReconnectReason.SESSION_POLICY
        case Asks.CONSENT | Asks.BEGIN_AGAIN:
            assert isinstance(told, NeedsReconnect) and told.reason is ReconnectReason.REVOKED_OR_EXPIRED


@pytest.mark.rule("R15")
@pytest.mark.parametrize("number", [7000215, 7000222, 700016, 50194])
def test_a_wrong_registration_disconnects_nobody(number: int) -> None:
    for error in ("invalid_client", "invalid_grant", "unauthorized_client"):
        assert isinstance(refused(Grant.REFRESH, error, number), OperatorMustAct)


def test_a_used_code_lets_the_user_begin_again() -> None:
    for number in (54005, 70000, 70008, 501481, 9002313):
        assert isinstance(refused(Grant.CODE, "invalid_grant", number), Refused)


def test_a_consent_that_is_missing_when_the_code_comes_back_is_a_missing_permission() -> None:
    told = refused(Grant.CODE, "invalid_grant", 65001)
    assert isinstance(told, NeedsReconnect) and told.reason is ReconnectReason.MISSING_PERMISSION


def test_what_a_policy_asks_for_is_carried_to_the_next_sign_in() -> None:
    """Only where it can be passed on: it is Microsoft's JSON, or nothing."""
    said = {"error": "interaction_required", "error_codes": [50076]}
    for claims, carried in (('{"access_token":{}}', True), ("[]", False), ("{", False), ({}, False)):
        told = decipher_refusal(Grant.REFRESH, {**said, "claims": claims}, now=NOW)
        assert isinstance(told, NeedsReconnect) and told.reason is ReconnectReason.SESSION_POLICY
        assert told.claims == (claims if carried else None)


def test_a_loop_of_identical_requests_is_broken_by_waiting() -> None:
    told = refused(Grant.REFRESH, "invalid_grant", 50196)
    assert isinstance(told, Retryable) and told.at is not None and told.at > NOW


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("temporarily_unavailable", Retryable),
        ("server_error", Retryable),
        ("invalid_client", OperatorMustAct),
        ("invalid_grant", NeedsReconnect),
        ("interaction_required", NeedsReconnect),
        ("something_new", NeedsReconnect),
    ],
)
def test_unknown_numbers_leave_it_to_the_error(error: str, kind: type[ProviderTrouble]) -> None:
    assert type(refused(Grant.REFRESH, error, 99999999)) is kind


def test_the_number_is_found_in_a_description_too() -> None:
    assert number_in("AADSTS50173: The provided grant has expired") == 50173
    assert number_in("no number") is None and number_in(None) is None
    told = refused(Grant.REFRESH, "invalid_grant", text="AADSTS53003: Access has been blocked")
    assert isinstance(told, NeedsReconnect) and told.reason is ReconnectReason.ADMIN_BLOCKED
