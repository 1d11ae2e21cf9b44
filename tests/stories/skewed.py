"""A process of ours on a machine whose clock is wrong.

`python -m tests.stories.skewed NAME` runs `python -m app NAME`. The file SKEW holds by how many seconds the
machine's clock is ahead; it is read each time the clock is, so that the clock can be set while it runs.
"""

import os
import time
from datetime import datetime, timedelta, tzinfo
from typing import Self

from database import clock

SKEW = os.open(os.environ["SKEW"], os.O_RDONLY)


def ahead() -> float:
    return float(os.pread(SKEW, 20, 0) or 0)


class SkewedDatetime(datetime):
    """Whose now is the wrong machine's."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(seconds=ahead())


def main() -> None:
    """Make the clock wrong, and go on as app does."""
    right = time.time
    time.time = lambda: right() + ahead()
    clock.datetime = SkewedDatetime  # type: ignore[attr-defined]  # it is the fault
    from app.commands import app

    app(prog_name="python -m app")


if __name__ == "__main__":
    main()
