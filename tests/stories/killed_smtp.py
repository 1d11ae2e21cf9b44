"""The SMTP process, killed at a point: `python -m tests.stories.killed_smtp auto_bcc.uncommitted`."""

import asyncio
import os
import signal
import sys

from app.settings import read_settings
from app.smtp import serve


def main(point: str) -> None:
    """Serve until a mail passes the point, then die as from kill -9."""

    def passing(passed: str) -> None:
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(serve(read_settings(env_file=None), passing))


if __name__ == "__main__":
    main(sys.argv[1])
