"""Webhooks: made, changed, paused, resumed, tried, deleted; their deliveries listed and sent again.

The law: all of it is for admins, and audited; a secret is shown once. Nothing is sent here: whatever is to be
sent is a row, and jobs/webhooks.py sends it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from strawberry import ID

from database.reads import roots
from database.tables import WebhookDeliveryRow, WebhookRow, WorkspaceRow, table_of
from database.work import Work
from resolvers.access import refusal, require_read
from resolvers.actors import actor
from resolvers.context import Context, Info
from resolvers.drafting import Unusable
from resolvers.looking import page_of, wanted_below
from resolvers.reading import read_one, read_page, text, uuid
from rules.happenings import DeliverWebhook, WebhookChanged
from rules.outside import WEB_PORTS, allowed
from rules.web_addresses import BadWebAddress, WebAddress, read_web_address
from rules.webhooks import MOST_WEBHOOKS, SECRET_BYTES, SECRET_OVERLAP, shown
from rules.words import EventKind, Scope, WebhookDeliveryState, WebhookId, WebhookState
from schema.results.refusals import NotFound
from schema.results.webhooks import (
    CreateWebhookResult,
    DeleteWebhookResult,
    ReplaceWebhookSecretResult,
    ReplayWebhookDeliveryResult,
    ReplayWebhookResult,
    SwitchWebhookResult,
    TestWebhookResult,
    TooManyWebhooks,
    UpdateWebhookResult,
    WebhookDeleted,
    WebhookReplayed,
    WebhookSecret,
    WebhookWrongState,
)
from schema.scalars import read_id
from schema.types.webhooks import Webhook, WebhookDelivery, WebhookDeliveryConnection

_NO_SUCH: Final = NotFound(message="There is no such webhook.")
_NO_SUCH_DELIVERY: Final = NotFound(message="There is no such delivery; they are kept for 30 days.")
_PAUSED: Final = "An admin paused it."
_SECURE: Final = "A webhook's address begins with https://."
_INSIDE: Final = "This address or port is not one that events may be sent to."
_FIRST_LOOK: Final = timedelta(seconds=2)
_hooks: Final = table_of(WebhookRow)
_deliveries: Final = table_of(WebhookDeliveryRow)


async def webhook_deliveries(
    info: Info,
    webhook_id: ID,
    state: WebhookDeliveryState | None = None,
    first: int | None = None,
    after: str | None = None,
) -> WebhookDeliveryConnection:
    """Return a page of a webhook's deliveries; for who does not govern there are none."""
    context = info.context
    require_read(context.viewer)
    workspace_id = context.viewer.workspace_id
    page = page_of({"first": first, "after": after}, roots.WEBHOOK_DELIVERIES.name, workspace_id)
    wanted = wanted_below(info, "webhook_delivery", workspace_id, "edges", "node")
    found: WebhookDeliveryConnection = await read_page(
        context,
        roots.WEBHOOK_DELIVERIES,
        page,
        wanted,
        id=uuid(read_id(webhook_id)),
        state=text(None if state is None else state.value),
    )
    return found


async def create_webhook(info: Info, url: str, events: list[EventKind]) -> CreateWebhookResult:
    """Make a webhook that is told what happens from now on."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    try:
        address = _address(context, url)
    except Unusable as unusable:
        return unusable.refusal
    webhook_id, secret = context.new_id(), context.entropy(SECRET_BYTES)
    sealed = await _sealed(context, webhook_id, secret)
    workspaces = table_of(WorkspaceRow)
    async with context.db.work(context.viewer.workspace_id) as work:
        mine = _hooks.c.workspace_id == work.workspace_id
        # The workspace's row is locked, so that two at once are counted, and no event falls between.
        lock = select(workspaces.c.event_number).where(workspaces.c.id == work.workspace_id)
        position = (await work.execute(lock.with_for_update(key_share=True))).scalar_one()
        known = await work.execute(select(func.count()).select_from(_hooks).where(mine))
        if known.scalar_one() >= MOST_WEBHOOKS:
            return TooManyWebhooks(
                message=f"A workspace has {MOST_WEBHOOKS} webhooks at most; delete one first.",
                limit=MOST_WEBHOOKS,
            )
        row = {
            "id": webhook_id,
            "workspace_id": work.workspace_id,
            "url": str(address),
            "kinds": _kinds(events),
            "state": WebhookState.ON.value,
            "secret_sealed": sealed,
            "position": position,
            "created_at": context.now,
            "changed_at": context.now,
        }
        await work.execute(insert(_hooks).values(row))
        # Whoever is about to tell something does not see this row yet: look once they are done.
        work.ask(DeliverWebhook(WebhookId(webhook_id)), context.now + _FIRST_LOOK)
        work.tell(WebhookChanged(WebhookId(webhook_id)))
        await work.audit(actor(context.viewer), "webhook.created", webhook=str(webhook_id))
    return WebhookSecret(webhook=await _read(info, webhook_id, "webhook"), secret=shown(secret))


async def update_webhook(
    info: Info, id: ID, url: str | None = None, events: list[EventKind] | None = None
) -> UpdateWebhookResult:
    """Change where events are sent, or which."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    values: dict[str, Any] = {"changed_at": context.now}
    try:
        if url is not None:
            # What kept the old address from answering says nothing of the new one.
            values |= {"url": str(_address(context, url)), "failures": 0, "failing_since": None}
            values |= {"wait_until": None, "last_error": None}
    except Unusable as unusable:
        return unusable.refusal
    if events is not None:
        values["kinds"] = _kinds(events)
    async with _changing(context, id) as changing:
        if changing.row is None:
            return _NO_SUCH
        await changing.write(values, "webhook.changed")
    return await _read(info, changing.row.id)


