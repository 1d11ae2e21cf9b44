"""Builds the web app once for the tests, and runs the programs of web/tests/browser in a real browser."""

import asyncio
import fcntl
import os
import shutil
from pathlib import Path

from tests.node_programs import find
from tests.simulator_process import ROOT

WEB = ROOT / "web"
PROGRAMS = WEB / "tests" / "browser"
_SOURCES = ("src", "public", "index.html", "package-lock.json", "vite.config.ts", "scripts")
_SECONDS = 240


async def build_web() -> Path:
    """Return web/dist, built anew where a source is newer; whoever asks first builds, the others wait.

    Raises:
        AssertionError: it could not be built.
    """
    with (WEB / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (WEB / "node_modules" / "vitest").exists():
            await _run("npm", "ci", "--ignore-scripts")
        built = WEB / "dist" / "index.html"
        if not built.exists() or built.stat().st_mtime < _newest():
            await _run("npm", "run", "build")
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


def _newest() -> float:
    files = (file for name in _SOURCES for file in [WEB / name, *(WEB / name).rglob("*")])
    generated = WEB / "src" / "data" / "schema-types.d.ts"
    schema = ROOT / "schema" / "schema.graphql"
    return max(file.stat().st_mtime for file in [*files, schema] if file.is_file() and file != generated)


async def _run(program: str, *arguments: str, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        find(program),
        *arguments,
        cwd=WEB,
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
