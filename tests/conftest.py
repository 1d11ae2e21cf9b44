"""What every test may ask for: a database of its own, a Valkey without keys, a workspace with a user."""

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis

from app.embedded import EmbeddedValkey
from database.clock import now
from database.ids import new_id
from database.pool import Database
from database.sealing import KeyRing
from database.tables import UserRow, WorkspaceRow
from database.vault import Vault
from rules.words import Role, UserId, WorkspaceId
from tests.services import PostgresForTests, scratch_folder, start_valkey

# The tests start some two hundred processes of the house. Where this is set, each compiles the house anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long Hypothesis takes to draw says something about the machine alone: a fresh clone makes its tables of
# letters in the first test that needs them. All else stays as it is, here and in CI.
settings.register_profile("house", settings(), suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# Modules and tests stay to the end: looking through them for cycles is a quarter of what collecting takes.
gc.set_threshold(50_000)


# structlog's own way to show an error colours the source of each frame, which costs more than what is tested.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

_LONGEST_FIRST = ("tests/web/", "tests/app/demo/", "tests/stories/", "tests/jobs/", "tests/providers/")


def pytest_configure(config: pytest.Config) -> None:
    # xdist would begin with the files that have most tests, and so end with one story on one worker.
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; within that in the order that pytest-randomly drew."""

    def place(item: pytest.Item) -> int:
        places = (place for place, folder in enumerate(_LONGEST_FIRST) if item.nodeid.startswith(folder))
        return next(places, len(_LONGEST_FIRST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    gc.freeze()


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    folder = scratch_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def postgres(services_folder: Path) -> AsyncIterator[PostgresForTests]:
    server = PostgresForTests(services_folder)
    yield server
    await server.close()


@pytest.fixture
async def database_name(postgres: PostgresForTests) -> AsyncIterator[str]:
    """The name of a migrated database without a row, this test's own; change rows, never tables."""
    name = await postgres.migrated()
    yield name
    await postgres.give_back(name)


@pytest.fixture
def database_url(postgres: PostgresForTests, database_name: str) -> str:
    """The address with which the processes would log in: not the owner, held by row-level security."""
    return postgres.app_url(database_name)


@pytest.fixture
def owner_url(postgres: PostgresForTests, database_name: str) -> str:
    """The address with which migrations log in; sees every row."""
    return postgres.owner_url(database_name)


@pytest.fixture
async def db(postgres: PostgresForTests, database_name: str) -> AsyncIterator[Database]:
    database = await postgres.reach(database_name)
    yield database
    await postgres.leave(database_name, database)


@pytest.fixture(scope="session")
def valkey(services_folder: Path) -> Iterator[tuple[str, EmbeddedValkey | None]]:
    url, server = start_valkey(services_folder)
    yield url, server
    if server is not None:
        server.forget()


@pytest.fixture
async def redis_url(valkey: tuple[str, EmbeddedValkey | None]) -> str:
    """The address of a Valkey whose database holds no key."""
    client: Redis = Redis.from_url(valkey[0])
    await client.flushdb()
    await client.aclose()
    return valkey[0]


@pytest.fixture(scope="session")
def key_ring() -> KeyRing:
    return KeyRing({"tests": bytes(range(32))})


@pytest.fixture
def vault(key_ring: KeyRing, db: Database) -> Vault:
    return Vault(key_ring, db)


@dataclass(frozen=True, slots=True)
class WorkspaceForTests:
    """A workspace and its first user, an admin."""

    id: WorkspaceId
    user_id: UserId


async def make_workspace(db: Database, key_ring: KeyRing, name: str = "Okafor & Sons") -> WorkspaceForTests:
    """Store a workspace with one user, as `python -m app workspace create` does."""
    workspace_id, user_id = WorkspaceId(new_id()), UserId(new_id())
    key = key_ring.new_data_key(workspace_id)
    async with db.work(workspace_id) as work:
        work.add(
            WorkspaceRow(
                id=workspace_id,
                name=name,
                attachment_limit_bytes=25_000_000,
                data_key=key.wrapped,
                data_key_wrapped_by=key.by,
                created_at=now(),
            )
        )
        work.add(
            UserRow(
                id=user_id,
                workspace_id=workspace_id,
                name="Ada Obi",
                email="ada@okafor.example",
                role=Role.ADMIN,
                subject="crm-user-1",
                created_at=now(),
            )
        )
    return WorkspaceForTests(workspace_id, user_id)


@pytest.fixture
async def workspace(db: Database, key_ring: KeyRing) -> WorkspaceForTests:
    return await make_workspace(db, key_ring)


@pytest.fixture
async def other_workspace(db: Database, key_ring: KeyRing) -> WorkspaceForTests:
    """Somebody else's."""
    return await make_workspace(db, key_ring, "Lindqvist AB")
