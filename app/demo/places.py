"""Where a demo keeps its things, and which ports it takes.

Belongs here: the folder .demo of a checkout and the addresses made from PORT. One folder is one demo; a lock
keeps two from sharing it, and another checkout with another PORT runs beside it.
"""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.embedded import EmbeddedPostgres, EmbeddedTrouble

FOLDER: Final = Path(".demo")
HOST: Final = "127.0.0.1"


class DemoTrouble(Exception):
    """The demo cannot start; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Six ports in a row."""

    api: int

    @property
    def simulator(self) -> int:
        return self.api + 1

    @property
    def worker(self) -> int:
        return self.api + 2

    @property
    def smtp(self) -> int:
        return self.api + 3

    @property
    def smtp_health(self) -> int:
        return self.api + 4

    @property
    def outside_smtp(self) -> int:
        return self.api + 5

    @property
    def named(self) -> tuple[tuple[str, int], ...]:
        return (
            ("the API", self.api),
            ("the simulator", self.simulator),
            ("the worker", self.worker),
            ("the SMTP process", self.smtp),
            ("the SMTP process's health", self.smtp_health),
            ("the simulated world's mail server", self.outside_smtp),
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Paths and addresses of one demo."""

    folder: Path
    ports: Ports

    @property
    def links(self) -> Path:
        return self.folder / "links.json"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def simulator_state(self) -> Path:
        return self.folder / "simulator.json"

    @property
    def blobs(self) -> Path:
        return self.folder / "blobs"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def api_url(self) -> str:
        return f"http://{HOST}:{self.ports.api}"

    @property
    def simulator_url(self) -> str:
        return f"http://{HOST}:{self.ports.simulator}"

    @property
    def worker_url(self) -> str:
        return f"http://{HOST}:{self.ports.worker}"

    @property
    def smtp_url(self) -> str:
        return f"http://{HOST}:{self.ports.smtp_health}"


def read_port(written: str | None) -> Ports:
    """Read PORT. Raises: DemoTrouble: it is no port that leaves room for six."""
    try:
        first = int(written or "8000")
    except ValueError:
        raise DemoTrouble(
            f"PORT={written} is not a number. Choose one, such as PORT=9000 make demo"
        ) from None
    if not 1 <= first <= 65530:
        raise DemoTrouble(f"PORT={first} leaves no room for six ports. Choose one from 1024 to 65530.")
    return Ports(first)


def refuse_used_ports(ports: Ports) -> None:
    """Make sure that nobody listens where the demo will. Raises: DemoTrouble: it names the port."""
    for name, port in ports.named:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as refused:
                if refused.errno == errno.EACCES:
                    raise DemoTrouble(
                        f"Port {port} needs more rights than you have. Try PORT=8000."
                    ) from None
                raise DemoTrouble(
                    f"Port {port}, which {name} needs, is in use. Stop what uses it, or choose another first "
                    f"port of six in a row: PORT={port + 1000 if port < 60000 else 8000} make demo"
                ) from None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the demo's folder for this process. Raises: DemoTrouble: a demo runs in it."""
    folder.mkdir(parents=True, exist_ok=True)
    # Others may pass through (PostgreSQL runs as another user than root), but not look around.
    folder.chmod(0o711)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode() or "?"
            raise DemoTrouble(
                f"A demo already runs in this folder (process {holder}). Stop it with Ctrl-C where it runs."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file that only its owner reads, whole or not at all."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def forget(folder: Path = FOLDER) -> str:
    """Remove everything a demo keeps; return what was done. Raises: DemoTrouble: it runs."""
    folder = folder.resolve()
    if not folder.exists():
        return "There is nothing to forget."
    with held(folder):
        with contextlib.suppress(EmbeddedTrouble):  # without PostgreSQL it has left no files
            EmbeddedPostgres(folder / "postgres").forget()
        shutil.rmtree(folder)
    return "The demo's data, keys and simulated mailboxes are gone."
