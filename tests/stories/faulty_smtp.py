"""The SMTP process, killed or out of disk at the n-th step between DATA and the reply to it.

`python -m tests.stories.faulty_smtp` reads a plan a line: `kill 7`, `ENOSPC 3`, `EIO fsync` or `well`. A word
means the first such step once the mail is judged: how many come before depends on how its bytes arrive. For
each plan it forks a process that serves, says `started PID`, and when that process has ended `ended STATUS`.
Steps are what a crash can come between: every piece written to a file, every fsync and rename, every
statement and commit sent to the database, every point that jobs pass. A process that is well writes the names
of its steps to the file STEPS.
"""

import asyncio
import errno
import os
import pathlib
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.settings import read_settings
from app.smtp import serve
from inbound.smtp import Conversation

DISK = ("spool", "write", "fsync", "rename")
JUDGED = "auto_bcc.judged"


class Steps:
    """Counts the steps of one mail, and lets the chosen one go wrong."""

    def __init__(self, fault: str, place: str, told: Path) -> None:
        self.fault, self.place, self.told = fault, place, told
        self.names: list[str] | None = None
        self.failed = False

    def passing(self, name: str) -> None:
        """Go past a step, or do not."""
        if self.names is None:
            return
        self.names.append(name)
        if self.fault == "well":
            self.told.write_text("\n".join(self.names))
        elif self.fault == "kill":
            if str(len(self.names)) == self.place:
                os.kill(os.getpid(), signal.SIGKILL)
        elif not self.failed and self._is_meant(name, self.names):
            self.failed = True
            raise OSError(getattr(errno, self.fault), "the disk is at fault")

    def _is_meant(self, name: str, names: list[str]) -> bool:
        if name not in DISK:
            return False
        if self.place in DISK:
            return name == self.place and JUDGED in names
        return str(sum(one in DISK for one in names)) == self.place


class Spool:
    """A file whose every piece is a step."""

    def __init__(self, file: Any, steps: Steps) -> None:
        self.file, self.steps = file, steps

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, piece: bytes) -> None:
        self.steps.passing("spool")
        self.file.write(piece)


def watch(steps: Steps) -> None:
    """Put a step before everything that leaves this process."""

    def before(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*arguments: Any, **more: Any) -> Any:
            steps.passing(name)
            return act(*arguments, **more)

        return acted

    os.write = before("write", os.write)
    os.fsync = before("fsync", os.fsync)
    pathlib.Path.replace = before("rename", pathlib.Path.replace)  # type: ignore[method-assign]  # it is the fault
    opened = pathlib.Path.open

    def open_(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        file = opened(path, mode, *more, **named)
        return Spool(file, steps) if mode == "xb" else file

    pathlib.Path.open = open_  # type: ignore[assignment,method-assign]  # it is the fault
    event.listen(Engine, "before_cursor_execute", lambda *_: steps.passing("statement"))
    event.listen(Engine, "commit", lambda *_: steps.passing("commit"))
    smtp_data = Conversation.smtp_DATA

    async def from_data(conversation: Conversation, arg: str | None) -> None:
        steps.names = [] if steps.names is None or steps.fault == "well" else steps.names
        await smtp_data(conversation, arg)

    Conversation.smtp_DATA = from_data  # type: ignore[assignment,method-assign]  # it is the fault


def main() -> None:
    """Carry the plan out."""
    for line in sys.stdin:
        fault, _, place = line.strip().partition(" ")
        child = os.fork()
        if not child:
            os.dup2(2, 1)  # what it logs is no answer to a plan
            steps = Steps(fault, place, Path(os.environ["STEPS"]))
            watch(steps)
            asyncio.run(serve(read_settings(env_file=None), steps.passing))
            os._exit(0)
        print(f"started {child}", flush=True)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main()
