"""The outside world of Gmail: the simulator as a process of its own, spoken to over HTTP only."""

import base64
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from providers.doors import Doors
from providers.gmail.consent import SCOPES
from providers.gmail.settings import GoogleSettings
from providers.transport import Transport
from rules.pacing import GMAIL_USER_RATE, Rate
from rules.words import AuthorizationPurpose, EmailAddress, Provider
from tests.providers.world import Connected, File, RememberingKeeper, Spoil, Step
from tests.simulator_process import CLIENT_ID, CLIENT_SECRET, Simulator, running_simulator

REDIRECT_URI = "http://127.0.0.1:9/oauth/google/callback"
SILENCE = timedelta(seconds=1)
STRANGER = "dana@okafor-roofing.test"
TOPIC = "projects/bothways-demo/topics/gmail"
STEPS = {
    Step.PROFILE: "gmail.users.getProfile",
    Step.CHANGES: "gmail.users.history.list",
    Step.ENVELOPE: "gmail.users.messages.get",
    Step.RAW: "gmail.users.messages.get",
    Step.BATCH: "batch",
    Step.LIST: "gmail.users.messages.list",
    Step.DRAFT: "gmail.users.drafts.create",
    Step.SEND: "gmail.users.drafts.send",
    Step.WATCH: "gmail.users.watch",
    Step.TOKEN: "/token",
    Step.ANY: "*",
}
SPOILS: dict[Spoil, dict[str, Any]] = {
    Spoil.PAGE_INSTEAD: {"fault": "html_body"},
    Spoil.PAGE_AFTER: {"fault": "html_body", "effect": "before_answer"},
    Spoil.FAULT_BEFORE: {"fault": "status", "code": 503},
    Spoil.FAULT_AFTER: {"fault": "status", "code": 500, "effect": "before_answer"},
    Spoil.THROTTLED: {"fault": "status", "body": "rateLimitExceeded", "code": 403, "retry_after_seconds": 90},
    Spoil.THROTTLED_SHORTLY: {"fault": "status", "body": "concurrent", "code": 429},
    Spoil.SENDING_LIMIT: {"fault": "status", "body": "mailSending", "retry_after_seconds": 7200},
    Spoil.TOKEN_REFUSED: {"fault": "status", "body": "authError", "code": 401},
    Spoil.ADMIN_BLOCKED: {"fault": "status", "body": "domainPolicy", "code": 403},
    Spoil.NO_MAILBOX: {"fault": "status", "body": "failedPrecondition", "code": 400},
    Spoil.OPERATORS_FAULT: {"fault": "status", "body": "pubsubForbidden", "code": 403},
}


def settings_of(simulator: Simulator, *, topic: str | None = None, contacts: bool = False) -> GoogleSettings:
    """Google's settings, pointed at the simulator: nothing else differs."""
    root = simulator.google_url
    return GoogleSettings(
        client_id=CLIENT_ID,
        client_secret=SecretStr(CLIENT_SECRET),
        redirect_uri=REDIRECT_URI,
        auth_url=root + "o/oauth2/v2/auth",
        token_url=root + "token",
        revoke_url=root + "revoke",
        jwks_url=root + "oauth2/v3/certs",
        userinfo_url=root + "oauth2/v3/userinfo",
        api_root=root,
        people_root=root + "people/",
        pubsub_topic=topic,
        contacts=contacts,
    )


def clock() -> datetime:
    return datetime.now(UTC)


