"""A process beside a crowd that watches a server of ours, as an orchestrator would: does it live, how large.

`python -m tests.stories.watching PORT PID` asks for /live fifty times a second, and looks how much memory the
process holds, until its input ends; then it prints what it saw as JSON. It stands apart so that a crowd made
by the test's own process does not hold it up.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simulator_process import ROOT

EVERY_SECONDS = 0.02
PATIENCE_SECONDS = 10.0


@dataclass
class Seen:
    """What was seen while watching; complete once the watching is over."""

    first_bytes: int = 0
    most_bytes: int = 0
    seconds: tuple[float, ...] = ()
    """How long each answer of /live took, in their order; one that never came took PATIENCE_SECONDS."""

    @property
    def grown_bytes(self) -> int:
        return self.most_bytes - self.first_bytes

    def percentile(self, hundredth: int) -> float:
        return sorted(self.seconds)[min(len(self.seconds) - 1, len(self.seconds) * hundredth // 100)]


@asynccontextmanager
async def watched(port: int, pid: int) -> AsyncIterator[Seen]:
    """Watch a process while entered."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stories.watching", str(port), str(pid)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"watching\n"
    seen = Seen()
    try:
        yield seen
    finally:
        told, _ = await process.communicate(b"")
        for name, value in json.loads(told).items():
            setattr(seen, name, tuple(value) if isinstance(value, list) else value)


def resident_bytes(pid: int) -> int:
    """How much memory a process holds now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


async def _live(port: int) -> float:
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
    except (TimeoutError, OSError):
        return PATIENCE_SECONDS
    return time.monotonic() - began if answer.startswith(b"HTTP/1.1 200") else PATIENCE_SECONDS


async def _watch(port: int, pid: int) -> None:
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.buffer.read))
    first = most = resident_bytes(pid)
    print("watching", flush=True)
    seconds = []
    while not ended.done():
        seconds.append(await _live(port))
        most = max(most, resident_bytes(pid))
        await asyncio.wait({ended}, timeout=EVERY_SECONDS)
    print(json.dumps({"first_bytes": first, "most_bytes": most, "seconds": seconds}))


if __name__ == "__main__":
    asyncio.run(_watch(int(sys.argv[1]), int(sys.argv[2])))
