"""Change notifications: who wants them, the queue, and posting until a 2xx comes.

Source: https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks (3 seconds for the
first try, 10 for others, exponential backoff up to four hours), /change-notifications-lifecycle-events.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC

import httpx

from simulator.calling import caller
from simulator.clock import Clock, from_ms
from simulator.dials import Switchboard
from simulator.exchange import Json
from simulator.microsoft.box import Box, Entry
from simulator.microsoft.identity import object_id, tenant_id
from simulator.post import Account

FIRST_DEADLINE_SECONDS = 3
GIVE_UP_MS = 4 * 3_600_000
LONGEST_BACKOFF_SECONDS = 600
REORDER_WINDOW_MS = 300
IN_FLIGHT_MS = 3_600_000
LOG_LENGTH = 2000
CONTACTS = "contacts"
LIFECYCLE = ("missed", "subscriptionRemoved", "reauthorizationRequired")
log = logging.getLogger("simulator.microsoft.push")


@dataclass
class Subscription:
    """One program's wish to hear of a folder, of all mail (`folder_id` empty), or of `contacts`."""

    id: str
    address: str
    client_id: str
    change_types: list[str]
    resource: str
    folder_id: str
    notification_url: str
    lifecycle_url: str
    client_state: str
    expires_ms: int
    immutable: bool
    paused: bool = False
    reminded: bool = False


@dataclass
class Notice:
    """One entry of a `value` array that is not acknowledged yet."""

    url: str
    body: Json
    subscription_id: str
    queued_ms: int
    due_ms: int
    attempts: int = 0


@dataclass
class Attempt:
    """One post; `status` is None where no answer came."""

    at_ms: int
    url: str
    notices: int
    status: int | None


@dataclass
class PushState:
    """Everything that push remembers."""

    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    waiting: list[Notice] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    dropped: int = 0


