"""A migrated PostgreSQL with a workspace full of mail, for the benchmarks that ask a database of some size.

The mail is made by PostgreSQL itself (seed.sql): 200 000 messages take about a minute. Nothing in it is
random, so two runs read the same. A folder that is kept is asked again in seconds.
"""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import orjson

from app import accounts
from app.embedded import EmbeddedPostgres
from database import migrate, roles
from database.clock import now
from database.pool import Database
from database.sealing import KeyRing, read_keys, write_new_key
from database.vault import Vault
from rules.words import Role, Scope

_PASSWORD = "only-for-benchmarks"
_TUNED = {"shared_buffers": "1GB", "effective_cache_size": "4GB", "max_wal_size": "4GB", "autovacuum": "off"}
"""As an operator would set it for a database of this size; the statistics are taken once, after seeding."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """A database full of mail, and who may ask for it."""

    owner_url: str
    app_url: str
    vault_keys: str
    token: str
    workspace_id: str
    user_id: str
    messages: int
    postmaster: int


@asynccontextmanager
async def seeded(folder: Path, messages: int) -> AsyncIterator[Seeded]:
    """Start PostgreSQL in a folder; fill it, unless it was filled with as much mail before."""
    server = EmbeddedPostgres(folder / "postgres", durable=False, more=_TUNED)
    owner_url = server.start()
    try:
        app_url = owner_url.replace("//postgres@", f"//{roles.APP}:{_PASSWORD}@")
        await migrate.upgrade(owner_url, app_password=_PASSWORD)
        note = folder / "seeded.json"
        if not note.exists() or orjson.loads(note.read_bytes())["messages"] != messages:
            made = await _seed(owner_url, app_url, messages)
            note.write_bytes(orjson.dumps(asdict(made)))
        kept = orjson.loads(note.read_bytes())
        yield Seeded(**kept | {"owner_url": owner_url, "app_url": app_url, "postmaster": server.pid})
    finally:
        server.stop()


async def _seed(owner_url: str, app_url: str, messages: int) -> Seeded:
    began = time.perf_counter()
    keys = write_new_key("bench")
    owner = await asyncpg.connect(owner_url)
    db = await Database.open(app_url)
    try:
        await owner.execute("delete from workspaces")
        vault = Vault(KeyRing(read_keys(keys)), db)
        workspace_id = await accounts.make_workspace(db, vault, "Okafor & Sons", now())
        user = await accounts.make_user(db, workspace_id, "Ann Berg", "ann@crm.example", Role.ADMIN, now())
        token = await accounts.make_key(db, workspace_id, "benchmark", frozenset(Scope), user.id, now())
        for name, value in {"workspace": workspace_id, "user": user.id, "messages": messages}.items():
            await owner.execute(f"select set_config('bench.{name}', '{value}', false)")
        await owner.execute(Path(__file__).with_name("seed.sql").read_text(), timeout=3600)
        await owner.execute("vacuum analyze", timeout=3600)
    finally:
        await db.close()
        await owner.close()
    print(f"seeded {messages:,} messages in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return Seeded(owner_url, app_url, keys, token, str(workspace_id), str(user.id), messages, 0)
