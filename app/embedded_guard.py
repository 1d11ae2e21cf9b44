"""Run one server for as long as the process that started this one lives, however that one ends.

Belongs here: nothing but that; it is run as a file of its own (`python -I -S embedded_guard.py`), so that
it starts in milliseconds and imports nothing of the house. The parent holds the other end of our standard
input: its end, or a changed parent process, means that the parent is gone, and the server is asked to stop.
A pipe works where PR_SET_PDEATHSIG does not: on macOS, from threads that end, and across a change of user.

Arguments: the user id to run as (-1: ours), the signal that stops the server, then its command line.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

GRACE_SECONDS = 10


_PR_SET_PDEATHSIG = 1


def _tie() -> Callable[[], None] | None:
    """What a child runs before its program so that, on Linux, it ends should this guard itself be killed.

    A shell script's background job ignores SIGQUIT, and so would everything that it starts.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # loaded before the user changes: the new one may not read our Python
    guard = os.getpid()

    def tie() -> None:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        # A guard that was killed before this line sends no signal any more: its child has another parent.
        if prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT) != 0 or os.getppid() != guard:
            os._exit(1)

    return tie


def main(arguments: list[str]) -> int:
    """Start the server, wait for it or for the parent's end, and return the server's exit code."""
    user, stop, command = int(arguments[0]), signal.Signals(int(arguments[1])), arguments[2:]
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    parent = os.getppid()
    server = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        user=user if user >= 0 else None,
        group=user if user >= 0 else None,
        extra_groups=[] if user >= 0 else None,
        preexec_fn=_tie(),
        restore_signals=True,
    )
    while server.poll() is None:
        readable, _, _ = select.select([0], [], [], 0.25)
        if (readable and not os.read(0, 1)) or os.getppid() != parent:
            break
    if server.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(stop)
        try:
            server.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    return abs(int(server.returncode))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
