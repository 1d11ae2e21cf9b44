"""Tables and people: what must be in the database before a demo's processes start."""

import asyncio
from uuid import UUID

from app.demo import configuration
from app.demo.configuration import Addresses, DemoSecrets
from app.demo.places import DemoTrouble, Places
from app.demo.seed import seed
from database import migrate
from database.clock import now
from database.lines import DatabaseAway
from database.pool import Database
from database.roles import UnsafeRole
from database.sealing import KeyRing, VaultTrouble, read_keys
from database.urls import UnreadableUrl
from database.vault import Vault
from rules.words import WorkspaceId


def prepare(where: Places, kept: DemoSecrets, addresses: Addresses) -> DemoSecrets:
    """Migrate, and make the demo's workspace unless it is there; return the secrets with its token.

    Raises:
        DemoTrouble: the database refuses; the message says what to do.
    """
    where.blobs.mkdir(exist_ok=True, mode=0o700)
    try:
        return asyncio.run(_prepare(where, kept, addresses))
    except (DatabaseAway, UnreadableUrl, UnsafeRole, OSError) as trouble:
        raise DemoTrouble(f"The database cannot be used: {trouble}") from trouble
    except VaultTrouble as trouble:
        raise DemoTrouble(f"{trouble}\nOr start afresh with: make demo-reset") from trouble


async def _prepare(where: Places, kept: DemoSecrets, addresses: Addresses) -> DemoSecrets:
    if await migrate.current(addresses.owner) != migrate.newest():
        await migrate.upgrade(addresses.owner, app_password=kept.app_password)
    db = await Database.open(addresses.app, read_connections=1, write_connections=1)
    try:
        vault = Vault(KeyRing(read_keys(kept.vault_keys)), db)
        await vault.check()
        if kept.workspace_id is not None and kept.token is not None:
            known = WorkspaceId(UUID(kept.workspace_id))
            if await db.fetchval(known, "select true from workspaces where id = $1", known):
                return kept
        seeded = await seed(db, vault, now(), where.ports.outside_smtp)
        return configuration.remember(where, kept, str(seeded.workspace_id), seeded.token)
    finally:
        await db.close()