class GmailWorld:
    """Implements tests.providers.world.World."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._numbers = itertools.count(1)
        self._doors: list[Doors] = []
        self._opened: dict[str, Doors] = {}

    async def close(self) -> None:
        for doors in self._doors:
            await doors.close()

    def doors(self, *, topic: str | None = None, rate: Rate | None = None) -> Doors:
        """Doors of a process of their own: nothing is shared with others."""
        doors = Doors(
            clock=clock,
            google=settings_of(self.simulator, topic=topic),
            transport=Transport(silence=SILENCE),
            mailbox_rate=rate or GMAIL_USER_RATE,
        )
        self._doors.append(doors)
        return doors

    def now(self) -> datetime:
        return clock()

    async def connect(
        self,
        *,
        aliases: Sequence[str] = (),
        without_permission: bool = False,
        pushes_to: str | None = None,
        rate: Rate | None = None,
    ) -> Connected:
        address = f"user{next(self._numbers)}@example-co.test"
        await self.simulator.create_account(address, "Ann Berg", "google")
        for alias in aliases:
            await self.simulator.ask("POST", f"/accounts/{address}/aliases", {"address": alias})
        doors = self.doors(topic=pushes_to, rate=rate)
        begun = doors.consent(Provider.GMAIL).begin(
            state="s", purpose=AuthorizationPurpose.CONNECT, login_hint=None, entropy=token_bytes(32)
        )
        ticked = list(SCOPES[:2]) if without_permission else None
        returned = await self.simulator.consent(begun.url, address, ticked)
        code = parse_qs(urlsplit(returned).query)["code"][0]
        granted = await doors.exchange(Provider.GMAIL).finish(
            code=code, kept=begun.kept, redirect_uri=REDIRECT_URI
        )
        assert granted.address == address
        keeper = RememberingKeeper(address, granted.tokens)
        self._opened[address] = doors
        return Connected(granted.address, doors.mailbox(Provider.GMAIL, keeper), keeper)

    def again(self, mailbox: Connected) -> Connected:
        doors = self._opened[mailbox.address]
        return replace(mailbox, provider=doors.mailbox(Provider.GMAIL, mailbox.keeper))

    async def deliver(
        self,
        to: EmailAddress,
        *,
        subject: str = "Hello",
        text: str = "Hello there.",
        files: Sequence[File] = (),
        headers: dict[str, str] | None = None,
    ) -> str:
        before = set(await self._ids(to))
        attachments = [
            {
                "filename": file.name,
                "content_type": file.content_type,
                "content_base64": base64.b64encode(file.content).decode(),
            }
            for file in files
        ]
        mail = {"subject": subject, "text": text, "attachments": attachments, "headers": headers or {}}
        await self.simulator.deliver(STRANGER, to, **mail)
        [arrived] = [one for one in await self._ids(to) if one not in before]
        return arrived

    async def deliver_many(self, to: EmailAddress, count: int) -> list[str]:
        before = set(await self._ids(to))
        for number in range(count):
            await self.simulator.deliver(STRANGER, to, subject=f"Number {number}", text="Hello there.")
        return [one for one in await self._ids(to) if one not in before]

    async def _ids(self, address: str, label: str | None = None) -> list[str]:
        return [str(row["id"]) for row in await self.simulator.mailbox(address, label)]

    async def held(self, address: EmailAddress, folder: str) -> list[str]:
        return await self._ids(address, folder)

    async def is_unread(self, address: EmailAddress, remote_id: str) -> bool:
        return remote_id in await self._ids(address, "UNREAD")

    async def original(self, address: EmailAddress, remote_id: str) -> bytes:
        answer = await self.simulator.control.get(f"/accounts/{address}/messages/{remote_id}/raw")
        return answer.content

    async def mark_read(self, address: EmailAddress, remote_id: str, *, read: bool = True) -> None:
        touched = {"remove": ["UNREAD"]} if read else {"add": ["UNREAD"]}
        await self.simulator.relabel(address, remote_id, **touched)

    async def move(self, address: EmailAddress, remote_id: str, folder: str) -> None:
        await self.simulator.relabel(address, remote_id, add=[folder], remove=["INBOX"])

    async def delete(self, address: EmailAddress, remote_id: str) -> None:
        await self.simulator.ask("DELETE", f"/accounts/{address}/messages/{remote_id}")

    async def forget_changes(self, address: EmailAddress) -> None:
        await self.simulator.ask("POST", f"/accounts/{address}/expire-history", {})

    async def withdraw(self, address: EmailAddress) -> None:
        await self.simulator.revoke(address)

    async def change_password(self, address: EmailAddress) -> None:
        await self.simulator.change_password(address, "another one")

    async def is_watched(self, address: EmailAddress) -> bool:
        asked = [
            one["method"]
            for one in await self.simulator.journal(account=address)
            if one["method"] in ("gmail.users.watch", "gmail.users.stop") and one["status"] < 300
        ]
        return asked[-1:] == ["gmail.users.watch"]

    async def deliveries(self, marker: str) -> int:
        found = await self.simulator.deliveries(header="x-bothways-submission", value=marker)
        return len(found)

    async def requests(self, mailbox: Connected, step: Step) -> int:
        method = STEPS[step]
        if step is Step.TOKEN:
            seen = await self.simulator.journal()
            return sum(1 for one in seen if one["path"] == method)
        account = {"account": mailbox.address}
        wanted = account if step is Step.ANY else {**account, "method": method}
        return len(await self.simulator.journal(**wanted))

    async def refusals(self, mailbox: Connected) -> int:
        seen = await self.simulator.journal(account=mailbox.address)
        return sum(1 for one in seen if one["status"] in (403, 429))

    async def spoil(self, spoil: Spoil, step: Step, *, times: int = 1) -> None:
        how = SPOILS.get(spoil, {"fault": spoil.value})
        await self.simulator.add_fault(method=STEPS[step], times=times, **how)

    async def search_lags(self, seconds: float) -> None:
        await self._turn(search_lag_seconds=seconds)

    async def rewrite_message_ids(self) -> None:
        await self._turn(message_id_mode="rewritten")

    async def clock_differs(self, seconds: float) -> None:
        await self._turn(clock_offset_seconds=seconds)

    async def empty_pages(self, count: int) -> None:
        await self._turn(history_empty_pages=count)

    async def short_quota(self, units_a_minute: int) -> None:
        await self._turn(quota={"per_user_per_minute": units_a_minute})

    async def replace_refresh_tokens(self) -> None:
        await self._turn(rotate_refresh_tokens=True)

    async def _turn(self, **dials: Any) -> None:
        await self.simulator.ask("PATCH", "/dials", dials)


@asynccontextmanager
async def running_gmail() -> AsyncIterator[GmailWorld]:
    """A simulator of its own, and the world of it."""
    async with running_simulator() as simulator:
        await simulator.allow_redirect(REDIRECT_URI)
        await simulator.create_account(STRANGER, "Dana Okafor", "outside")
        world = GmailWorld(simulator)
        try:
            yield world
        finally:
            await world.close()
