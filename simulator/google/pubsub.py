"""Pub/Sub push: notifications signed and posted to one endpoint, again until it says yes.

Source: https://cloud.google.com/pubsub/docs/push (envelope, acknowledging status codes, redelivery) and
https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions (the OIDC token). The envelope's data is
standard base64, its historyId a JSON number, as live traffic is reported
(https://github.com/googleworkspace/python-samples/issues/200).
"""

import asyncio
import base64
import json
import logging
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from simulator.calling import caller
from simulator.clock import Clock, from_ms, iso_ms
from simulator.dials import Switchboard
from simulator.google.keys import SigningKey
from simulator.google.watch import Watch

ACKNOWLEDGING = {102, 200, 201, 202, 204}
TOKEN_LIFETIME_SECONDS = 3600
LONGEST_BACKOFF_SECONDS = 60
REORDER_WINDOW_MS = 300
LOG_LENGTH = 2000
log = logging.getLogger("simulator.pubsub")


@dataclass
class PushSettings:
    """Where notifications go and whom their token names; an empty URL keeps them from being sent.

    `audience` empty means the URL itself; `topics` None means that every topic exists.
    """

    url: str = ""
    audience: str = ""
    service_account: str = "gmail-push@bothways-demo.iam.gserviceaccount.test"
    subscription: str = "projects/bothways-demo/subscriptions/gmail-push"
    topics: list[str] | None = None


@dataclass
class Notice:
    """One Pub/Sub message that is not acknowledged yet."""

    message_id: str
    address: str
    history_id: int
    published_ms: int
    due_ms: int
    attempts: int = 0


@dataclass
class Attempt:
    """One post to the endpoint; `status` is None where no answer came."""

    at_ms: int
    message_id: str
    address: str
    history_id: int
    status: int | None


@dataclass
class PubSubState:
    """Everything that push remembers."""

    settings: PushSettings = field(default_factory=PushSettings)
    waiting: list[Notice] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    last_published_ms: dict[str, int] = field(default_factory=dict)
    dropped: int = 0


class PubSub:
    """Publishes notifications and posts them until they are acknowledged."""

    def __init__(
        self, clock: Clock, dials: Switchboard, key: SigningKey, touched: Callable[[], None]
    ) -> None:
        """Start with nothing to send."""
        self.clock = clock
        self.dials = dials
        self.key = key
        self.touched = touched
        self.state = PubSubState()
        self.wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def publish(self, watch: Watch, history_id: int) -> None:
        """Queue one notification, as often and as late as the dials say."""
        dials, now_ms = self.dials.now, self.clock.now_ms()
        last_ms = self.state.last_published_ms.get(watch.address, 0)
        too_soon = dials.push_one_per_second and now_ms - last_ms < 1000
        if too_soon or random.random() < dials.push_loss:
            self.state.dropped += 1
            return
        self.state.last_published_ms[watch.address] = now_ms
        if not self.state.settings.url:
            return
        message_id = str(2 * 10**15 + secrets.randbelow(10**15))
        for _copy in range(1 + dials.push_duplicates):
            shuffle_ms = random.randrange(REORDER_WINDOW_MS) if dials.push_reorder else 0
            due_ms = now_ms + int(dials.push_lag_seconds * 1000) + shuffle_ms
            self.state.waiting.append(Notice(message_id, watch.address, history_id, now_ms, due_ms))
        self.wake.set()

    async def run(self) -> None:
        """Post what is due, until cancelled."""
        async with caller() as client:
            try:
                while True:
                    self.wake.clear()
                    now_ms = self.clock.now_ms()
                    due = [notice for notice in self.state.waiting if notice.due_ms <= now_ms]
                    for notice in due:
                        notice.due_ms = now_ms + 3_600_000
                        task = asyncio.create_task(self._post(client, notice))
                        self._under_way.add(task)
                        task.add_done_callback(self._under_way.discard)
                    await self._pause()
            finally:
                for task in self._under_way:
                    task.cancel()

    async def _pause(self) -> None:
        next_ms = min((notice.due_ms for notice in self.state.waiting), default=None)
        wait = None if next_ms is None else max(0.0, (next_ms - self.clock.now_ms()) / 1000)
        try:
            await asyncio.wait_for(self.wake.wait(), wait)
        except TimeoutError:
            return

    async def _post(self, client: httpx.AsyncClient, notice: Notice) -> None:
        settings = self.state.settings
        notice.attempts += 1
        status: int | None = None
        try:
            answer = await client.post(
                settings.url,
                json=self.envelope(notice),
                timeout=self.dials.now.push_ack_deadline_seconds,
                headers={"Authorization": f"Bearer {self.token()}", "User-Agent": "APIs-Google"},
            )
            status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.info("push to %s failed: %r", settings.url, error)
        self.state.attempts.append(
            Attempt(self.clock.now_ms(), notice.message_id, notice.address, notice.history_id, status)
        )
        del self.state.attempts[:-LOG_LENGTH]
        if status in ACKNOWLEDGING:
            self.state.waiting = [waiting for waiting in self.state.waiting if waiting is not notice]
        else:
            wait = min(
                self.dials.now.push_retry_first_seconds * 2 ** min(notice.attempts - 1, 10),
                LONGEST_BACKOFF_SECONDS,
            )
            notice.due_ms = self.clock.now_ms() + int(wait * 1000)
        self.touched()
        self.wake.set()

    def envelope(self, notice: Notice) -> dict[str, object]:
        """Return the wrapped message as it is posted."""
        data = json.dumps(
            {"emailAddress": notice.address, "historyId": notice.history_id}, separators=(",", ":")
        ).encode()
        published = iso_ms(from_ms(notice.published_ms))
        message = {
            "data": base64.b64encode(data).decode("ascii"),
            "messageId": notice.message_id,
            "message_id": notice.message_id,
            "publishTime": published,
            "publish_time": published,
        }
        return {"message": message, "subscription": self.state.settings.subscription}

    def token(self) -> str:
        """Return a fresh OIDC token for the endpoint."""
        settings = self.state.settings
        issued = self.clock.now_ms() // 1000
        number = str(10**20 + sum(settings.service_account.encode()))
        return self.key.sign(
            {
                "iss": "https://accounts.google.com",
                "aud": settings.audience or settings.url,
                "azp": number,
                "sub": number,
                "email": settings.service_account,
                "email_verified": True,
                "iat": issued,
                "exp": issued + TOKEN_LIFETIME_SECONDS,
            }
        )
