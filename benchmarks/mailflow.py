"""Mail from the provider to the subscriber: what a backlog costs the worker, and how soon one mail is told.

Run with `python -m benchmarks.mailflow [--mailboxes 50]`. API and worker are the real processes, the
provider is the simulator over HTTP (push included), PostgreSQL writes to disk as in production. Measured
are: the processor time of worker, sandbox and PostgreSQL for each mail of a backlog; the wait from the
provider's acceptance to an open web socket, for single mails while nothing else happens; and the same while
other mailboxes catch up.

Google lets a mailbox be read at 6 000 units a minute, 40 for a mail: 1.83 mails a second, after a burst of
25. So a backlog lies in many mailboxes, 20 mails in each. It tells of one change a second in a mailbox and
drops what is more, and so does the simulator here: single mails come 1.5 s apart, and lose no push.
"""

import asyncio
import base64
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated

import typer
import websockets

from app import accounts
from app.embedded import EmbeddedPostgres, EmbeddedValkey
from benchmarks.processes import cpu_seconds, cpu_seconds_below, load, rss_bytes
from database import migrate, roles
from database.clock import now
from database.ids import new_id
from database.pool import Database
from database.sealing import KeyRing, read_keys
from database.vault import Vault
from rules.words import Role, Scope
from tests.stories.stack import ANN, DANA, Stack, running_stack

EACH = 20
"""Mails of a backlog in each mailbox: within the burst that Google allows."""
_PAUSE_SECONDS = 1.5
_PASSWORD = "only-for-benchmarks"
_SUBSCRIPTION = (
    "subscription { inbox { __typename ... on MessageSynced { message { id subject from { address } } } } }"
)
_PARAGRAPH = (
    "<p style='margin:0'>Dear Ann, the <b>offer</b> for the roof is ready; we could begin on Monday, if the "
    "weather holds. <a href='https://okafor.example/offer?id=1'>See the offer</a></p>"
)


@dataclass
class Ear:
    """When each subject was told."""

    heard: dict[str, float] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, *subjects: str, seconds: float = 600) -> None:
        async with asyncio.timeout(seconds):
            while not all(subject in self.heard for subject in subjects):
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def listening(stack: Stack) -> AsyncIterator[Ear]:
    """Subscribe to the workspace's inbox as a web page does."""
    ear = Ear()
    async with websockets.connect(
        stack.api.replace("http", "ws", 1) + "/graphql",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        max_size=None,
    ) as line:
        await line.send(
            json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {stack.token}"}})
        )
        await line.recv()
        await line.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": _SUBSCRIPTION}}))
        reading = asyncio.create_task(_hear(line, ear))
        await asyncio.sleep(0.2)
        yield ear
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _hear(line: websockets.ClientConnection, ear: Ear) -> None:
    async for frame in line:
        said = json.loads(frame)
        if said["type"] == "ping":
            await line.send('{"type":"pong"}')
        elif said["type"] == "next" and said["payload"]["data"]["inbox"]["__typename"] == "MessageSynced":
            ear.heard.setdefault(said["payload"]["data"]["inbox"]["message"]["subject"], time.monotonic())
            ear.news.set()


def _template(paragraphs: int = 12) -> str:
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"Dana Okafor <{DANA}>"
    letter["To"], letter["Subject"], letter["Message-ID"] = _TO, _SUBJECT, f"<{_NUMBER}@okafor.example>"
    letter["Date"] = format_datetime(now())
    letter.set_content("Dear Ann, the offer for the roof is ready; we could begin on Monday.\n" * paragraphs)
    letter.add_alternative(_PARAGRAPH * paragraphs, subtype="html")
    return letter.as_string()


_TO, _SUBJECT, _NUMBER = "to@template.test", "the-subject", "the-number"
_TEMPLATE = _template()


def mail(to: str, subject: str) -> dict[str, str]:
    """A mail of some kilobytes, text and HTML, as it goes over the wire: composing it is no part of this."""
    written = _TEMPLATE.replace(_TO, to).replace(_SUBJECT, subject).replace(_NUMBER, new_id().hex)
    return {"raw_base64": base64.b64encode(written.encode()).decode()}


