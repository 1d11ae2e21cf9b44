"""Many large files at once, in and out: memory stays bounded, and the process answers (fault 25)."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

import httpx
import pytest

from tests.stories.smtp_client import hand_in, letter
from tests.stories.stack import ANN, Stack
from tests.stories.watching import watched

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
        async with aclosing(answer.aiter_bytes()) as pieces:
            return await digest(pieces)


@pytest.mark.rule("R46")
@crowds
async def test_many_files_at_once_go_in_and_out_within_bounded_memory(stack: Stack, crowd: Crowd) -> None:
    api = stack.processes[0]
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
