"""From asking for work to its start in a worker, and how fast many are done; against arq and a floor.

Run with `python -m benchmarks.jobs`. Ours is the whole way: a row in PostgreSQL by its transaction, the bell,
the claim, the row's end. The others put a job into Redis and take it out; what Redis loses is lost.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import typer
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool, Redis

from app import accounts
from app.embedded import EmbeddedPostgres, EmbeddedValkey
from app.ringing import RedisRinger
from app.settings import child_environment
from benchmarks.jobs_servers import FLOOR, KINDS, STARTED
from benchmarks.processes import ROOT, cpu_seconds, load
from database import migrate, roles
from database.clock import now
from database.ids import new_id
from database.pool import Database
from database.sealing import KeyRing, read_keys, write_new_key
from database.vault import Vault
from rules.happenings import PullMailbox
from rules.words import MailboxId, WorkspaceId

Ask = Callable[[], Awaitable[str]]
"""Ask for one job, and return its name."""
_EVERY_SECONDS = 0.023


@dataclass(frozen=True, slots=True)
class Measured:
    """One worker, one round; milliseconds from before asking, and from after the commit, to the start."""

    p50: float
    p99: float
    p50_from_commit: float
    per_second: float
    idle_percent: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything runs."""

    redis_url: str
    database_url: str
    workspace_id: WorkspaceId
    db: Database


@contextmanager
def servers(folder: Path) -> Iterator[tuple[str, str]]:
    """Start Valkey and a PostgreSQL that writes to disk as in production; give both addresses."""
    folder.chmod(0o711)
    valkey, postgres = EmbeddedValkey(folder / "valkey", durable=False), EmbeddedPostgres(folder / "postgres")
    try:
        yield valkey.start(), postgres.start()
    finally:
        postgres.forget()
        valkey.forget()


async def asking(kind: str, place: Place, client: Redis) -> Ask:
    """Return how a kind's jobs are asked for."""

    async def ask_ours() -> str:
        mailbox_id = MailboxId(new_id())
        async with place.db.work(place.workspace_id) as work:
            work.ask(PullMailbox(mailbox_id))
        return str(mailbox_id)

    async def ask_arq() -> str:
        name = str(new_id())
        await ArqRedis(client.connection_pool).enqueue_job("note", name)
        return name

    async def ask_floor() -> str:
        name = str(new_id())
        await cast(Awaitable[int], client.rpush(FLOOR, name))
        return name

    return {"ours": ask_ours, "floor": ask_floor}.get(kind, ask_arq)


async def started(kind: str, place: Place, client: Redis, number: int) -> dict[str, float]:
    """Wait until so many have begun; when each did, by its name."""
    found: dict[str, float] = {}
    async with asyncio.timeout(120):
        while len(found) < number:
            name, _, at = (
                (await cast(Awaitable[list[bytes]], client.blpop([STARTED])))[1].decode().partition(" ")
            )
            found[name] = float(at)
    return found


async def measure(kind: str, place: Place, jobs: int) -> Measured:
    """Run one worker once."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.jobs_servers", kind, place.redis_url, place.database_url),
        cwd=ROOT,
        env=child_environment({}),
    )
    async with Redis(connection_pool=ConnectionPool.from_url(place.redis_url)) as client:
        try:
            ask = await asking(kind, place, client)
            await ask()
            await started(kind, place, client, 1)
            idle = cpu_seconds(process.pid)
            await asyncio.sleep(3)
            idle = (cpu_seconds(process.pid) - idle) / 3 * 100
            asked: list[tuple[float, float]] = []
            for _ in range(jobs):
                before = time.monotonic()
                await ask()
                asked.append((before, time.monotonic()))
                await asyncio.sleep(_EVERY_SECONDS)
            begun = sorted((await started(kind, place, client, jobs)).values())
            waits = sorted((at - before) * 1000 for (before, _), at in zip(asked, begun, strict=True))
            waits_from_commit = [(at - after) * 1000 for (_, after), at in zip(asked, begun, strict=True)]
            began = time.monotonic()
            await asyncio.gather(*(_several(ask, jobs // 10) for _ in range(10)))
            await started(kind, place, client, jobs // 10 * 10)
            elapsed = time.monotonic() - began
        finally:
            process.kill()
            await process.wait()
            await client.flushdb()
    return Measured(
        statistics.median(waits),
        waits[int(len(waits) * 0.99)],
        statistics.median(waits_from_commit),
        jobs // 10 * 10 / elapsed,
        idle,
    )


async def _several(ask: Ask, number: int) -> None:
    for _ in range(number):
        await ask()


async def compare(kinds: list[str], jobs: int, rounds: int) -> None:
    """Measure every worker in turn, several rounds, and print medians."""
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as (redis_url, owner_url):
        await migrate.upgrade(owner_url, app_password="only-for-benchmarks")
        database_url = owner_url.replace("//postgres@", f"//{roles.APP}:only-for-benchmarks@")
        ringer = RedisRinger(redis_url)
        db = await Database.open(database_url, bell=ringer)
        vault = Vault(KeyRing(read_keys(write_new_key("bench"))), db)
        workspace_id = await accounts.make_workspace(db, vault, "Okafor & Sons", now())
        place = Place(redis_url, database_url, workspace_id, db)
        measured: dict[str, list[Measured]] = {kind: [] for kind in kinds}
        print(
            f"{jobs} jobs, one every {_EVERY_SECONDS * 1000:.0f} ms, medians of {rounds} rounds; {load()}\n"
        )
        for _ in range(rounds):
            for kind in kinds:
                measured[kind].append(await measure(kind, place, jobs))
                print(f"  {kind}: {measured[kind][-1]}", file=sys.stderr)
        await db.close()
        await ringer.close()
    print(
        "| worker | ask to start p50 ms | p99 ms | commit to start p50 ms | asked and done/s | idle CPU % |"
    )
    print("|---|---|---|---|---|---|")
    for kind, ones in measured.items():
        row = [statistics.median(getattr(one, part) for one in ones) for part in Measured.__slots__]
        print(f"| {kind} | {row[0]:.1f} | {row[1]:.1f} | {row[2]:.1f} | {row[3]:,.0f} | {row[4]:.1f} |")


def main(
    jobs: Annotated[int, typer.Option(help="Jobs of a round.")] = 300,
    rounds: Annotated[int, typer.Option(help="How often each worker is measured.")] = 3,
    only: Annotated[list[str] | None, typer.Option(help="Only these; may be repeated.")] = None,
) -> None:
    """Print how soon each worker begins."""
    asyncio.run(compare(list(only or KINDS), jobs, rounds))


if __name__ == "__main__":
    typer.run(main)
