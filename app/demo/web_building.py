"""Builds the web app where its sources changed: `python -m app.demo.web_building`.

Belongs here: finding Node (the machine's, else the one of the wheel that requirements/node.txt pins), and
knowing by a hash of the sources whether there is anything to build. Exit code 0: web/dist is built of the
sources as they are; 3: there is no Node for this machine; anything else: npm's own.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from app.settings import child_environment, given

ROOT: Final = Path(__file__).resolve().parent.parent.parent
WEB: Final = ROOT / "web"
NO_NODE: Final = 3
_OLDEST_NODE: Final = 20
_SOURCES: Final = (
    "src",
    "public",
    "scripts",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
)
_GENERATED: Final = "schema-types.d.ts"


def _files() -> Iterator[Path]:
    yield ROOT / "schema" / "schema.graphql"
    for name in _SOURCES:
        path = WEB / name
        yield from sorted(path.rglob("*")) if path.is_dir() else [path]


def fingerprint() -> str:
    """Return a hash of everything that the built app is made of."""
    digest = hashlib.sha256()
    for path in _files():
        if path.is_file() and path.name != _GENERATED:
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_fresh() -> bool:
    """Whether web/dist was built of the sources as they are."""
    marker = WEB / "dist" / ".sources"
    return marker.is_file() and marker.read_text() == fingerprint()


def _new_enough(node: str) -> bool:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    major = told.stdout.strip().removeprefix("v").partition(".")[0]
    return told.returncode == 0 and major.isdecimal() and int(major) >= _OLDEST_NODE


def _wheel_node() -> Path | None:
    """Return the folder of the wheel's programs beside this Python, installed now if it is not; or None."""
    folder = Path(sys.executable).parent
    if not (folder / "npm").exists():
        wanted = ["-r", str(ROOT / "requirements" / "node.txt"), "--require-hashes", "--no-input", "-q"]
        if _run([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *wanted], {}):
            return None
    return folder if (folder / "npm").exists() and _new_enough(str(folder / "node")) else None


def _path_with_node() -> str | None:
    """Return a PATH on which npm and a new enough node are; None where this machine has neither."""
    path = given("PATH") or os.defpath
    node = shutil.which("node")
    if node and shutil.which("npm") and _new_enough(node):
        return path
    folder = _wheel_node()
    return None if folder is None else f"{folder}{os.pathsep}{path}"


def _run(command: list[str], added: dict[str, str]) -> int:
    """Run a command to its end, in a group of its own that ends when this process is asked to."""
    process = subprocess.Popen(  # noqa: S603
        command, cwd=WEB, env=child_environment(added), stdin=subprocess.DEVNULL, start_new_session=True
    )

    def end(_: int, __: FrameType | None) -> NoReturn:
        os.killpg(process.pid, signal.SIGKILL)
        sys.exit(1)

    before = signal.signal(signal.SIGTERM, end)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGTERM, before)


def is_installed() -> bool:
    """Whether npm installed what the lock file names; it writes a lock of its own at the end."""
    installed = WEB / "node_modules" / ".package-lock.json"
    newest = max((WEB / name).stat().st_mtime for name in ("package.json", "package-lock.json"))
    return installed.is_file() and installed.stat().st_mtime >= newest


def build() -> int:
    """Build the app unless it is fresh; return the exit code."""
    if is_fresh():
        return 0
    path = _path_with_node()
    if path is None:
        return NO_NODE
    added = {"PATH": path, "npm_config_update_notifier": "false", "CI": "1"}
    if not is_installed():
        # Only what a build needs: the tools for checks and tests are not the demo's.
        failed = _run(["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], added)
        if failed:
            return failed
    sources = fingerprint()
    failed = _run(["npm", "run", "build"], added)
    if not failed:
        (WEB / "dist" / ".sources").write_text(sources)
    return failed


def main() -> int:
    """Build, one process at a time: tests and demos share web/dist."""
    with (WEB / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return build()


if __name__ == "__main__":
    sys.exit(main())
