"""Webhooks: what a receiver is told, how it is signed, when it is told again, and when we stop.

The law: ids only. A webhook is the workspace's, and its receiver may be anybody's; what a message says is
read from the API, by the receiver's own key and with that key's eyes. What is private to one user is not even
named, except to be forgotten (`WITHDRAWN`).

An event that is not taken is tried again for days, later each time, and holds up none that follow: events are
first sent in their order, one at a time, and `id` sorts as text for whoever must restore it. A receiver that
fails again and again is asked seldom, and after FAILING_AT_MOST the webhook is switched off where it stands.
Pure: `now` and dice are arguments. Source: security R31; Standard Webhooks, specification of the message,
its signature and its schedule (https://github.com/standard-webhooks/standard-webhooks).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from uuid import UUID

from rules import happenings
from rules.event_ids import encode_event_id
from rules.words import EventKind, WorkspaceId

SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what secrets begin with
SECRET_OVERLAP: Final = timedelta(hours=24)
"""How long deliveries are also signed with the secret that was replaced."""
MOST_WEBHOOKS: Final = 20
DELIVERIES_KEPT: Final = timedelta(days=30)
PING: Final = "PING"

PAUSES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400)
)
"""Between the eleven attempts of a delivery: four days in all, each a fifth shorter or longer by chance."""
LONGEST_WAIT: Final = timedelta(hours=24)
"""How long a receiver may ask us to wait."""
FAILING_AT_MOST: Final = timedelta(days=5)
_FAILURES_BORNE: Final = 3
_FIRST_REST: Final = timedelta(seconds=5)
_LONGEST_REST: Final = timedelta(minutes=5)

KINDS: Final[Mapping[str, EventKind]] = {
    happenings.MessageSynced.kind: EventKind.MESSAGE_SYNCED,
    happenings.MessageChanged.kind: EventKind.MESSAGE_CHANGED,
    happenings.ThreadChanged.kind: EventKind.THREAD_CHANGED,
    happenings.MailboxChanged.kind: EventKind.MAILBOX_CHANGED,
    happenings.BulkSendProgressed.kind: EventKind.BULK_SEND_PROGRESSED,
    happenings.Withdrawn.kind: EventKind.WITHDRAWN,
}
"""Which event a webhook knows by which name; what is not here is told to none."""
_TOLD: Final = {
    "message_id": "messageId",
    "thread_id": "threadId",
    "contact_id": "contactId",
    "mailbox_id": "mailboxId",
    "bulk_send_id": "bulkSendId",
}
NEEDS_THREAD: Final = frozenset(
    (EventKind.MESSAGE_SYNCED, EventKind.MESSAGE_CHANGED, EventKind.THREAD_CHANGED)
)
"""Told only while their conversation is there and is nobody's alone."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message as Standard Webhooks has it, before it is signed."""

    id: str
    """`webhook-id`: the same for every attempt and for every webhook, so that a receiver can tell repeats."""
    body: bytes


def told(
    workspace_id: WorkspaceId, number: int, kind: EventKind, at: datetime, subject: Mapping[str, Any]
) -> Told:
    """Return what is sent of an event; its id is the one that subscriptions give it."""
    data = {name: subject[field] for field, name in _TOLD.items() if subject.get(field) is not None}
    id = encode_event_id(workspace_id, number)
    return Told(id, _body(id, kind.value, workspace_id, at, data))


def ping(workspace_id: WorkspaceId, delivery_id: UUID, at: datetime) -> Told:
    """Return what is sent to try a receiver."""
    id = f"ping-{delivery_id.hex}"
    return Told(id, _body(id, PING, workspace_id, at, {}))


def _body(id: str, type_: str, workspace_id: WorkspaceId, at: datetime, data: Mapping[str, str]) -> bytes:
    instant = at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    written = {
        "type": type_,
        "id": id,
        "timestamp": instant,
        "workspaceId": str(workspace_id),
        "data": data,
    }
    return json.dumps(written, separators=(",", ":")).encode()


def shown(secret: bytes) -> str:
    """Return a secret as its owner is shown it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def headers(told: Told, secrets: Sequence[bytes], at: datetime) -> dict[str, str]:
    """Return the headers of one attempt, signed with each secret that holds, the newest first."""
    seconds = str(int(at.timestamp()))
    signed = f"{told.id}.{seconds}.".encode() + told.body
    marks = [base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in secrets]
    return {
        "webhook-id": told.id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: a status, or in words why there is none."""

    status: int | None
    error: str | None = None
    wait: timedelta | None = None
    """How long the receiver asked us to wait."""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing any more. Source: Standard Webhooks; RFC 9110 15.5.11."""
        return self.status == 410


def said(status: int, headers: Mapping[str, str], now: datetime) -> Answer:
    """Return what a receiver's status means."""
    if 200 <= status < 300:
        return Answer(status)
    if 300 <= status < 400:
        error = f"The receiver answered {status}, a redirect; give the address that it leads to."
    elif status == 410:
        error = "The receiver answered 410: it wants no more events."
    else:
        error = f"The receiver answered {status}."
    return Answer(status, error, _asked_wait(headers.get("retry-after", ""), now))


def _asked_wait(stated: str, now: datetime) -> timedelta | None:
    """Return how long a Retry-After asks to wait, LONGEST_WAIT at most. Source: RFC 9110 10.2.3."""
    stated = stated.strip()
    if stated.isascii() and stated.isdigit():
        return timedelta(seconds=min(int(stated[:9]), int(LONGEST_WAIT.total_seconds())))
    try:
        until = parsedate_to_datetime(stated)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta()), LONGEST_WAIT)


def next_attempt(attempts: int, answer: Answer, now: datetime, dice: float) -> datetime | None:
    """Return when a delivery that failed `attempts` times is tried again; None once it was tried enough."""
    if not 1 <= attempts <= len(PAUSES):
        return None
    pause = PAUSES[attempts - 1] * _around_one(dice)
    return now + max(pause, answer.wait or timedelta())


def _around_one(dice: float) -> float:
    return 0.8 + 0.4 * dice


@dataclass(frozen=True, slots=True)
class Health:
    """How a receiver does: failures in a row, since when, and until when it is left alone."""

    failures: int = 0
    failing_since: datetime | None = None
    wait_until: datetime | None = None

    @property
    def is_down(self) -> bool:
        """Whether more than one delivery is to blame."""
        return self.failures >= _FAILURES_BORNE


def health_after(health: Health, answer: Answer, now: datetime, dice: float) -> Health:
    """Return how the receiver does after an answer."""
    if answer.is_taken:
        return Health()
    failures = health.failures + 1
    rest = timedelta()
    if failures >= _FAILURES_BORNE:
        doublings = min(failures - _FAILURES_BORNE, 10)
        rest = min(_FIRST_REST * (1 << doublings), _LONGEST_REST) * _around_one(dice)
    rest = max(rest, answer.wait or timedelta())
    return replace(
        health,
        failures=failures,
        failing_since=health.failing_since or now,
        wait_until=now + rest if rest else None,
    )


def off_because(health: Health, answer: Answer, now: datetime) -> str | None:
    """Return why a webhook is switched off after an answer, in a sentence; None where it stays on."""
    if answer.is_gone:
        return "The receiver answered 410: it wants no more events."
    if health.failing_since is not None and now - health.failing_since >= FAILING_AT_MOST:
        return f"The receiver took nothing for {FAILING_AT_MOST.days} days. {answer.error or ''}".strip()
    return None
