"""The sandbox: hostile mail costs at most its child, and the mail is still listed."""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import uvloop

from jobs.parsed_json import MalformedAnswer, decode, encode
from jobs.sandbox import Sandbox, SandboxClosed, SandboxedMessage
from rules.mime_in import TOO_COMPLEX, parse
from rules.parsed import ParsedMessage
from rules.shortage import Shortage
from tests.samples.mail.shapes import SHAPES
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
HEAD = b"From: Dana <dana@okafor.example>\r\nSubject: hostile\r\nMIME-Version: 1.0\r\n"


def alive(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(children=1) as made:
        yield made


async def read(sandbox: Sandbox, folder: Path, raw: bytes) -> SandboxedMessage:
    mail = folder / "mail.eml"
    mail.write_bytes(raw)
    into = folder / f"into-{len(list(folder.iterdir()))}"
    into.mkdir()
    return await sandbox.parse(mail, into)


async def test_a_mail_comes_back_as_if_read_here_with_its_attachments_as_files(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    for shape in SHAPES:
        found = await read(sandbox, tmp_path, shape.raw)
        here = parse(shape.raw)

        assert found.message == here.message
        assert tuple(file.read_bytes() for file in found.files) == here.contents
    assert len(sandbox.pids) == 1


def nested(depth: int) -> bytes:
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%06d\r\n\r\n--b%06d\r\n" % (level, level)
        for level in range(depth)
    )
    return HEAD + b"".join(levels) + b"\r\nhi"


def rfc822(depth: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"Subject: x\r\n\r\nhi"


HOSTILE = {
    "100k parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n\r\n" * 100_000,
    "depth 2000": nested(2_000),
    "depth 50000": nested(50_000),
    "50k addresses": b"Subject: hostile\r\nTo: "
    + b", ".join(b"u%d@x.example" % n for n in range(50_000))
    + b"\r\n\r\n",
    "10k parameters": HEAD
    + b"Content-Type: text/plain"
    + b"".join(b"; p%d=v" % n for n in range(10_000))
    + b"\r\n\r\nx",
    "10k name sections": HEAD
    + b"Content-Type: a/b"
    + b"".join(b"; name*%d*=v" % n for n in range(10_000))
    + b"\r\n\r\nx",
    "20k encoded words": HEAD + b"X: " + b" ".join([b"=?utf-8?q?x?="] * 20_000) + b"\r\n\r\nx",
    "50 MB base64": HEAD
    + b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(b"x" * 37_000_000),
    "rfc822 x 100": rfc822(100),
    "rfc822 x 20000": rfc822(20_000),
    "endless header": HEAD + b"X: y\r\n" * 1_000_000,
    "deep html": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 100_000,
}


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    line = next(
        one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM")
    )
    return int(line.split()[1]) * 1024


@pytest.mark.rule("R38")
@pytest.mark.rule("R39")
@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_mail_is_listed_within_a_second_of_processor_time(
    name: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    await read(sandbox, tmp_path, b"Subject: warm up\r\n\r\nx")
    (child,) = sandbox.pids
    before = processor_seconds(child)
    found = await read(sandbox, tmp_path, HOSTILE[name])

    assert found.message.subject == "hostile"
    if child in sandbox.pids:
        assert processor_seconds(child) - before <= 1.5
        assert peak_bytes(child) <= 260 * 1024 * 1024
    else:
        assert found.message.too_complex
    after = await read(sandbox, tmp_path, b"Subject: next\r\n\r\nfine")
    assert (after.message.subject, after.message.text) == ("next", "fine")


async def test_a_mail_that_needs_too_much_memory_is_too_complex(tmp_path: Path) -> None:
    async with Sandbox(children=1, memory_bytes=110 * 1024 * 1024) as small:
        found = await read(small, tmp_path, HOSTILE["50 MB base64"])

    assert (found.message.subject, found.message.too_complex, found.files) == ("hostile", True, ())
    assert found.message.warnings == (TOO_COMPLEX,)


async def test_a_child_that_says_nothing_is_killed_in_time_and_replaced(tmp_path: Path) -> None:
    async with Sandbox(children=1, patience=timedelta(seconds=3)) as hurried:
        await read(hurried, tmp_path, b"Subject: warm up\r\n\r\nx")
        (stuck,) = hurried.pids
        os.kill(stuck, signal.SIGSTOP)
        found = await read(hurried, tmp_path, b"Subject: fine\r\n\r\nx")

        assert found.message.text == "x"
        assert stuck not in hurried.pids
        assert not alive(stuck)


async def test_a_machine_without_time_is_not_the_mail_s_doing(tmp_path: Path) -> None:
    """Fault 26: a child that gets no processor time has said nothing about the mail."""
    async with Sandbox(children=1, patience=timedelta(seconds=1)) as starved:
        stopping = asyncio.create_task(_stop_every(starved))
        with pytest.raises(Shortage):
            await read(starved, tmp_path, b"Subject: fine\r\n\r\nx")
        stopping.cancel()

        assert not starved.pids


async def _stop_every(sandbox: Sandbox) -> None:
    stopped: set[int] = set()
    while True:
        for child in sandbox.pids - stopped:
            stopped.add(child)
            os.kill(child, signal.SIGSTOP)
        await asyncio.sleep(0)


async def test_a_disk_without_room_is_not_the_mail_s_doing(sandbox: Sandbox, tmp_path: Path) -> None:
    """Fault 23: the mail is read when there is room, and not called too complex until then."""
    mail = next(shape.raw for shape in SHAPES if parse(shape.raw).contents)
    (tmp_path / "mail.eml").write_bytes(mail)
    into = tmp_path / "into"
    into.mkdir()
    (into / "0").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        await sandbox.parse(tmp_path / "mail.eml", into)

    (into / "0").unlink()
    found = await sandbox.parse(tmp_path / "mail.eml", into)
    assert tuple(file.read_bytes() for file in found.files) == parse(mail).contents


async def test_a_child_that_cannot_start_is_not_the_mail_s_doing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while its own program is being replaced, or where no more files may be open on the machine."""
    with monkeypatch.context() as broken:
        broken.setattr("jobs.sandbox._ROOT", tmp_path)
        with pytest.raises(Shortage):
            await read(sandbox, tmp_path, SHAPES[0].raw)

    assert (await read(sandbox, tmp_path, SHAPES[0].raw)).message.subject == "Offer for the roof"


async def test_a_child_that_died_while_idle_is_not_the_next_mail_s_fault(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    await read(sandbox, tmp_path, b"Subject: warm up\r\n\r\nx")
    (child,) = sandbox.pids
    os.kill(child, signal.SIGKILL)

    assert (await read(sandbox, tmp_path, b"Subject: fine\r\n\r\nx")).message.text == "x"


async def test_reading_that_is_cancelled_ends_its_child(sandbox: Sandbox, tmp_path: Path) -> None:
    await read(sandbox, tmp_path, b"Subject: warm up\r\n\r\nx")
    (child,) = sandbox.pids
    os.kill(child, signal.SIGSTOP)
    reading = asyncio.create_task(read(sandbox, tmp_path, b"Subject: never\r\n\r\nx"))
    await wait_until(lambda: sandbox.busy == 1, description="the mail is being read")
    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not alive(child)
    assert (await read(sandbox, tmp_path, b"Subject: fine\r\n\r\nx")).message.subject == "fine"


async def test_two_mails_are_read_at_once_and_no_more_children_than_allowed(tmp_path: Path) -> None:
    async with Sandbox(children=2) as pair:
        folders = [tmp_path / str(number) for number in range(6)]
        for folder in folders:
            folder.mkdir()
        found = await asyncio.gather(*(read(pair, folder, SHAPES[0].raw) for folder in folders))

        assert {one.message.subject for one in found} == {"Offer for the roof"}
        assert 1 <= len(pair.pids) <= 2


async def test_nothing_is_left_after_closing(tmp_path: Path) -> None:
    sandbox = Sandbox(children=2)
    await read(sandbox, tmp_path, SHAPES[0].raw)
    children = sandbox.pids
    await sandbox.aclose()

    assert children
    assert not any(alive(child) for child in children)
    with pytest.raises(SandboxClosed):
        await read(sandbox, tmp_path, SHAPES[0].raw)


async def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(SHAPES[0].raw)
    (tmp_path / "into").mkdir()
    program = (
        "import asyncio, sys; from pathlib import Path; from jobs.sandbox import Sandbox\n"
        "async def main():\n"
        "    s = Sandbox(children=1); p = Path(sys.argv[1])\n"
        "    await s.parse(p / 'mail.eml', p / 'into'); print(*s.pids, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert alive(child)
    parent.kill()
    await parent.wait()

    await wait_until(lambda: not alive(child), description="the child is gone")


def test_it_works_on_uvloop(tmp_path: Path) -> None:
    async def main() -> str:
        async with Sandbox(children=1) as sandbox:
            return (await read(sandbox, tmp_path, SHAPES[0].raw)).message.subject

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == "Offer for the roof"


def test_a_message_survives_the_pipe() -> None:
    for shape in SHAPES:
        message = parse(shape.raw).message
        assert decode(encode(message)) == message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", 1),
        ("sender", "a@x.example"),
        ("to", {}),
        ("sent_at", "yesterday"),
        ("sent_at", "2026-01-01T00:00:00"),
        ("quoted_from", -1),
        ("quoted_from", True),
        ("too_complex", 0),
        ("automatic", "NEVER"),
        ("attachments", [{"outline": {}, "content_id": None}]),
        ("bounce", []),
    ],
)
def test_an_answer_of_the_wrong_shape_is_refused(field: str, value: object) -> None:
    answer = orjson.loads(encode(ParsedMessage()))

    with pytest.raises(MalformedAnswer):
        decode(orjson.dumps({**answer, field: value}))


@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b"{}", b"null", b"\x80\x04."])
def test_an_answer_that_is_no_message_is_refused(answer: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        decode(answer)