async def deliver(stack: Stack, mails: list[tuple[str, str]]) -> None:
    """Let the customer send many mails, ten at a time; each is an address and a subject."""
    queue = list(reversed(mails))

    async def some() -> None:
        while queue:
            to, subject = queue.pop()
            await stack.simulator.deliver(DANA, to, **mail(to, subject))

    await asyncio.gather(*(some() for _ in range(10)))


@dataclass(frozen=True)
class Wait:
    """One mail, from the provider's acceptance to the socket, in seconds."""

    whole: float
    pushed: float
    """Until our answer to the push had come back to the provider: what it and the API took."""
    worker_cpu: float
    """Processor time of the worker meanwhile, for this mail and for others: it does not grow with the
    load of the machine, as the waits do."""


def percentiles(name: str, waits: list[Wait]) -> str:
    """Return a line: p50, p95 and the longest of the wait, then p50 and longest of its parts, in ms."""
    cells = [_share([one.whole for one in waits], share) for share in (0.5, 0.95, 1.0)]
    for part in ([one.pushed for one in waits], [one.worker_cpu for one in waits]):
        cells += [_share(part, 0.5), _share(part, 1.0)]
    return f"| {name} | {' | '.join(f'{cell * 1000:.0f}' for cell in cells)} |"


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def measure_backlog(stack: Stack, postmaster: int, addresses: list[str]) -> None:
    """Let a backlog wait while no worker runs; start one and measure until the last mail was told."""
    wanted = {address: [f"Backlog {address} {place}" for place in range(EACH)] for address in addresses}
    subjects = [subject for ones in wanted.values() for subject in ones]
    worker = stack.processes.pop()
    worker.terminate()
    await worker.wait()
    print(f"  delivering {len(subjects)} mails", file=sys.stderr)
    await deliver(stack, [(address, subject) for address, ones in wanted.items() for subject in ones])
    async with listening(stack) as ear:
        database = cpu_seconds_below(postmaster)
        worker = await stack.start("worker")
        cpu, below = cpu_seconds(worker.pid), cpu_seconds_below(worker.pid)
        began = time.monotonic()
        print(f"  worker {worker.pid}", file=sys.stderr)
        await ear.until(*subjects, seconds=1800)
        seconds = max(ear.heard[subject] for subject in subjects) - began
        used = cpu_seconds(worker.pid) - cpu
        used_below = cpu_seconds_below(worker.pid) - below
        database = cpu_seconds_below(postmaster) - database
    number = len(subjects)
    print("| backlog | mails/s | worker CPU ms/mail | sandbox ms/mail | PostgreSQL ms/mail | worker MB |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {number} mails in {len(addresses)} mailboxes | {number / seconds:,.0f} "
        f"| {used / number * 1000:.2f} | {used_below / number * 1000:.2f} | {database / number * 1000:.2f} "
        f"| {rss_bytes(worker.pid) / 2**20:.0f} |\n"
    )


async def measure_single(stack: Stack, number: int, name: str) -> list[Wait]:
    """Deliver mails one by one; how long each took from the provider's acceptance to the socket."""
    told: list[tuple[float, float, float]] = []
    worker = stack.processes[-1].pid
    async with listening(stack) as ear:
        for place in range(number):
            subject = f"{name} {place}"
            await asyncio.sleep(_PAUSE_SECONDS)
            await stack.simulator.deliver(DANA, ANN, **mail(ANN, subject))
            accepted, at, cpu = time.monotonic(), time.time(), cpu_seconds(worker)
            await ear.until(subject, seconds=120)
            told.append((ear.heard[subject] - accepted, at, cpu_seconds(worker) - cpu))
    pushed = await _pushed(stack)
    return [Wait(whole, min(whole, max(0.0, _next(pushed, at) - at)), cpu) for whole, at, cpu in told]


