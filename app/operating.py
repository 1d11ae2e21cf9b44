"""What an operator does from the command line, each as one coroutine with a database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from app import accounts
from app.known_trouble import OperatorError
from app.settings import DatabaseSettings, VaultSettings, read_group
from database import clock
from database.pool import Database
from database.sealing import KeyRing, read_keys
from database.vault import Vault
from rules.addresses import InvalidAddress, normalise
from rules.words import Role, Scope, WorkspaceId


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Database, Vault]]:
    """Reach the database as the processes do. Raises: what can be wrong with settings, database or keys."""
    url = read_group(DatabaseSettings).url.get_secret_value()
    keys = read_keys(read_group(VaultSettings).keys.get_secret_value())
    db = await Database.open(url, read_connections=1, write_connections=1)
    try:
        vault = Vault(KeyRing(keys), db)
        await vault.check()
        yield db, vault
    finally:
        await db.close()


async def create_workspace(name: str) -> WorkspaceId:
    """Make a workspace."""
    async with opened() as (db, vault):
        return await accounts.make_workspace(db, vault, name, clock.now())


async def list_workspaces() -> list[tuple[UUID, str]]:
    """Every workspace with its name."""
    async with opened() as (db, _):
        ids = await db.across.workspaces()
        return [
            (each, await db.fetchval(each, "select name from workspaces where id = $1", each)) for each in ids
        ]


async def create_user(workspace_id: UUID, name: str, email: str, *, admin: bool) -> UUID:
    """Make a user. Raises: OperatorError: the address is none, or is taken."""
    async with opened() as (db, _):
        known = await _existing(db, workspace_id)
        try:
            address = normalise(email)
        except InvalidAddress as reason:
            raise OperatorError(f"{email!r} is not an email address: {reason}.") from None
        if await db.fetchval(known, "select true from users where email = $1", address):
            raise OperatorError(f"A user of this workspace already has the address {address}.")
        role = Role.ADMIN if admin else Role.MEMBER
        return (await accounts.make_user(db, known, name, address, role, clock.now())).id


async def create_key(workspace_id: UUID, name: str, scopes: list[str], user_id: UUID | None) -> str:
    """Make an API key. Raises: OperatorError: a scope or the user is unknown."""
    try:
        wanted = frozenset(Scope(scope.upper()) for scope in scopes)
    except ValueError:
        raise OperatorError(f"Scopes are {', '.join(scope.value for scope in Scope)}.") from None
    async with opened() as (db, _):
        known = await _existing(db, workspace_id)
        if user_id and not await db.fetchval(known, "select true from users where id = $1", user_id):
            raise OperatorError("The workspace has no such user.")
        return await accounts.make_key(db, known, name, wanted, user_id, clock.now())


async def revoke_key(workspace_id: UUID, prefix: str) -> bool:
    """End an API key; False if there is none."""
    async with opened() as (db, _):
        return await accounts.revoke_key(db, WorkspaceId(workspace_id), prefix, clock.now())


async def rewrap() -> int:
    """Wrap every data key with the newest deployment key; how many were not."""
    async with opened() as (_, vault):
        return await vault.rewrap_all()


async def _existing(db: Database, workspace_id: UUID) -> WorkspaceId:
    known = WorkspaceId(workspace_id)
    if not await db.fetchval(known, "select true from workspaces where id = $1", known):
        raise OperatorError("There is no such workspace. See: python -m app workspace list")
    return known
