"""250 means stored (R36): killed, or out of disk, at every step between DATA and the reply to it.

What each step is, a run that goes well tells (tests/stories/faulty_smtp.py). The default run takes steps from
the whole way; `make soak` takes all of them, with every fault of the disk.
"""

import asyncio
import os
import signal
import smtplib
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from tests.simulator_process import ROOT
from tests.stories.faulty_smtp import DISK, JUDGED
from tests.stories.smtp_client import hand_in
from tests.stories.stack import ANN, Stack

pytestmark = [pytest.mark.rule("R36"), pytest.mark.rule("B7")]
FEW = 6
_NUMBERS = count(1)


class Faulty:
    """The forking process, and the one of its children that serves."""

    def __init__(self, stack: Stack, process: asyncio.subprocess.Process, steps: Path, address: str) -> None:
        self.stack, self.process, self.told, self.address = stack, process, steps, address
        self.child = 0

    async def start(self, plan: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{plan}\n".encode())
        self.child = int(await self._said("started"))
        await self.stack.answers(self.process, "smtp")

    async def end(self) -> None:
        os.kill(self.child, signal.SIGKILL)
        assert await self.ended() == "-9"

    async def ended(self) -> str:
        status, self.child = await self._said("ended"), 0
        return status

    async def _said(self, word: str) -> str:
        assert self.process.stdout is not None
        line = (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode().split()
        assert line[:1] == [word], line
        return line[1]

    async def hand_in(self, raw: bytes) -> int:
        """The code that the sender sees; 0 where the process died without one."""
        try:
            return (await hand_in(self.stack, self.address, raw, ANN))[0]
        except smtplib.SMTPResponseException as refused:
            return refused.smtp_code
        except (smtplib.SMTPServerDisconnected, ConnectionError):
            return 0

    async def stored(self, number: int) -> int:
        line = await asyncpg.connect(self.stack.environment["DATABASE_OWNER_URL"])
        try:
            sql = "select count(*) from messages where internet_message_id = $1"
            return int(await line.fetchval(sql, _id(number)))
        finally:
            await line.close()


def _id(number: int) -> str:
    return f"fault-{number}@example-co.test"


def _letter(number: int) -> bytes:
    """A mail with a file, so that there are blobs; larger than one piece of the spool."""
    head = (
        f"From: Ann Berg <{ANN}>\r\nTo: Lee <lee-{number}@faults.test>\r\nSubject: Fault {number}\r\n"
        f"Message-ID: <{_id(number)}>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello."
        "\r\n--b\r\n"
        "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\n\r\n"
    )
    return head.encode() + b"plan plan plan plan\r\n" * 20_000 + b"--b--\r\n"


@pytest.fixture(scope="module")
async def faulty(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Faulty]:
    steps = tmp_path_factory.mktemp("steps") / "names"
    address = (await stack.ask("{ viewer { user { autoBccAddress } } }"))["viewer"]["user"]["autoBccAddress"]
    with (stack.logs / "smtp.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.stories.faulty_smtp"),
            cwd=ROOT,
            env=os.environ | stack.environment | {"STEPS": str(steps)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    faulty = Faulty(stack, process, steps, address)
    yield faulty
    process.kill()
    await process.wait()
    if faulty.child:
        with suppress(ProcessLookupError):
            os.kill(faulty.child, signal.SIGKILL)


@pytest.fixture(scope="module")
async def steps(faulty: Faulty) -> list[str]:
    """The names of the steps of a mail that goes well."""
    await faulty.start("well")
    number = next(_NUMBERS)
    assert await faulty.hand_in(_letter(number)) == 250
    assert await faulty.stored(number) == 1
    await faulty.end()
    return faulty.told.read_text().splitlines()


async def _killed(faulty: Faulty, place: int) -> None:
    """Die at a step: no 250 was said, or the mail is there; sent again it is one message."""
    number = next(_NUMBERS)
    await faulty.start(f"kill {place}")
    code = await faulty.hand_in(_letter(number))
    if code == 250:
        assert await faulty.stored(number) == 1, f"250 was said at step {place}, and nothing is stored"
        await faulty.end()
    else:
        assert code == 0, f"step {place}: the sender saw {code}"
        assert await faulty.ended() == "-9"
    await faulty.start("well")
    assert await faulty.hand_in(_letter(number)) == 250
    assert await faulty.stored(number) == 1, f"sent again after step {place} it is not one message"
    await faulty.end()


async def _disk(faulty: Faulty, fault: str, place: int | str) -> int:
    """The disk fails once; the code that the sender saw: 250 was true, or a second try is taken."""
    number = next(_NUMBERS)
    await faulty.start(f"{fault} {place}")
    code = await faulty.hand_in(_letter(number))
    assert await faulty.stored(number) == (1 if code == 250 else 0), f"{fault} at {place}: {code} was said"
    # In the middle of the mail the conversation ends: what is still to come must not be read as commands.
    assert code in (0, 250, 421, 451), f"{fault} at {place}: the sender saw {code}"
    assert await faulty.hand_in(_letter(number)) == 250
    assert await faulty.stored(number) == 1
    await faulty.end()
    return code


def _spread(most: int) -> list[int]:
    """A few of the places from 1 to `most`, the first and the last among them."""
    return sorted({1 + round(at * (most - 1) / (FEW - 1)) for at in range(FEW)})


@pytest.mark.timeout(180)
async def test_killed_on_the_way_it_never_said_more_than_is_true(faulty: Faulty, steps: list[str]) -> None:
    assert len(steps) >= 20, steps
    assert {"spool", "write", "fsync", "rename", "statement", "commit"} <= set(steps)
    for place in _spread(len(steps)):
        await _killed(faulty, place)


@pytest.mark.timeout(180)
async def test_a_disk_that_fails_once_costs_the_sender_a_second_try(faulty: Faulty, steps: list[str]) -> None:
    assert {"write", "fsync", "rename"} <= set(steps[steps.index(JUDGED) :])
    assert await _disk(faulty, "ENOSPC", 1) in (0, 421)
    assert await _disk(faulty, "ENOSPC", "write") == 451
    assert await _disk(faulty, "EIO", "fsync") == 451
    assert await _disk(faulty, "EIO", "rename") == 451


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_killed_at_every_step(faulty: Faulty, steps: list[str]) -> None:
    for place in range(1, len(steps) + 1):
        await _killed(faulty, place)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", ["ENOSPC", "EIO"])
async def test_a_disk_that_fails_at_any_step(faulty: Faulty, steps: list[str], fault: str) -> None:
    for place in range(1, 1 + sum(name in DISK for name in steps)):
        await _disk(faulty, fault, place)