async def delete_webhook(info: Info, id: ID) -> DeleteWebhookResult:
    """End a webhook, with its deliveries."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    async with context.db.work(context.viewer.workspace_id) as work:
        mine = (_hooks.c.workspace_id == work.workspace_id) & (_hooks.c.id == read_id(id))
        gone = (await work.execute(delete(_hooks).where(mine).returning(_hooks.c.id))).scalar_one_or_none()
        if gone is None:
            return _NO_SUCH
        await work.audit(actor(context.viewer), "webhook.deleted", webhook=str(gone))
    return WebhookDeleted(id=ID(str(gone)))


async def pause_webhook(info: Info, id: ID) -> SwitchWebhookResult:
    """Send nothing until it is resumed."""
    values = {"state": WebhookState.PAUSED.value, "off_because": _PAUSED}
    return await _switch(info, id, frozenset({WebhookState.ON}), values, "webhook.paused")


async def resume_webhook(info: Info, id: ID) -> SwitchWebhookResult:
    """Go on where it stopped."""
    values = {"state": WebhookState.ON.value, "off_because": None, "failures": 0, "failing_since": None}
    values |= {"wait_until": None}
    stopped = frozenset({WebhookState.PAUSED, WebhookState.OFF})
    return await _switch(info, id, stopped, values, "webhook.resumed")


async def _switch(
    info: Info, id: ID, from_: frozenset[WebhookState], values: dict[str, Any], action: str
) -> SwitchWebhookResult:
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    async with _changing(context, id) as changing:
        if changing.row is None:
            return _NO_SUCH
        state = WebhookState(changing.row.state)
        if state not in from_:
            words = "It is on already." if state is WebhookState.ON else "It is not on."
            return WebhookWrongState(message=words, webhook_state=state)
        await changing.write(values | {"changed_at": context.now}, action)
        if values["state"] == WebhookState.ON.value:
            waits = (_deliveries.c.webhook_id == changing.row.id) & (_deliveries.c.state == "WAITING")
            await changing.work.execute(update(_deliveries).where(waits).values(next_attempt_at=context.now))
    return await _read(info, changing.row.id)


async def replace_webhook_secret(info: Info, id: ID) -> ReplaceWebhookSecretResult:
    """Sign with a new secret, and for a day with the old one too."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    secret = context.entropy(SECRET_BYTES)
    async with _changing(context, id) as changing:
        row = changing.row
        if row is None:
            return _NO_SUCH
        key = await context.vault.data_key(context.viewer.workspace_id)
        before = key.open_(bytes(row.secret_sealed), "webhooks", row.id, "secret_sealed")
        values = {
            "secret_sealed": key.seal(secret, "webhooks", row.id, "secret_sealed"),
            "previous_secret_sealed": key.seal(before, "webhooks", row.id, "previous_secret_sealed"),
            "previous_secret_until": context.now + SECRET_OVERLAP,
            "changed_at": context.now,
        }
        await changing.write(values, "webhook.secret_replaced")
    return WebhookSecret(webhook=await _read(info, row.id, "webhook"), secret=shown(secret))


