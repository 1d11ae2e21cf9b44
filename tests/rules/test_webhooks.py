"""What a webhook is told, how it is signed, and when it is told again."""

import base64
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from rules.event_ids import decode_event_id
from rules.webhooks import (
    FAILING_AT_MOST,
    PAUSES,
    Answer,
    Health,
    headers,
    health_after,
    next_attempt,
    off_because,
    ping,
    said,
    shown,
    told,
)
from rules.words import EventKind, WorkspaceId

pytestmark = pytest.mark.rule("R31")

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
WORKSPACE = WorkspaceId(UUID(int=7))
SUBJECT = {
    "message_id": "0000-m",
    "thread_id": "0000-t",
    "contact_id": "0000-c",
    "mailbox_id": None,
    "user_id": "0000-u",
    "visible_to": "0000-v",
}
FAILED = Answer(500, "The receiver answered 500.")


def test_a_receiver_is_told_ids_and_nothing_else() -> None:
    written = told(WORKSPACE, 12, EventKind.MESSAGE_SYNCED, NOW, SUBJECT)

    assert decode_event_id(WORKSPACE, written.id) == 12
    assert json.loads(written.body) == {
        "type": "MESSAGE_SYNCED",
        "id": written.id,
        "timestamp": "2026-11-28T09:30:00.000Z",
        "workspaceId": str(WORKSPACE),
        "data": {"messageId": "0000-m", "threadId": "0000-t", "contactId": "0000-c"},
    }


def test_ids_sort_as_the_events_happened() -> None:
    numbers = [1, 2, 9, 10, 255, 256, 100_000]
    ids = [told(WORKSPACE, number, EventKind.WITHDRAWN, NOW, {}).id for number in numbers]

    assert sorted(ids) == ids


def test_the_library_of_standard_webhooks_verifies_what_we_sign() -> None:
    now = datetime.now(UTC)
    secret, before, other = bytes(range(32)), bytes(range(1, 33)), bytes(32)
    written = ping(WORKSPACE, UUID(int=3), now)
    signed = headers(written, (secret, before), now)

    for held in (secret, before):
        assert Webhook(shown(held)).verify(written.body, signed)["type"] == "PING"
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(other)).verify(written.body, signed)
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(secret)).verify(written.body.replace(b"PING", b"PONG"), signed)
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(secret)).verify(written.body, headers(written, (secret,), now - timedelta(hours=1)))


def test_the_signature_is_the_one_of_the_specification() -> None:
    """The vector that the specification's own libraries are tested with."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    written = ping(WORKSPACE, UUID(int=3), at)
    example = type(written)("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')

    assert headers(example, (secret,), at) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("dice", [0.0, 0.5, 0.999])
def test_a_delivery_is_tried_at_least_ten_times_over_three_days(dice: float) -> None:
    at, attempts = NOW, 0
    while True:
        attempts += 1
        due = next_attempt(attempts, FAILED, at, dice)
        if due is None:
            break
        assert due > at
        at = due

    assert attempts == len(PAUSES) + 1 == 11
    assert timedelta(hours=72) <= at - NOW <= timedelta(hours=120)


def test_two_receivers_that_fail_together_are_not_asked_together_again() -> None:
    assert next_attempt(3, FAILED, NOW, 0.1) != next_attempt(3, FAILED, NOW, 0.9)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0),
        ("99999999999999999999", 86_400),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_a_receiver_that_asks_for_patience_gets_it(stated: str, seconds: int | None) -> None:
    answer = said(503, {"retry-after": stated}, NOW)

    assert answer.wait == (None if seconds is None else timedelta(seconds=seconds))
    due = next_attempt(1, answer, NOW, 0.5)
    assert due is not None
    assert due >= NOW + timedelta(seconds=max(seconds or 0, 4))
    health = health_after(Health(), answer, NOW, 0.5)
    assert health.wait_until == (NOW + timedelta(seconds=seconds) if seconds else None)


@pytest.mark.parametrize(
    ("status", "taken", "gone"),
    [(200, True, False), (204, True, False), (302, False, False), (410, False, True), (500, False, False)],
)
def test_only_2xx_is_taken(status: int, taken: bool, gone: bool) -> None:
    answer = said(status, {}, NOW)

    assert (answer.is_taken, answer.is_gone, answer.error is None) == (taken, gone, taken)


def test_a_receiver_that_fails_again_and_again_is_asked_seldom_and_then_no_more() -> None:
    health, at = Health(), NOW
    asked = 0
    while (because := off_because(health, FAILED, at)) is None:
        health = health_after(health, FAILED, at, 0.5)
        asked += 1
        at = max(at + timedelta(seconds=1), health.wait_until or at)

    assert at - NOW >= FAILING_AT_MOST
    assert asked < 5 * 24 * 12 + 20
    assert because == "The receiver took nothing for 5 days. The receiver answered 500."
    assert health_after(health, Answer(200), at, 0.5) == Health()


def test_410_switches_off_at_once() -> None:
    gone = said(410, {}, NOW)

    assert off_because(health_after(Health(), gone, NOW, 0.5), gone, NOW) is not None
