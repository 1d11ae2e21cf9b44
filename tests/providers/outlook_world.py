"""The outside world of Outlook: the simulator as a process of its own, spoken to over HTTP only."""

import asyncio
import base64
import itertools
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from providers.doors import Doors
from providers.outlook.settings import MicrosoftSettings
from providers.transport import Transport
from rules.pacing import GRAPH_MAILBOX_RATE, Rate
from rules.words import AuthorizationPurpose, EmailAddress, Provider
from tests.providers.world import Connected, File, RememberingKeeper, Spoil, Step
from tests.simulator_process import (
    MICROSOFT_CLIENT_ID,
    MICROSOFT_CLIENT_SECRET,
    Simulator,
    running_simulator,
)

REDIRECT_URI = "http://127.0.0.1:9/oauth/microsoft/callback"
SILENCE = timedelta(seconds=3)
"""Taking in the last piece of a large file takes the simulator more than one."""
STRANGER = "dana@okafor-roofing.test"
FOLDERS = {
    "INBOX": "inbox",
    "SENT": "sentitems",
    "DRAFT": "drafts",
    "SPAM": "junkemail",
    "TRASH": "deleteditems",
}
STEPS = {
    Step.PROFILE: "graph.me.get",
    Step.CHANGES: "graph.messages.list",
    Step.ENVELOPE: "graph.messages.get",
    Step.RAW: "graph.messages.value",
    Step.BATCH: "graph.batch",
    Step.LIST: "graph.messages.list",
    Step.DRAFT: "graph.messages.create",
    Step.SEND: "graph.messages.send",
    Step.WATCH: "graph.subscriptions.create",
    Step.TOKEN: "entra.token",
    Step.ANY: "*",
}
SPOILS: dict[Spoil, dict[str, Any]] = {
    Spoil.PAGE_INSTEAD: {"fault": "html_body"},
    Spoil.PAGE_AFTER: {"fault": "html_body", "effect": "before_answer"},
    Spoil.FAULT_BEFORE: {"fault": "status", "code": 503},
    Spoil.FAULT_AFTER: {"fault": "status", "code": 500, "effect": "before_answer"},
    Spoil.THROTTLED: {"fault": "status", "body": "TooManyRequests", "retry_after_seconds": 90},
    Spoil.THROTTLED_SHORTLY: {"fault": "status", "body": "ApplicationThrottled"},
    Spoil.SENDING_LIMIT: {
        "fault": "status",
        "body": "ErrorExceededMessageLimit",
        "retry_after_seconds": 7200,
    },
    Spoil.TOKEN_REFUSED: {"fault": "status", "body": "InvalidAuthenticationToken"},
    Spoil.ADMIN_BLOCKED: {"fault": "status", "body": "AccessDenied", "code": 403},
    Spoil.NO_MAILBOX: {"fault": "status", "body": "MailboxNotEnabledForRESTAPI"},
    Spoil.OPERATORS_FAULT: {"fault": "status", "body": "InvalidRequest", "code": 400},
}
BURST_SHARE, RATE_SHARE = 1 / 6, 1 / 20
"""What a Gmail unit is worth in requests: the cases count in units."""