async def _pushed(stack: Stack) -> list[float]:
    """When each push for Ann was answered."""
    attempts = (await stack.simulator.ask("GET", "/push"))["attempts"]
    return sorted(one["at_ms"] / 1000 for one in attempts if one["address"] == ANN and one["status"] == 204)


def _next(instants: list[float], after: float) -> float:
    return next((one for one in instants if one >= after), after)


@asynccontextmanager
async def deployment(folder: Path, mailboxes: int) -> AsyncIterator[tuple[Stack, int, list[str]]]:
    """Give API, worker and provider with Ann's mailbox and others', connected; the postmaster; the others."""
    postgres, valkey = EmbeddedPostgres(folder / "postgres"), EmbeddedValkey(folder / "valkey")
    owner_url = postgres.start()
    await migrate.upgrade(owner_url, app_password=_PASSWORD)
    app_url = owner_url.replace("//postgres@", f"//{roles.APP}:{_PASSWORD}@")
    more = {"WORKER_SWEEP_SECONDS": "15", "WORKER_LEASE_SECONDS": "60", "LOG_LEVEL": "warning"}
    more["WORKER_POLL_WITHOUT_PUSH_SECONDS"] = "30"
    others = [f"user{number}@example-co.test" for number in range(mailboxes)]
    try:
        async with running_stack(app_url, owner_url, valkey.start(), folder, **more) as stack:
            tokens = await _people(stack, app_url, [ANN, *others])
            for name in ("api", "worker"):
                await stack.start(name)
            for address in (*others, ANN):
                stack.token = tokens[address]
                if address != ANN:
                    await stack.simulator.create_account(address, address.partition("@")[0], "google")
                await stack.connect(address)
            await stack.contact("Dana Okafor", DANA)
            await stack.simulator.set_dials(push_one_per_second=True)
            yield stack, postgres.pid, others
    finally:
        postgres.forget()
        valkey.forget()


async def _people(stack: Stack, app_url: str, addresses: list[str]) -> dict[str, str]:
    """Make a workspace with these users; the key of each."""
    db = await Database.open(app_url)
    try:
        vault = Vault(KeyRing(read_keys(stack.environment["VAULT_KEYS"])), db)
        workspace_id = await accounts.make_workspace(db, vault, "Example & Co.", now())
        keys = {}
        for address in addresses:
            user = await accounts.make_user(db, workspace_id, address, address, Role.MEMBER, now())
            scopes = frozenset({Scope.READ, Scope.SEND})
            keys[address] = await accounts.make_key(db, workspace_id, "bench", scopes, user.id, now())
        return keys
    finally:
        await db.close()


async def run(mailboxes: int, singles: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(Path(folder).chmod, 0o711)
        async with deployment(Path(folder), mailboxes) as (stack, postmaster, others):
            print(f"{load()}\n")
            idle = await measure_single(stack, singles, "Alone")
            await measure_backlog(stack, postmaster, others)
            print(
                "| one mail, provider to socket | p50 ms | p95 | longest | push answered p50 | longest "
                "| worker CPU meanwhile p50 | longest |\n|---|---|---|---|---|---|---|---|"
            )
            print(percentiles("while nothing else happens", idle))
            flood = [(other, f"Other {place}") for place in range(singles * 3) for other in others]
            delivering = asyncio.create_task(deliver(stack, flood))
            await asyncio.sleep(2)
            busy = await measure_single(stack, singles, "Beside")
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)
            print(percentiles(f"while {mailboxes} other mailboxes take in a flood", busy))
            print(f"\nat the end: {load()}")


def main(
    mailboxes: Annotated[int, typer.Option(help="Mailboxes with a backlog of 20 mails each.")] = 50,
    singles: Annotated[int, typer.Option(help="Mails that are timed one by one.")] = 60,
) -> None:
    """Measure a backlog, and single mails without and with other mailboxes'."""
    asyncio.run(run(mailboxes, singles))


if __name__ == "__main__":
    typer.run(main)
