"""Crowds: fifty large files at once (fault 25), and three times the requests that can be worked on (R64)."""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import pytest

from database import migrate
from tests.stories.pressing import percentile, pressed
from tests.stories.smtp_client import hand_in, letter
from tests.stories.stack import ANN, DANA, Listener, Stack
from tests.stories.watching import watched
from tests.waiting import wait_until

PIECE = 64 * 1024
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many files of so many bytes, and how much memory may be taken for them."""

    files: int
    size_bytes: int
    memory_bytes: int
    lag_seconds: float | None
    """What 99 of 100 answers of /live take at most; None where others use the machine, too."""


FEW = Crowd(12, 8 * MEGABYTE, 60 * MEGABYTE, None)
FIFTY = Crowd(50, 25 * MEGABYTE, 400 * MEGABYTE, 0.2)
crowds = pytest.mark.parametrize(
    "crowd",
    [FEW, pytest.param(FIFTY, marks=[pytest.mark.soak, pytest.mark.timeout(600)])],
    ids=["few", "fifty"],
)
pytestmark = pytest.mark.timeout(120)


def content_of(number: int, size: int) -> AsyncIterator[bytes]:
    """A file that is like no other, made as it is sent: the crowd holds none of them whole."""

    async def made() -> AsyncIterator[bytes]:
        piece = hashlib.sha256(str(number).encode()).digest() * (PIECE // 32)
        for at in range(0, size, PIECE):
            yield piece[: min(PIECE, size - at)]

    return made()


async def digest(pieces: AsyncIterator[bytes]) -> str:
    whole = hashlib.sha256()
    async for piece in pieces:
        whole.update(piece)
    return whole.hexdigest()


async def upload(stack: Stack, client: httpx.AsyncClient, number: int, size: int) -> str:
    """Upload a file; the path it can be downloaded from."""
    answer = await client.post(
        f"{stack.api}/attachments",
        params={"name": f"{number}.bin"},
        content=content_of(number, size),
        headers={"authorization": f"Bearer {stack.token}"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


async def download(stack: Stack, client: httpx.AsyncClient, path: str) -> str:
    """Download a file; its digest."""
    async with client.stream("GET", stack.api + path) as answer:
        assert answer.status_code == 200
        return await digest(answer.aiter_bytes())


@pytest.mark.rule("R46")
@crowds
async def test_many_files_at_once_go_in_and_out_within_bounded_memory(stack: Stack, crowd: Crowd) -> None:
    api = stack.named("api")
    numbers = range(crowd.files)
    limits = httpx.Limits(max_connections=2 * crowd.files)
    async with httpx.AsyncClient(trust_env=False, timeout=300, limits=limits) as client:
        paths = await asyncio.gather(*(upload(stack, client, one, crowd.size_bytes) for one in numbers))
        async with watched(int(stack.environment["HTTP_PORT"]), api.pid) as seen:
            done = await asyncio.gather(
                *(upload(stack, client, crowd.files + one, crowd.size_bytes) for one in numbers),
                *(download(stack, client, path) for path in paths),
            )
        expected = [await digest(content_of(one, crowd.size_bytes)) for one in numbers]

    assert done[crowd.files :] == expected
    assert await download_all(stack, done[: crowd.files]) == [
        await digest(content_of(crowd.files + one, crowd.size_bytes)) for one in numbers
    ]
    assert seen.grown_bytes < crowd.memory_bytes
    assert crowd.lag_seconds is None or seen.percentile(99) <= crowd.lag_seconds


async def download_all(stack: Stack, paths: list[str]) -> list[str]:
    return [await download(stack, stack.client, path) for path in paths]


@pytest.fixture
async def smtp(stack: Stack) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await stack.start("smtp", SMTP_CONNECTIONS_PER_ADDRESS="100")
    yield process
    await stack.kill(process)


@pytest.mark.soak
@pytest.mark.rule("R46")
@pytest.mark.timeout(900)
async def test_fifty_mails_with_large_files_at_once_are_taken_within_bounded_memory(
    stack: Stack, smtp: asyncio.subprocess.Process
) -> None:
    """Fifty senders at once, each with a file of 18 MB, as large as a mail of 25 MB can hold."""
    said = await stack.ask("{ viewer { user { autoBccAddress } } }")
    address = said["viewer"]["user"]["autoBccAddress"]
    line = os.urandom(38).hex()
    body = "\r\n".join([line] * (24 * MEGABYTE // (len(line) + 2)))

    async def sends(number: int) -> int:
        raw = letter(ANN, f"new-{number}@people.test", f"large-{number}@example-co.test", says=body)
        return (await hand_in(stack, address, raw, ANN))[0]

    async with watched(int(stack.environment["SMTP_HEALTH_PORT"]), smtp.pid) as seen:
        codes = await asyncio.gather(*(sends(number) for number in range(50)))

    assert codes == [250] * 50
    assert seen.grown_bytes < FIFTY.memory_bytes
    assert seen.percentile(99) <= 0.2


PAGE = "contacts(first: 100) { edges { node { id name emails } } }"
QUESTION = f"{{ one: {PAGE} two: {PAGE} three: {PAGE} }}"
"""Costs about as much as what the web app asks first."""
IMPORT = """mutation($contacts: [ContactInput!]!) { importContacts(contacts: $contacts) {
  __typename ... on UserError { message } } }"""
AS_MANY_AS_ARE_WORKED_ON = 64
MEMORY_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Overload:
    """For how long, and whether the machine is ours so that times may be asked for."""

    seconds: float
    measured: bool


SHORT = Overload(2, False)
LONG = Overload(300, True)


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[asyncio.subprocess.Process]:
    """The API with room for a hundred contacts' questions without an end from one key."""
    await stack.kill(stack.named("api"))
    process = await stack.start("api", HTTP_COST_PER_MINUTE="1000000000")
    people = [{"name": f"Person {one}", "emails": [f"person-{one}@people.test"]} for one in range(100)]
    await stack.ask(IMPORT, contacts=people)
    yield process
    await stack.kill(process)
    await stack.start("api")


