"""Tell a webhook's receiver what has happened: take events out of the log, send them, write down what came.

The law: an event becomes a delivery in the transaction that moves the webhook's position past it, so that
none is lost and none is taken twice; a delivery is sent at least once, under one `webhook-id`. Deliveries are
first sent in the order of the events, one at a time; one that is not taken waits for its own next attempt
and holds up none that follow. One command per webhook, on a queue of its own: a receiver that hangs holds up
nobody but itself. What pauses, retries and ends are worth is in rules/webhooks.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import structlog
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert

from database.commands import Claimed
from database.ids import new_id
from database.tables import WebhookDeliveryRow, WebhookRow, table_of
from jobs.context import JobContext
from jobs.running import Again, Done, Outcome, hold
from providers.web import NoAnswer
from rules import webhooks
from rules.happenings import Command, DeliverWebhook, WebhookChanged
from rules.web_addresses import WebAddress, read_web_address
from rules.webhooks import KINDS, NEEDS_THREAD, Answer, Health, Told
from rules.words import EventKind, WebhookDeliveryState, WebhookId, WebhookState

log = structlog.get_logger(__name__)

SLICE: Final = timedelta(seconds=25)
DEADLINE: Final = timedelta(seconds=15)
"""How long a receiver may take. A slice and one more attempt stay below the time that the job has."""
REPLY_BYTES: Final = 16 * 1024
BATCH: Final = 500
AGENT: Final = "Bothways-Webhooks/1"
WITHHELD: Final = "What it names is private to one user, or gone."

_hooks: Final = table_of(WebhookRow)
_deliveries: Final = table_of(WebhookDeliveryRow)

_HOOK: Final = """
select h.*, w.event_number from webhooks h join workspaces w on w.id = h.workspace_id where h.id = $1
"""
_EVENTS: Final = text("""
select number, at, kind, subject from events
where workspace_id = :workspace_id and number > :position order by number limit :most
""")
_NEXT: Final = """
(select * from webhook_deliveries
 where webhook_id = $1 and state = 'WAITING' and event_number is null limit 1)
union all
(select * from webhook_deliveries
 where webhook_id = $1 and state = 'WAITING' and event_number is not null and next_attempt_at <= $2 and $3
 order by event_number limit 1)
limit 1
"""
_SEEN: Final = "select exists (select from threads where id = $1::text::uuid and private_to is null)"
_DUE: Final = (
    "select min(next_attempt_at) from webhook_deliveries where webhook_id = $1 and state = 'WAITING'"
)


@dataclass(frozen=True, slots=True)
class _Hook:
    """A webhook as this run knows it."""

    row: asyncpg.Record
    address: WebAddress
    secrets: tuple[bytes, ...]
    health: Health

    @property
    def id(self) -> WebhookId:
        return WebhookId(self.row["id"])

    @property
    def has_more(self) -> bool:
        """Whether something happened that was not looked at yet, and is to be."""
        on: bool = self.row["state"] == WebhookState.ON
        return on and self.row["position"] < self.row["event_number"]

    def may_send_events(self, now: datetime) -> bool:
        wait_until = self.health.wait_until
        return self.row["state"] == WebhookState.ON and (wait_until is None or wait_until <= now)


async def deliver_webhook(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Tell one webhook what it was not told yet; for a slice of time, then again."""
    assert isinstance(command, DeliverWebhook)
    until = context.now() + SLICE
    while True:
        hook = await _load(context, claimed, command.webhook_id)
        if hook is None:
            return Done()
        if hook.has_more and await _take_events(context, claimed, hook):
            continue
        delivery = await _next(context, claimed, hook)
        if delivery is None:
            return await _when_next(context, claimed, hook)
        await _deliver(context, claimed, hook, delivery)
        if context.now() >= until:
            return Again(context.now())