class Push:
    """Queues notifications and posts them."""

    def __init__(self, clock: Clock, dials: Switchboard, touched: Callable[[], None]) -> None:
        """Start with nothing to send."""
        self.clock, self.dials, self.touched = clock, dials, touched
        self.state = PushState()
        self.wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def reset(self) -> None:
        """Forget subscriptions and what waits."""
        self.state = PushState()
        self.wake.set()

    def tell(self, account: Account, box: Box, entries: list[Entry]) -> None:
        """Queue what the subscriptions of a mailbox want to hear of these entries."""
        for subscription in self._alive(account.address):
            if subscription.folder_id == CONTACTS:
                continue
            for entry in entries:
                wanted = subscription.folder_id in ("", entry.folder_id)
                if wanted and entry.kind in subscription.change_types:
                    graph_id = entry.immutable_id if subscription.immutable else entry.rest_id
                    self._queue(subscription, account, entry.kind, graph_id, "Message", entry.number)

    def tell_contact(self, account: Account, kind: str, contact_id: str, number: int) -> None:
        """Queue a change of the address book."""
        for subscription in self._alive(account.address):
            if subscription.folder_id == CONTACTS and kind in subscription.change_types:
                self._queue(subscription, account, kind, contact_id, "Contact", number)

    def lifecycle(self, subscription: Subscription, account: Account, event: str) -> None:
        """Queue a lifecycle event, and do to the subscription what it says."""
        if event == "subscriptionRemoved":
            self.state.subscriptions.pop(subscription.id, None)
        if event == "reauthorizationRequired":
            subscription.paused = subscription.reminded = True
        if subscription.lifecycle_url:
            body = {**self._head(subscription, account), "lifecycleEvent": event}
            self._wait(subscription.lifecycle_url, body, subscription.id)
        self.touched()

    def alive(self, subscription_id: str) -> Subscription | None:
        """Return a subscription that has not expired."""
        found = self.state.subscriptions.get(subscription_id)
        return found if found is not None and found.expires_ms > self.clock.now_ms() else None

    def _alive(self, address: str) -> list[Subscription]:
        now_ms = self.clock.now_ms()
        found = [one for one in self.state.subscriptions.values() if one.address == address]
        return [one for one in found if one.expires_ms > now_ms and not one.paused]

    def _queue(
        self, subscription: Subscription, account: Account, kind: str, graph_id: str, noun: str, number: int
    ) -> None:
        dials = self.dials.now
        if random.random() < dials.push_loss:
            self.state.dropped += 1
            return
        resource = f"Users/{object_id(account)}/{noun}s/{graph_id}"
        body: Json = {
            "id": secrets.token_urlsafe(12),
            **self._head(subscription, account),
            "changeType": kind,
            "resource": resource,
            "resourceData": {
                "@odata.type": f"#Microsoft.Graph.{noun}",
                "@odata.id": resource,
                "@odata.etag": f'W/"{change_key(number)}"',
                "id": graph_id,
            },
        }
        for _copy in range(1 + dials.push_duplicates):
            self._wait(subscription.notification_url, body, subscription.id)

    def _head(self, subscription: Subscription, account: Account) -> Json:
        expires = from_ms(subscription.expires_ms).astimezone(UTC).isoformat(timespec="seconds")
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": expires,
            "clientState": subscription.client_state or None,
            "tenantId": tenant_id(account),
        }

    def _wait(self, url: str, body: Json, subscription_id: str) -> None:
        dials, now_ms = self.dials.now, self.clock.now_ms()
        shuffle_ms = random.randrange(REORDER_WINDOW_MS) if dials.push_reorder else 0
        lag_seconds = dials.push_lag_seconds + dials.microsoft.push_batch_seconds
        due_ms = now_ms + int(lag_seconds * 1000) + shuffle_ms
        self.state.waiting.append(Notice(url, body, subscription_id, now_ms, due_ms))
        self.wake.set()

    async def run(self, remind: Callable[[], None]) -> None:
        """Post what is due, and remind of subscriptions that end soon, until cancelled."""
        async with caller() as client:
            try:
                while True:
                    self.wake.clear()
                    remind()
                    for url, notices in self._due().items():
                        task = asyncio.create_task(self._post(client, url, notices))
                        self._under_way.add(task)
                        task.add_done_callback(self._under_way.discard)
                    await self._pause()
            finally:
                for task in self._under_way:
                    task.cancel()

    def _due(self) -> dict[str, list[Notice]]:
        """Take what is due, gathered by endpoint; what Graph has tried for four hours is given up."""
        now_ms = self.clock.now_ms()
        kept = [notice for notice in self.state.waiting if now_ms - notice.queued_ms < GIVE_UP_MS]
        self.state.dropped += len(self.state.waiting) - len(kept)
        self.state.waiting = kept
        found: dict[str, list[Notice]] = {}
        for notice in kept:
            if notice.due_ms <= now_ms:
                notice.due_ms = now_ms + IN_FLIGHT_MS
                found.setdefault(notice.url, []).append(notice)
        return found

    async def _pause(self) -> None:
        """Wait for the next notice, at most a second where reminders are dialled."""
        next_ms = min((notice.due_ms for notice in self.state.waiting), default=None)
        wait = None if next_ms is None else max(0.0, (next_ms - self.clock.now_ms()) / 1000)
        if self.dials.now.microsoft.reauthorize_before_seconds:
            wait = 1.0 if wait is None else min(wait, 1.0)
        try:
            await asyncio.wait_for(self.wake.wait(), wait)
        except TimeoutError:
            return

    async def _post(self, client: httpx.AsyncClient, url: str, notices: list[Notice]) -> None:
        first = all(notice.attempts == 0 for notice in notices)
        deadline = self.dials.now.push_ack_deadline_seconds
        status: int | None = None
        try:
            answer = await client.post(
                url,
                json={"value": [notice.body for notice in notices]},
                timeout=min(deadline, FIRST_DEADLINE_SECONDS) if first else deadline,
            )
            status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.info("notification to %s failed: %r", url, error)
        self.state.attempts.append(Attempt(self.clock.now_ms(), url, len(notices), status))
        del self.state.attempts[:-LOG_LENGTH]
        if status is not None and 200 <= status < 300:
            posted = {id(notice) for notice in notices}
            self.state.waiting = [one for one in self.state.waiting if id(one) not in posted]
        else:
            for notice in notices:
                notice.attempts += 1
                wait = self.dials.now.push_retry_first_seconds * 2 ** min(notice.attempts - 1, 10)
                notice.due_ms = self.clock.now_ms() + int(min(wait, LONGEST_BACKOFF_SECONDS) * 1000)
        self.touched()
        self.wake.set()


def change_key(number: int) -> str:
    """Return an item's change key, which is another after every change."""
    return f"CQAAABYAAAD{number:012d}"
