"""The demo's child processes: started under a guard that outlives no parent, watched, and stopped.

Belongs here: starting, waiting until one answers, stopping all. Each child runs under app/embedded_guard.py,
so that it ends when the demo does, also when the demo is killed without a word.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from app import embedded_guard
from app.demo.places import DemoTrouble

_GUARD: Final = Path(embedded_guard.__file__)
_OWN_USER: Final = "-1"


class Child:
    """One process of the demo; its output goes to a file."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as sink:
            self._written_before = sink.tell()
            self._guard = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(_GUARD), _OWN_USER, str(signal.SIGTERM.value), *arguments],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def ended(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._guard.poll()

    def ask_to_stop(self) -> None:
        """Let the guard see that nobody wants the child any more."""
        if self._guard.stdin is not None and not self._guard.stdin.closed:
            self._guard.stdin.close()

    def wait(self, seconds: float) -> None:
        """Wait until child and guard are gone; the guard kills a child that takes too long."""
        try:
            self._guard.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self._guard.pid, signal.SIGKILL)
            self._guard.wait()

    def last_words(self) -> str:
        """The end of what this run of it wrote."""
        with self.log.open("rb") as written:
            written.seek(self._written_before)
            return written.read()[-3000:].decode(errors="replace").strip() or "it wrote nothing"


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def await_answer(child: Child, url: str, pause: Callable[[float], None], seconds: float = 60) -> None:
    """Wait until the child answers at `url`. Raises: DemoTrouble: it ended, or takes too long."""
    deadline = time.monotonic() + seconds
    while not answers(url):
        if child.ended is not None:
            raise DemoTrouble(
                f"{child.name} ended at its start. Its last words, from {child.log}:\n{child.last_words()}"
            )
        if time.monotonic() > deadline:
            raise DemoTrouble(
                f"{child.name} did not answer within {seconds:.0f} s. See {child.log}:\n{child.last_words()}"
            )
        pause(0.05)


def stop_all(children: list[Child]) -> None:
    """Stop them at the same time, and return when none is left."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait(15)
