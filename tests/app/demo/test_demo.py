"""`make demo` as a person meets it: it starts, answers, keeps its data, and leaves no process.

Real processes in a folder of their own; the test asks the operating system what is left.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
PACKAGES = ["app", "database", "inbound", "jobs", "providers", "resolvers", "rules", "schema", "simulator"]


def free_ports() -> int:
    """The first of three free ports in a row."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = int(probe.getsockname()[1])
        if first < 65000 and all(is_free(port) for port in range(first, first + 3)):
            return first


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Demo:
    """A demo in a checkout of its own: the same code, another folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports()
        self.process: subprocess.Popen[bytes] | None = None
        for name in (
            "app",
            "database",
            "inbound",
            "jobs",
            "providers",
            "resolvers",
            "rules",
            "schema",
            "simulator",
        ):
            (folder / name).symlink_to(ROOT / name)

    @property
    def links(self) -> Path:
        return self.folder / ".demo" / "links.json"

    def start(self, *words: str, port: str | None = None) -> subprocess.Popen[bytes]:
        ours = {"DATABASE_URL", "REDIS_URL", "DATABASE_OWNER_URL"}
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "demo", *words],
                cwd=self.folder,
                env=environment | {"PORT": port or str(self.port)},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        return self.process

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    async def told(self) -> dict[str, str]:
        process = self.process
        assert process is not None

        def ready() -> bool:
            assert process.poll() is None, self.said
            return self.links.exists()

        await wait_until(ready, description="links.json is written", seconds=60)
        links: dict[str, str] = json.loads(self.links.read_text())
        return links

    def left(self) -> list[str]:
        """The command lines of processes that belong to this demo."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                where = str((entry / "cwd").readlink())
            except OSError:
                continue
            if entry.name != str(os.getpid()) and (
                str(self.folder) in words or where.startswith(str(self.folder))
            ):
                found.append(words)
        return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    started = Demo(tmp_path)
    yield started
    if started.process is not None and started.process.poll() is None:
        started.process.send_signal(signal.SIGINT)
        started.process.wait(30)
    subprocess.run([sys.executable, "-m", "app", "demo-reset"], cwd=tmp_path, check=True, capture_output=True)


async def ask(links: dict[str, str], query: str) -> Any:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            links["api"], json={"query": query}, headers={"authorization": f"Bearer {links['token']}"}
        )
    return answer.json()


@pytest.mark.timeout(180)
async def test_it_answers_keeps_its_data_and_leaves_nothing(demo: Demo) -> None:
    demo.start()
    first = await demo.told()
    made = await ask(
        first, 'mutation { createContact(input: {name: "Nia Obi", emails: ["nia@obi.test"]}) { __typename } }'
    )
    viewer = await ask(
        first, "{ viewer { user { email } scopes } contacts(first: 100) { edges { node { id } } } }"
    )
    assert demo.process is not None
    demo.process.send_signal(signal.SIGINT)
    code = demo.process.wait(30)
    left_after_the_first = demo.left()

    demo.start()
    second = await demo.told()
    contacts = await ask(second, "{ contacts(first: 100) { edges { node { name } } } }")
    demo.process.send_signal(signal.SIGTERM)
    demo.process.wait(30)

    assert sorted(first) == ["api", "inbox", "simulator", "token", "ws"]
    assert made == {"data": {"createContact": {"__typename": "Contact"}}}
    assert viewer["data"]["viewer"] == {
        "user": {"email": "ann@example-co.test"},
        "scopes": ["ADMIN", "READ", "SEND"],
    }
    assert code == 0
    assert left_after_the_first == []
    assert second["token"] == first["token"]
    assert "Nia Obi" in [edge["node"]["name"] for edge in contacts["data"]["contacts"]["edges"]]
    assert len(contacts["data"]["contacts"]["edges"]) == 13
    assert demo.left() == []
    assert not demo.links.exists()


@pytest.mark.timeout(120)
async def test_a_demo_that_is_killed_takes_everything_with_it(demo: Demo) -> None:
    process = demo.start()
    await demo.told()

    process.kill()
    process.wait(10)

    await wait_until(lambda: not demo.left(), description="no process is left", seconds=30)


@pytest.mark.timeout(120)
async def test_it_ends_with_the_process_that_started_it(demo: Demo) -> None:
    words = [sys.executable, "-m", "app", "demo", "--with-parent"]
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({words!r})"],
        cwd=demo.folder,
        env=os.environ | {"PORT": str(demo.port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    await wait_until(demo.links.exists, description="links.json is written", seconds=60)

    parent.kill()
    parent.wait(10)

    await wait_until(lambda: not demo.left(), description="no process is left", seconds=30)


@pytest.mark.parametrize(
    ("port", "told"), [("nine", "is not a number"), ("65535", "no room for three ports")]
)
def test_a_port_that_cannot_be_is_told(demo: Demo, port: str, told: str) -> None:
    demo.start(port=port).wait(30)

    assert told in demo.said
    assert "Traceback" not in demo.said


def test_a_port_in_use_is_named_with_a_way_out(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.port + 1))
        taken.listen()
        process = demo.start()
        process.wait(30)

    assert process.returncode == 1
    assert f"Port {demo.port + 1}, which the simulator needs, is in use." in demo.said
    assert "PORT=" in demo.said
    assert demo.left() == []