async def _load(context: JobContext, claimed: Claimed, webhook_id: WebhookId) -> _Hook | None:
    row = await context.db.fetchrow(claimed.workspace_id, _HOOK, webhook_id)
    if row is None:
        return None
    key = await context.vault.data_key(claimed.workspace_id)
    secrets = [key.open_(bytes(row["secret_sealed"]), "webhooks", row["id"], "secret_sealed")]
    previous = row["previous_secret_sealed"]
    if previous is not None and row["previous_secret_until"] > context.now():
        secrets.append(key.open_(bytes(previous), "webhooks", row["id"], "previous_secret_sealed"))
    health = Health(row["failures"], row["failing_since"], row["wait_until"])
    return _Hook(row, read_web_address(row["url"]), tuple(secrets), health)


async def _take_events(context: JobContext, claimed: Claimed, hook: _Hook) -> bool:
    """Make deliveries of the next events; tell whether there may be more."""
    position = hook.row["position"]
    wanted = frozenset(hook.row["kinds"])
    async with context.db.work(claimed.workspace_id) as work:
        values = {"workspace_id": claimed.workspace_id, "position": position, "most": BATCH}
        events = (await work.execute(_EVENTS, values)).all()
        if not events:
            return False
        await hold(context, work, claimed)
        rows = [
            _delivery(claimed, hook, event, kind, work.now)
            for event in events
            if (kind := KINDS.get(event.kind)) is not None and (not wanted or kind in wanted)
        ]
        if rows:
            await work.execute(insert(_deliveries).on_conflict_do_nothing(), rows)
        moved = update(_hooks).where(_hooks.c.id == hook.id, _hooks.c.position == position)
        await work.execute(moved.values(position=events[-1].number))
    context.passing("webhook.taken")
    return len(events) == BATCH


def _delivery(claimed: Claimed, hook: _Hook, event: Any, kind: EventKind, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "workspace_id": claimed.workspace_id,
        "webhook_id": hook.id,
        "event_number": event.number,
        "kind": kind.value,
        "event_at": event.at,
        "subject": event.subject,
        "state": WebhookDeliveryState.WAITING.value,
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }


async def _next(context: JobContext, claimed: Claimed, hook: _Hook) -> asyncpg.Record | None:
    """Return what is to be sent now: a ping, or the oldest event that is due."""
    now = context.now()
    return await context.db.fetchrow(claimed.workspace_id, _NEXT, hook.id, now, hook.may_send_events(now))


async def _when_next(context: JobContext, claimed: Claimed, hook: _Hook) -> Outcome:
    if hook.row["state"] != WebhookState.ON:
        return Done()
    due = await context.db.fetchval(claimed.workspace_id, _DUE, hook.id)
    if due is None:
        return Done()
    return Again(max(due, hook.health.wait_until or due), heeds=True)


async def _deliver(context: JobContext, claimed: Claimed, hook: _Hook, delivery: asyncpg.Record) -> None:
    """Send one delivery, and write down what came of it."""
    kind = EventKind(delivery["kind"]) if delivery["kind"] else None
    if kind in NEEDS_THREAD and not await _is_seen(context, claimed, delivery["subject"]):
        withheld = {"state": WebhookDeliveryState.WITHHELD.value, "error": WITHHELD, "next_attempt_at": None}
        await _write(context, claimed, hook, delivery, withheld, {})
        context.count_webhook("withheld")
        return
    if kind is None:
        told = webhooks.ping(claimed.workspace_id, delivery["id"], delivery["event_at"])
    else:
        number, at = delivery["event_number"], delivery["event_at"]
        told = webhooks.told(claimed.workspace_id, number, kind, at, delivery["subject"])
    context.passing("webhook.sending")
    answer = await _send(context, hook, told)
    context.passing("webhook.answered")
    await _judge(context, claimed, hook, delivery, answer)


async def _is_seen(context: JobContext, claimed: Claimed, subject: Mapping[str, Any]) -> bool:
    """Whether a key of the workspace's own would see the conversation."""
    return bool(await context.db.fetchval(claimed.workspace_id, _SEEN, subject.get("thread_id")))