async def test_webhook(info: Info, id: ID) -> TestWebhookResult:
    """Put a ping in the queue."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    delivery_id = context.new_id()
    async with _changing(context, id) as changing:
        if changing.row is None:
            return _NO_SUCH
        row = {
            "id": delivery_id,
            "workspace_id": context.viewer.workspace_id,
            "webhook_id": changing.row.id,
            "event_at": context.now,
            "subject": {},
            "state": WebhookDeliveryState.WAITING.value,
            "next_attempt_at": context.now,
            "created_at": context.now,
        }
        await changing.work.execute(insert(_deliveries).values(row))
        changing.ask()
        await changing.audit("webhook.tested")
    return await _read_delivery(info, delivery_id)


async def replay_webhook_delivery(info: Info, id: ID) -> ReplayWebhookDeliveryResult:
    """Send one delivery again."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    async with context.db.work(context.viewer.workspace_id) as work:
        again = update(_deliveries).where(
            _deliveries.c.workspace_id == work.workspace_id, _deliveries.c.id == read_id(id)
        )
        done = await work.execute(
            again.values(**_afresh(context)).returning(_deliveries.c.id, _deliveries.c.webhook_id)
        )
        row = done.one_or_none()
        if row is None:
            return _NO_SUCH_DELIVERY
        work.ask(DeliverWebhook(WebhookId(row.webhook_id)))
        await work.audit(actor(context.viewer), "webhook.replayed", webhook=str(row.webhook_id), count="1")
    return await _read_delivery(info, row.id)


async def replay_webhook(info: Info, id: ID, since: datetime) -> ReplayWebhookResult:
    """Send again what a webhook was to be told since an instant."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    async with _changing(context, id) as changing:
        if changing.row is None:
            return _NO_SUCH
        again = update(_deliveries).where(
            _deliveries.c.webhook_id == changing.row.id,
            _deliveries.c.event_number.is_not(None),
            _deliveries.c.event_at >= since,
        )
        done = await changing.work.execute(again.values(**_afresh(context)))
        count = int(getattr(done, "rowcount", 0))
        changing.ask()
        await changing.audit("webhook.replayed", count=str(count))
    return WebhookReplayed(webhook=await _read(info, changing.row.id, "webhook"), count=count)


def _afresh(context: Context) -> dict[str, Any]:
    return {
        "state": WebhookDeliveryState.WAITING.value,
        "attempts": 0,
        "next_attempt_at": context.now,
        "error": None,
        "delivered_at": None,
    }


@dataclass
class _Changing:
    """A webhook's row, locked, in a transaction; None where the viewer's workspace has none of that id."""

    context: Context
    work: Work
    row: Any

    async def write(self, values: dict[str, Any], action: str) -> None:
        """Change it, say so, and have it looked at."""
        await self.work.execute(update(_hooks).where(_hooks.c.id == self.row.id).values(**values))
        self.work.tell(WebhookChanged(WebhookId(self.row.id)))
        self.ask()
        await self.audit(action)

    def ask(self) -> None:
        self.work.ask(DeliverWebhook(WebhookId(self.row.id)))

    async def audit(self, action: str, **detail: str) -> None:
        await self.work.audit(actor(self.context.viewer), action, webhook=str(self.row.id), **detail)


@asynccontextmanager
async def _changing(context: Context, id: ID) -> AsyncIterator[_Changing]:
    async with context.db.work(context.viewer.workspace_id) as work:
        mine = (_hooks.c.workspace_id == work.workspace_id) & (_hooks.c.id == read_id(id))
        found = await work.execute(select(_hooks).where(mine).with_for_update())
        yield _Changing(context, work, found.one_or_none())


def _address(context: Context, url: str) -> WebAddress:
    """Return where events may be sent, as far as its words tell. Raises: Unusable."""
    networks = context.settings.webhook_networks
    try:
        address = read_web_address(url.strip())
    except BadWebAddress as bad:
        raise Unusable("url", str(bad)) from None
    if not address.is_secure and not networks:
        raise Unusable("url", _SECURE)
    # A name is looked up whenever something is sent; a number can be told at once that it is not taken.
    if _is_number(address.host) and not allowed(address.host, address.port, networks, WEB_PORTS):
        raise Unusable("url", _INSIDE)
    return address


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _kinds(events: list[EventKind]) -> list[str]:
    return list(dict.fromkeys(one.value for one in events))


async def _sealed(context: Context, webhook_id: UUID, secret: bytes) -> bytes:
    key = await context.vault.data_key(context.viewer.workspace_id)
    return key.seal(secret, "webhooks", webhook_id, "secret_sealed")


async def _read(info: Info, id: UUID, *path: str) -> Webhook:
    context = info.context
    wanted = wanted_below(info, "webhook", context.viewer.workspace_id, *path)
    found: Webhook = await read_one(context, "webhook", roots.WEBHOOK, wanted, id=uuid(id))
    return found


async def _read_delivery(info: Info, id: UUID) -> WebhookDelivery:
    context = info.context
    wanted = wanted_below(info, "webhook_delivery", context.viewer.workspace_id)
    found: WebhookDelivery = await read_one(
        context, "webhook_delivery", roots.WEBHOOK_DELIVERY, wanted, id=uuid(id)
    )
    return found
