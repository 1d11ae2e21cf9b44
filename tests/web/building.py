"""Builds the web app once for the tests, and runs the programs of web/tests/browser in a real browser."""

import asyncio
import fcntl
import os
import shutil
import sys
from pathlib import Path

from app.demo.web_building import is_installed
from tests.node_programs import find
from tests.simulator_process import ROOT

WEB = ROOT / "web"
PROGRAMS = WEB / "tests" / "browser"
_SECONDS = 240


async def build_web() -> Path:
    """Return web/dist, built as the demo builds it where a source changed; the tests' tools are beside it.

    Raises:
        AssertionError: it could not be built.
    """
    with (WEB / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not is_installed() or not (WEB / "node_modules" / "vitest").exists():
            await _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    await _run(sys.executable, "-m", "app.demo.web_building", where=ROOT)
    return WEB / "dist"


def chromium() -> str:
    """Return where a Chromium is. Raises: AssertionError: this machine has none."""
    given = os.environ.get("CHROMIUM")
    found = given or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    assert found, "Chromium is needed: install the package chromium, or name it in CHROMIUM"
    return found


async def run_in_browser(program: str, told: str) -> str:
    """Return what a program of web/tests/browser prints.

    Raises:
        AssertionError: it failed; the message carries its last words.
    """
    return await _run("node", str(PROGRAMS / program), STACK=told, CHROMIUM=chromium())


async def run_npm(script: str) -> str:
    """Return what a script of web/package.json prints. Raises: AssertionError: it failed."""
    return await _run("npm", "run", script)


async def _run(program: str, *arguments: str, where: Path = WEB, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        find(program),
        *arguments,
        cwd=where,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "npm_config_update_notifier": "false", **environment},
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{program} {' '.join(arguments)}:\n{output.decode()[-6000:]}"
    return output.decode()
