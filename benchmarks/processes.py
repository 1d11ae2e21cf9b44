"""Servers as processes of their own: started, waited for, ended, and what they used of the machine."""

import asyncio
import os
import socket as sockets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from app.settings import child_environment

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """Return a port that nobody listens at."""
    with sockets.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def until_listening(port: int, seconds: float = 60) -> None:
    """Return when something accepts connections."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@asynccontextmanager
async def running(
    command: list[str], port: int, environment: Mapping[str, str] | None = None, folder: Path = ROOT
) -> AsyncIterator[int]:
    """Run a server and give its process id."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.DEVNULL,
        cwd=folder,
        env=child_environment(environment or {}),
    )
    ended = asyncio.create_task(process.wait())
    listening = asyncio.create_task(until_listening(port))
    try:
        await asyncio.wait([ended, listening], return_when=asyncio.FIRST_COMPLETED)
        assert not ended.done(), f"{' '.join(command[:4])} ended with {process.returncode}; see above"
        await listening
        yield process.pid
    finally:
        listening.cancel()
        with suppress(ProcessLookupError):
            process.kill()
        await ended


def _fields(pid: int | str) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, user and system."""
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_seconds_below(pid: int) -> float:
    """Return the processor time of a process's children, those that have ended included."""
    fields = _fields(pid)
    total = (int(fields[13]) + int(fields[14])) / _TICKS
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                one = _fields(entry.name)
            except OSError:
                continue
            if int(one[1]) == pid:
                total += (int(one[11]) + int(one[12])) / _TICKS
    return total


def rss_bytes(pid: int) -> int:
    """Return the memory that a process holds now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES


def load() -> str:
    """Return how busy the machine is, for the head of a table."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
