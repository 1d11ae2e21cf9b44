"""A demo as a process of its own, in a folder of its own, for tests that drive one."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
PACKAGES = ["app", "database", "inbound", "jobs", "providers", "resolvers", "rules", "schema", "simulator"]


# Below the range from which the kernel gives ports to outgoing connections and to `bind(0)` (32768 on Linux,
# 49152 on macOS): what is free here stays free until the demo, which binds seconds later, takes it.
PORTS: Final = range(12_000, 32_000, 10)
_tried = itertools.count(os.getpid())


def free_ports() -> int:
    """The first of ten free ports in a row, others at each call: what was just let go may linger.

    Processes that test side by side begin in different places.
    """
    for place in itertools.islice(_tried, len(PORTS)):
        first = PORTS[place * 7 % len(PORTS)]
        if all(is_free(port) for port in range(first, first + PORTS.step)):
            return first
    raise RuntimeError("no ten free ports in a row below 32000")


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

    def start(self, command: list[str] | None = None, *, port: str | None = None) -> subprocess.Popen[bytes]:
        ours = {"DATABASE_URL", "REDIS_URL", "DATABASE_OWNER_URL"}
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                command or [sys.executable, "-m", "app", "demo"],
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


def demo_in(folder: Path) -> Iterator[Demo]:
    """Give a demo, and leave neither a process nor a file of it."""
    started = Demo(folder)
    yield started
    if started.process is not None and started.process.poll() is None:
        started.process.send_signal(signal.SIGINT)
        started.process.wait(30)
    if (folder / ".demo").exists():
        subprocess.run(
            [sys.executable, "-m", "app", "demo-reset"], cwd=folder, check=True, capture_output=True
        )
