"""The disks of a whole deployment are full for a while: nothing acknowledged is lost, and it goes on.

In the soak alone, as only root may mount disks that a test can fill.
"""

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from app.embedded import EmbeddedPostgres, EmbeddedValkey
from database import migrate
from tests.services import scratch_folder
from tests.small_disk import SmallDisk, small_disk
from tests.stories.founding import Person, found
from tests.stories.smtp_client import hand_in, letter
from tests.stories.stack import ANN, DANA, Stack, running_stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(240)]
LONG = 60_000
"""Characters that no compression makes shorter: a few mails take a disk's last room."""


@dataclass
class Deployment:
    """A stack whose database lies on one small disk, and its blobs and scratch files on another."""

    stack: Stack
    database_disk: SmallDisk
    blob_disk: SmallDisk
    contact: str
    auto_bcc: str

    async def send(self, subject: str, key: str) -> str | None:
        """Send a long mail from the CRM; its id, or None where the API says that it cannot now."""
        answer = await self.stack.client.post(
            f"{self.stack.api}/graphql",
            json={"query": SEND, "variables": {"input": self._email(subject, key)}},
            headers={"authorization": f"Bearer {self.stack.token}"},
        )
        said = answer.json()
        if "errors" in said:
            assert [one["extensions"]["code"] for one in said["errors"]] == ["UNAVAILABLE"], said
            return None
        return str(said["data"]["sendEmail"]["id"])

    def _email(self, subject: str, key: str) -> dict[str, Any]:
        return {"contactId": self.contact, "subject": subject, "text": noise(), "idempotencyKey": key}

    async def theirs(self, beginning: str) -> list[str]:
        """The subjects of Dana's mails from us that begin so."""
        mailbox = await self.stack.simulator.mailbox(DANA)
        return sorted(one["subject"] for one in mailbox if one["subject"].startswith(beginning))

    async def rows(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        line = await asyncpg.connect(self.stack.environment["DATABASE_OWNER_URL"])
        try:
            return list(await line.fetch(sql, *arguments))
        finally:
            await line.close()

    async def stored(self, beginning: str) -> list[str]:
        found = await self.rows("select subject from messages where subject like $1", f"{beginning}%")
        return sorted(row["subject"] for row in found)

    async def by_smtp(self, number: int, says: str) -> int:
        raw = letter(ANN, DANA, f"disk-{number}@example-co.test", says=says)
        return (await hand_in(self.stack, self.auto_bcc, raw, ANN))[0]


SEND = """mutation($input: SendEmailInput!) { sendEmail(input: $input) {
  __typename ... on Message { id } ... on UserError { message } } }"""


KEPT = """
select a.size_bytes, a.state, m.warnings from messages m join attachments a on a.message_id = m.id
where m.subject = 'With a file'
"""


def noise() -> str:
    return os.urandom(LONG // 2).hex()


@pytest.fixture(scope="module")
async def deployment() -> AsyncIterator[Deployment]:
    folder = scratch_folder()
    with (
        small_disk(folder / "database", megabytes=250) as database_disk,
        small_disk(folder / "blobs", megabytes=40) as blob_disk,
    ):
        server = EmbeddedPostgres(
            database_disk.folder / "postgres", durable=True, more={"max_wal_size": "32MB"}
        )
        valkey = EmbeddedValkey(folder / "valkey")
        valkey.start()
        await migrate.upgrade(server.start())
        urls = server.url("bothways_app"), server.url(), valkey.url()
        scratch = blob_disk.folder / "scratch"
        async with running_stack(*urls, blob_disk.folder, WORKER_SCRATCH=str(scratch)) as stack:
            await found(stack, "Example & Co.", Person("Ann Berg", ANN))
            await stack.start_all("api", "smtp", "worker")
            contact = await stack.contact("Dana Okafor", DANA)
            await stack.connect()
            said = await stack.ask("{ viewer { user { autoBccAddress } } }")
            yield Deployment(
                stack, database_disk, blob_disk, contact, said["viewer"]["user"]["autoBccAddress"]
            )
        valkey.forget()
        server.forget()


@pytest.mark.rule("R36")
@pytest.mark.rule("R56")
async def test_the_database_s_disk_is_full_for_a_while(deployment: Deployment) -> None:
    """What was acknowledged before leaves; what comes is put off: UNAVAILABLE, 451, a cursor that stays."""
    stack = deployment.stack
    worker = stack.processes[-1]
    worker.send_signal(signal.SIGSTOP)
    acknowledged = {
        f"Before {one}": await deployment.send(f"Before {one}", f"before-{one}") for one in range(3)
    }
    assert all(acknowledged.values())
    deployment.database_disk.fill(leave_kilobytes=64)
    worker.send_signal(signal.SIGCONT)
    number = 0
    while (sent := await deployment.send(f"During {number}", f"During {number}")) is not None:
        acknowledged[f"During {number}"], number = sent, number + 1
    for one in range(3):
        await stack.simulator.deliver(DANA, ANN, subject=f"Comes {one}", text=noise())
    assert await deployment.by_smtp(1, noise()) == 451
    assert (await stack.ask("{ viewer { scopes } }"))["viewer"]["scopes"]
    log = stack.logs / "worker.log"
    await wait_until(lambda: "waits for the" in log.read_text(), description="the worker waits", seconds=60)

    deployment.database_disk.free()
    again = await wait_until(
        lambda: deployment.send(f"During {number}", f"During {number}"), description="the API takes it"
    )
    acknowledged[f"During {number}"] = again
    assert await deployment.by_smtp(1, noise()) == 250

    async def all_sent() -> bool:
        return [await stack.delivery(str(one)) for one in acknowledged.values()] == ["SENT"] * len(
            acknowledged
        )

    async def all_here() -> bool:
        return await deployment.stored("Comes") == [f"Comes {one}" for one in range(3)]

    await wait_until(all_sent, description="all that was acknowledged is sent", seconds=120)
    await wait_until(all_here, description="all that came is here", seconds=120)
    assert await deployment.theirs("Before") == [f"Before {one}" for one in range(3)]
    assert await deployment.theirs("During") == sorted(
        one for one in acknowledged if one.startswith("During")
    )
    await _nothing_was_given_up(deployment)


@pytest.mark.rule("R36")
@pytest.mark.rule("R45")
async def test_the_disk_of_the_blobs_is_full_for_a_while(deployment: Deployment) -> None:
    """Mail with files is read later and whole, an upload is told 503, SMTP says 451."""
    stack = deployment.stack
    file = os.urandom(300_000)
    deployment.blob_disk.fill(leave_kilobytes=100)
    log = stack.logs / "worker.log"
    before = log.stat().st_size
    await stack.simulator.deliver(
        DANA, ANN, subject="With a file", text="see there", attachments=[attached(file)]
    )
    assert await _upload(stack, file) == 503
    assert await deployment.by_smtp(2, noise() * 5) == 451

    def waits() -> bool:
        return b"job waits for the deployment" in log.read_bytes()[before:]

    await wait_until(waits, description="the worker waits", seconds=60)
    assert await deployment.stored("With a file") == []

    deployment.blob_disk.free()
    assert await _upload(stack, file) == 201
    assert await deployment.by_smtp(2, noise()) == 250

    async def here() -> list[asyncpg.Record]:
        return await deployment.rows(KEPT)

    [kept] = await wait_until(here, description="the mail is here, whole", seconds=120)
    assert (kept["size_bytes"], kept["state"], list(kept["warnings"])) == (len(file), "STORED", [])
    await _nothing_was_given_up(deployment)


def attached(file: bytes) -> dict[str, str]:
    content = base64.b64encode(file).decode()
    return {"filename": "roof.bin", "content_type": "application/octet-stream", "content_base64": content}


async def _upload(stack: Stack, file: bytes) -> int:
    answer = await stack.client.post(
        f"{stack.api}/attachments?name=x.bin",
        content=file,
        headers={"authorization": f"Bearer {stack.token}", "content-type": "application/octet-stream"},
    )
    return answer.status_code


async def _nothing_was_given_up(deployment: Deployment) -> None:
    assert await deployment.rows("select key, last_error from commands where parked_at is not null") == []
    assert await deployment.rows("select error from set_asides") == []
    await asyncio.gather(*(_lives(deployment.stack, port) for port in ("HTTP_PORT", "WORKER_PORT")))


async def _lives(stack: Stack, setting: str) -> None:
    answer = await stack.client.get(f"http://127.0.0.1:{stack.environment[setting]}/ready")
    assert answer.json()["state"] == "ready"