async def _send(context: JobContext, hook: _Hook, told: Told) -> Answer:
    now = context.now()
    headers = {
        "content-type": "application/json",
        "user-agent": AGENT,
        "accept": "*/*",
        **webhooks.headers(told, hook.secrets, now),
    }
    # Whoever answers later than the claim lasts would be asked by two workers at once.
    deadline = min(DEADLINE, context.settings.lease * 0.75)
    try:
        answered = await context.doors.webhooks.send(
            "POST", hook.address, headers, told.body, limit_bytes=REPLY_BYTES, deadline=deadline
        )
    except NoAnswer as trouble:
        return Answer(None, str(trouble))
    return webhooks.said(answered.status, answered.headers, context.now())


async def _judge(
    context: JobContext, claimed: Claimed, hook: _Hook, delivery: asyncpg.Record, answer: Answer
) -> None:
    now, attempts = context.now(), delivery["attempts"] + 1
    is_ping = delivery["event_number"] is None
    state, due, outcome = WebhookDeliveryState.DELIVERED, None, "delivered"
    if not answer.is_taken:
        due = None if is_ping else webhooks.next_attempt(attempts, answer, now, context.dice())
        state = WebhookDeliveryState.FAILED if due is None else WebhookDeliveryState.WAITING
        outcome = "given_up" if due is None else "failed"
    written = {
        "state": state.value,
        "attempts": attempts,
        "last_attempt_at": now,
        "last_status": answer.status,
        "error": answer.error,
        "next_attempt_at": due,
        "delivered_at": now if answer.is_taken else None,
    }
    changed: dict[str, Any] = {"last_error": answer.error}
    if answer.is_taken:
        changed["last_delivered_at"] = now
    if answer.is_taken or not is_ping:
        health = webhooks.health_after(hook.health, answer, now, context.dice())
        changed |= {
            "failures": health.failures,
            "failing_since": health.failing_since,
            "wait_until": health.wait_until,
        }
        because = webhooks.off_because(health, answer, now)
        if because is not None and hook.row["state"] == WebhookState.ON:
            changed |= {"state": WebhookState.OFF.value, "off_because": because, "changed_at": now}
            outcome = "switched_off"
    await _write(context, claimed, hook, delivery, written, changed)
    context.count_webhook(outcome)
    log.info("webhook_attempt", webhook=str(hook.id), outcome=outcome, status=answer.status)


async def _write(
    context: JobContext,
    claimed: Claimed,
    hook: _Hook,
    delivery: asyncpg.Record,
    written: Mapping[str, Any],
    changed: Mapping[str, Any],
) -> None:
    """Write what came of a delivery. An admin's pause, made meanwhile, is not undone."""
    async with context.db.work(claimed.workspace_id) as work:
        is_off = False
        await hold(context, work, claimed)
        await work.execute(update(_deliveries).where(_deliveries.c.id == delivery["id"]).values(**written))
        if changed:
            same = (_hooks.c.id == hook.id) & (_hooks.c.state == hook.row["state"])
            found = await work.execute(update(_hooks).where(same).values(**changed).returning(_hooks.c.state))
            is_off = found.scalar_one_or_none() == WebhookState.OFF and "off_because" in changed
        if hook.health.is_down and written["state"] == WebhookDeliveryState.DELIVERED:
            # It is back: what was put off because of it is due.
            waits = (_deliveries.c.webhook_id == hook.id) & (_deliveries.c.state == "WAITING")
            await work.execute(update(_deliveries).where(waits).values(next_attempt_at=work.now))
        if is_off:
            log.warning("webhook_switched_off", webhook=str(hook.id), reason=changed["off_because"])
            work.tell(WebhookChanged(hook.id))
            await work.audit("system", "webhook.switched_off", webhook=str(hook.id))
