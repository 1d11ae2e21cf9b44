"""How the inbox bears a workspace of 100 000 conversations: `python -m benchmarks.inbox_size [threads]`.

An API process with a PostgreSQL of its own answers the pages that the web app asks for, one after another;
then a real Chromium opens the app, scrolls to row 50 000, opens a conversation and searches. Chromium is
`chromium` or what CHROMIUM names; web/ must be built, with its development packages (`make check` does both).
"""

import asyncio
import base64
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
from rich.console import Console
from rich.table import Table

from app.accounts import make_key, make_user, make_workspace
from app.embedded import EmbeddedPostgres, EmbeddedValkey
from benchmarks.inbox_rows import fill
from database import migrate
from database.clock import now
from database.pool import Database
from database.sealing import KeyRing, read_keys, write_new_key
from database.vault import Vault
from rules.words import Role, Scope

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = 100
_PASSWORD: Final = "benchmark"
_ROW: Final = """
id subject unreadCount messageCount lastMessageAt state private assignee { id name }
contact { id name emails }
lastMessage { id snippet direction from { address name kind } attachments { id inline } delivery { state } }
"""
_THREADS: Final = (
    "query Threads($filter: ThreadFilter, $first: Int, $after: String) {"
    " threads(filter: $filter, first: $first, after: $after) {"
    " edges { cursor node {" + _ROW + "} } pageInfo { hasNextPage endCursor } } }"
)
_SEARCH: Final = (
    "query Search($query: String!) { searchMessages(query: $query, first: 30) {"
    " edges { node { id subject snippet sentAt direction from { address name }"
    " thread { id contact { id name emails } } } } pageInfo { hasNextPage endCursor } } }"
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _prepare(owner: str, app: str, keys: str, threads: int) -> str:
    """Make tables, the workspace and its conversations; return Ann's key."""
    await migrate.upgrade(owner, app_password=_PASSWORD)
    db = await Database.open(app, read_connections=1, write_connections=1)
    try:
        workspace = await make_workspace(db, Vault(KeyRing(read_keys(keys)), db), "Example & Co.", now())
        ann = await make_user(db, workspace, "Ann Berg", "ann@example-co.test", Role.ADMIN, now())
        key = await make_key(
            db, workspace, "benchmark", frozenset({Scope.READ, Scope.SEND, Scope.ADMIN}), ann.id, now()
        )
    finally:
        await db.close()
    await fill(owner, UUID(str(workspace)), ann.id, threads)
    return key


def _with(environment: dict[str, str], *command: str) -> list[str]:
    """A command with more in its environment."""
    return ["env", *(f"{name}={value}" for name, value in environment.items()), *command]


@contextmanager
def _api(environment: dict[str, str]) -> Iterator[str]:
    """Run an API process; its address."""
    address = environment["HTTP_PUBLIC_URL"]
    process = subprocess.Popen(
        _with(environment, sys.executable, "-m", "app", "api"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with_answer = None
            try:
                with_answer = httpx.get(f"{address}/live", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.1)
            if with_answer is not None and with_answer.status_code == 200:
                break
        else:
            raise RuntimeError("The API process did not answer within 30 s.")
        yield address
    finally:
        process.terminate()
        process.wait()


def _pages(client: httpx.Client, rows: int) -> list[float]:
    """Ask page after page, as the app does while it scrolls; the milliseconds of each."""
    took, after = [], None
    for _ in range(rows // PAGE):
        variables = {"filter": {"state": "OPEN"}, "first": PAGE, "after": after}
        started = time.perf_counter()
        answer = client.post("/graphql", json={"query": _THREADS, "variables": variables}).json()
        took.append((time.perf_counter() - started) * 1000)
        after = answer["data"]["threads"]["pageInfo"]["endCursor"]
    return took


def _searches(client: httpx.Client) -> list[float]:
    took = []
    for words in ("chimney", "garden", '"number 4711"', "roof cost", "Contact 7", "nothingatall") * 5:
        started = time.perf_counter()
        answer = client.post("/graphql", json={"query": _SEARCH, "variables": {"query": words}}).json()
        took.append((time.perf_counter() - started) * 1000)
        assert "errors" not in answer, answer
    return took


def _browser(address: str, token: str, rows: int) -> dict[str, Any]:
    program = ROOT / "web" / "tests" / "size" / "scroll.mjs"
    told = {"api": address, "token": token, "rows": rows}
    run = subprocess.run(
        _with({"STACK": json.dumps(told)}, "node", str(program)),
        cwd=ROOT / "web",
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return dict(json.loads(run.stdout.strip().splitlines()[-1]))


def _table(title: str, rows: list[tuple[str, list[float]]]) -> Table:
    table = Table(title=title)
    for column in ("what", "times", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, took in rows:
        last = sorted(took)[min(len(took) - 1, int(len(took) * 0.99))]
        table.add_row(name, f"{len(took):,}", f"{statistics.median(took):.1f}", f"{last:.1f}")
    return table


def main() -> None:
    """Measure, and print two tables."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rows = threads // 2
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as folder:
        postgres, valkey = EmbeddedPostgres(Path(folder) / "pg"), EmbeddedValkey(Path(folder) / "valkey")
        owner = postgres.start()
        try:
            valkey.start()
            keys, port = write_new_key("benchmark"), _free_port()
            app = postgres.url("bothways_app").replace("@", f":{_PASSWORD}@", 1)
            started = time.perf_counter()
            token = asyncio.run(_prepare(owner, app, keys, threads))
            console.print(f"{threads:,} conversations written in {time.perf_counter() - started:.0f} s")
            environment = {
                "DATABASE_URL": app,
                "REDIS_URL": valkey.url(),
                "VAULT_KEYS": keys,
                "BLOB_URL": (Path(folder) / "blobs").as_uri(),
                "HTTP_PORT": str(port),
                "HTTP_PUBLIC_URL": f"http://127.0.0.1:{port}",
                # One caller reads in a minute what a hundred readers do.
                "HTTP_COST_PER_MINUTE": "100000000",
                "HTTP_SECRET": base64.b64encode(bytes(range(32))).decode(),
            }
            with _api(environment) as address:
                headers = {"authorization": f"Bearer {token}"}
                with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60) as client:
                    console.print(
                        _table(
                            f"The API, {threads:,} conversations, one caller",
                            [
                                (f"a page of {PAGE} conversations, rows 1 to {rows:,}", _pages(client, rows)),
                                ("a search", _searches(client)),
                            ],
                        )
                    )
                seen = Table(title=f"The app in a real Chromium, {threads:,} conversations")
                seen.add_column("what")
                seen.add_column("measured", justify="right")
                for name, value in _browser(address, token, rows).items():
                    seen.add_row(name, str(value))
                console.print(seen)
        finally:
            valkey.stop()
            postgres.stop()


if __name__ == "__main__":
    main()