def request_of(stack: Stack, question: str) -> bytes:
    body = json.dumps({"query": question}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {stack.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.rule("R64")
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "overload",
    [SHORT, pytest.param(LONG, marks=[pytest.mark.soak, pytest.mark.timeout(600)])],
    ids=["short", "long"],
)
async def test_three_times_what_can_be_done_is_refused_in_order_and_passes(
    stack: Stack, api: asyncio.subprocess.Process, overload: Overload
) -> None:
    port, request = int(stack.environment["HTTP_PORT"]), request_of(stack, QUESTION)
    at_once = AS_MANY_AS_ARE_WORKED_ON // 4
    peak = await pressed(port, request, rate=0, seconds=min(3, overload.seconds), at_once=at_once)
    async with watched(port, api.pid) as seen:
        crowd = await pressed(port, request, rate=3 * peak.goodput(), seconds=overload.seconds, at_once=1_000)
    after = await pressed(port, request, rate=0, seconds=min(3, overload.seconds), at_once=at_once)

    refused = crowd.of(429, 503)
    assert {one.status for one in crowd.asked} <= {200, 429, 503}
    assert refused
    assert all(one.retry_after for one in refused)
    assert {one.status for one in after.asked} == {200}
    assert seen.grown_bytes < MEMORY_BYTES
    assert max(seen.seconds) < 10
    if overload.measured:
        assert crowd.goodput() >= 0.8 * peak.goodput()
        assert percentile(refused, 99) <= 1
        assert seen.percentile(99) <= 0.1
        assert after.goodput() >= 0.8 * peak.goodput()


THREADS = """{ threads(first: 20) { edges { node { id subject
  messages(first: 5) { edges { node { id text } } } } } } }"""
RELEASES = (
    """
    alter table messages add column shoe_size integer;
    alter table messages add constraint shoe_size_known check (shoe_size > 0) not valid;
    alter table commands add column note varchar default 'none' not null;
    create table shoes (id uuid primary key, message_id uuid references messages (id) on delete cascade)
    """,
    "alter table messages validate constraint shoe_size_known",
    "drop table shoes; alter table messages drop column shoe_size; alter table commands drop column note",
)
VERSION = """
from alembic import op
revision, down_revision, branch_labels, depends_on = {name!r}, {before!r}, None, None
def upgrade():
    for statement in {sql!r}.split(";"):
        op.execute(statement)
def downgrade():
    pass
"""


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations of a release that widens, validates and narrows, behind ours."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate._FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = migrate.newest()
    for number, sql in enumerate(RELEASES):
        name = f"next_{number}"
        (folder / "versions" / f"{name}.py").write_text(VERSION.format(name=name, before=before, sql=sql))
        before = name
    monkeypatch.setattr(migrate, "_FOLDER", folder)
    return folder


def _heard(heard: Listener, *texts: str) -> bool:
    return set(texts) <= set(heard.texts())


@pytest.mark.usefixtures("next_release")
async def test_a_migration_under_load_costs_no_client_an_error(stack: Stack) -> None:
    """Fault 30: requests and mail go on, a backup reads, and a release is migrated to, and taken back."""
    port, owner = int(stack.environment["HTTP_PORT"]), stack.environment["DATABASE_OWNER_URL"]
    ours = str(await migrate.current(owner))
    contact = await stack.contact("Mia Neumann", "mia@neumann.test")
    backup = await asyncpg.connect(owner)
    crowd = asyncio.create_task(pressed(port, request_of(stack, THREADS), rate=20, seconds=8, at_once=100))
    async with stack.listening() as heard:
        async with backup.transaction(isolation="repeatable_read", readonly=True):
            await backup.fetch("select (select count(*) from messages), (select count(*) from commands)")
            migrating = asyncio.create_task(migrate.upgrade(owner))
            expected = []
            for number in range(4):
                text = f"migrated past {number}"
                await stack.send(contactId=contact, subject=f"Migrated {number}", text=text)
                await stack.simulator.deliver(DANA, ANN, subject="Comes", text=f"comes {text}")
                expected += [text, f"comes {text}"]
                await wait_until(partial(_heard, heard, *expected), description="live meanwhile", seconds=30)
            assert not migrating.done(), "the backup holds it up"
        await migrating
        assert await migrate.current(owner) == "next_2"
        await migrate.downgrade(owner, "next_0")
        await stack.simulator.deliver(DANA, ANN, subject="Comes", text="comes after it")
        await wait_until(lambda: "comes after it" in heard.texts(), description="live after it", seconds=30)
        done = await crowd
        await migrate.downgrade(owner, ours)
    await backup.close()

    assert {one.status for one in done.asked} == {200}
    assert sorted(one for one in heard.texts() if one in expected) == sorted(expected)