def settings_of(
    simulator: Simulator, *, push_url: str | None = None, contacts: bool = False
) -> MicrosoftSettings:
    """Microsoft's settings, pointed at the simulator: nothing else differs."""
    return MicrosoftSettings(
        client_id=MICROSOFT_CLIENT_ID,
        client_secret=SecretStr(MICROSOFT_CLIENT_SECRET),
        redirect_uri=REDIRECT_URI,
        authority=f"{simulator.url}/microsoft/login",
        graph_root=f"{simulator.graph_url}/",
        push_url=push_url,
        contacts=contacts,
    )


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Hook:
    """Answers Graph's handshake, and remembers what is pushed."""

    url: str = ""
    seen: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
        target = head.split(b" ", 2)[1].decode()
        token = dict(parse_qsl(urlsplit(target).query)).get("validationToken", "")
        if not token:
            self.seen.append(body)
        answer = f"HTTP/1.1 {'200 OK' if token else '202 Accepted'}\r\nContent-Type: text/plain\r\n"
        content = token.encode()
        writer.write(
            f"{answer}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def running_hook() -> AsyncIterator[Hook]:
    hook = Hook()
    listening = await asyncio.start_server(hook.serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()[:2]
    hook.url = f"http://{host}:{port}/hooks/graph"
    try:
        yield hook
    finally:
        listening.close()


class OutlookWorld:
    """Implements tests.providers.world.World."""

    def __init__(self, simulator: Simulator, hook: Hook) -> None:
        self.simulator = simulator
        self.hook = hook
        self._numbers = itertools.count(1)
        self._doors: list[Doors] = []
        self._opened: dict[str, Doors] = {}

    async def close(self) -> None:
        for doors in self._doors:
            await doors.close()

    def doors(self, *, push_url: str | None = None, rate: Rate | None = None) -> Doors:
        """Doors of a process of their own: nothing is shared with others."""
        scaled = rate and Rate(rate.capacity * BURST_SHARE, rate.per_second * RATE_SHARE)
        doors = Doors(
            clock=clock,
            microsoft=settings_of(self.simulator, push_url=push_url),
            transport=Transport(silence=SILENCE),
            graph_rate=scaled or GRAPH_MAILBOX_RATE,
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
        await self.simulator.create_account(address, "Mei Berg", "microsoft")
        for alias in aliases:
            await self.simulator.ask("POST", f"/accounts/{address}/aliases", {"address": alias})
        doors = self.doors(push_url=self.hook.url if pushes_to else None, rate=rate)
        begun = doors.consent(Provider.OUTLOOK).begin(
            state="s", purpose=AuthorizationPurpose.CONNECT, login_hint=None, entropy=token_bytes(32)
        )
        url = without_mail(begun.url) if without_permission else begun.url
        returned = await self.simulator.microsoft_consent(url, address)
        code = parse_qs(urlsplit(returned).query)["code"][0]
        granted = await doors.exchange(Provider.OUTLOOK).finish(
            code=code, kept=begun.kept, redirect_uri=REDIRECT_URI
        )
        assert granted.address == address
        assert bool(granted.missing) is without_permission
        keeper = RememberingKeeper(address, granted.tokens)
        self._opened[address] = doors
        return Connected(granted.address, doors.mailbox(Provider.OUTLOOK, keeper), keeper)

    def again(self, mailbox: Connected) -> Connected:
        doors = self._opened[mailbox.address]
        return replace(mailbox, provider=doors.mailbox(Provider.OUTLOOK, mailbox.keeper))

    async def deliver(
        self,
        to: EmailAddress,
        *,
        subject: str = "Hello",
        text: str = "Hello there.",
        files: Sequence[File] = (),
        headers: dict[str, str] | None = None,
    ) -> str:
        before = set(await self._items(to))
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
        [arrived] = [one for one in await self._items(to) if one not in before]
        return arrived

    async def deliver_many(self, to: EmailAddress, count: int) -> list[str]:
        before = set(await self._items(to))
        for number in range(count):
            await self.simulator.deliver(STRANGER, to, subject=f"Number {number}", text="Hello there.")
        return [one for one in await self._items(to) if one not in before]

    async def _items(self, address: str, folder: str | None = None) -> dict[str, str]:
        """The simulator's own ids of a mailbox's mails by Graph's, newest first."""
        shown = await self.simulator.microsoft_account(address)
        names = {one["id"]: one["well_known"] for one in shown["folders"]}
        wanted = [one for one in shown["items"] if folder in (None, names[one["folder_id"]])]
        return {str(one["immutable_id"]): str(one["copy_id"]) for one in reversed(wanted)}

    async def _copy(self, address: str, remote_id: str) -> str:
        return (await self._items(address))[remote_id]

    async def held(self, address: EmailAddress, folder: str) -> list[str]:
        return list(await self._items(address, FOLDERS[folder]))

    async def is_watched(self, address: EmailAddress) -> bool:
        return bool((await self.simulator.microsoft_account(address))["subscriptions"])

    async def is_unread(self, address: EmailAddress, remote_id: str) -> bool:
        unread = [str(row["id"]) for row in await self.simulator.mailbox(address, "UNREAD")]
        return await self._copy(address, remote_id) in unread

    async def original(self, address: EmailAddress, remote_id: str) -> bytes:
        copy = await self._copy(address, remote_id)
        raw = (await self.simulator.control.get(f"/accounts/{address}/messages/{copy}/raw")).content
        return re.sub(rb"\ADelivered-To: [^\r\n]*\r\n", b"", raw)  # Exchange writes the mail anew.

    async def mark_read(self, address: EmailAddress, remote_id: str, *, read: bool = True) -> None:
        touched = {"remove": ["UNREAD"]} if read else {"add": ["UNREAD"]}
        await self.simulator.relabel(address, await self._copy(address, remote_id), **touched)

    async def move(self, address: EmailAddress, remote_id: str, folder: str) -> None:
        await self.simulator.move(address, await self._copy(address, remote_id), FOLDERS[folder])

    async def delete(self, address: EmailAddress, remote_id: str) -> None:
        copy = await self._copy(address, remote_id)
        await self.simulator.ask("DELETE", f"/accounts/{address}/messages/{copy}")

    async def forget_changes(self, address: EmailAddress) -> None:
        await self.simulator.expire_delta(address)

    async def withdraw(self, address: EmailAddress) -> None:
        """What is granted already ends at once only where access is evaluated continuously."""
        await self._turn(microsoft={"continuous_access_evaluation": True})
        await self.simulator.revoke(address)

    async def change_password(self, address: EmailAddress) -> None:
        """A change by the administrator: a user's own does not end what a confidential client holds."""
        await self.simulator.end_sessions(address)

    async def deliveries(self, marker: str) -> int:
        return len(await self.simulator.deliveries(header="x-bothways-submission", value=marker))

    async def requests(self, mailbox: Connected, step: Step) -> int:
        method = STEPS[step]
        if step is Step.TOKEN:
            return len(await self.simulator.journal(method=method))
        account = {"account": mailbox.address}
        return len(
            await self.simulator.journal(**(account if step is Step.ANY else {**account, "method": method}))
        )

    async def refusals(self, mailbox: Connected) -> int:
        seen = await self.simulator.journal(account=mailbox.address)
        return sum(1 for one in seen if one["status"] == 429)

    async def spoil(self, spoil: Spoil, step: Step, *, times: int = 1) -> None:
        if (spoil, step) == (Spoil.HALF_ANSWER, Step.SEND):
            spoil = Spoil.LOST_AFTER  # Graph answers a sending without a body: there is nothing to halve.
        how = SPOILS.get(spoil, {"fault": spoil.value})
        await self.simulator.add_fault(method=STEPS[step], times=times, **how)

    async def search_lags(self, seconds: float) -> None:
        await self._turn(search_lag_seconds=seconds)

    async def rewrite_message_ids(self) -> None:
        await self._turn(message_id_mode="rewritten")

    async def clock_differs(self, seconds: float) -> None:
        await self._turn(clock_offset_seconds=seconds)

    async def empty_pages(self, count: int) -> None:
        """Pages of Graph's lists are not empty, but may hold less than was asked for."""
        await self._turn(microsoft={"most_per_page": 1})

    async def short_quota(self, units_a_minute: int) -> None:
        await self._turn(microsoft={"requests_per_10_minutes": round(units_a_minute * RATE_SHARE * 10)})

    async def replace_refresh_tokens(self) -> None:
        await self._turn(microsoft={"old_refresh_tokens": "end"})

    async def _turn(self, **dials: Any) -> None:
        await self.simulator.ask("PATCH", "/dials", dials)


def without_mail(url: str) -> str:
    """The same consent, without the permission to read mail."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    asked["scope"] = asked["scope"].replace("Mail.ReadWrite", "").strip()
    return urlunsplit(parts._replace(query=urlencode(asked)))


@asynccontextmanager
async def running_outlook() -> AsyncIterator[OutlookWorld]:
    """A simulator of its own, and the world of it."""
    async with running_simulator() as simulator, running_hook() as hook:
        await simulator.allow_microsoft_redirect(REDIRECT_URI)
        await simulator.create_account(STRANGER, "Dana Okafor", "outside")
        world = OutlookWorld(simulator, hook)
        try:
            yield world
        finally:
            await world.close()
