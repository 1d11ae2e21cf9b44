"""What an operator does from the command line, each as one coroutine with a database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import delete, text

from app import accounts, exporting
from app.exporting import Exported
from app.known_trouble import OperatorError
from app.settings import BlobSettings, DatabaseSettings, VaultSettings, read_group
from database import clock, erasures
from database.audit import Act, Chain
from database.blobs import Blobs
from database.erasures import Erasure
from database.pool import Database
from database.sealing import KeyRing, read_keys
from database.tables import WorkspaceRow, table_of
from database.vault import Vault
from rules.addresses import InvalidAddress, normalise
from rules.words import Role, Scope, WorkspaceId

_MAILBOX: Final = text(
    "select coalesce(address, '') as called, erasing_since from mailboxes where id = :id for no key update"
)
_USER: Final = text("select email as called, erasing_since from users where id = :id for no key update")
_WAS_ERASED: Final = (
    "select exists (select from audit_log where action = $1 and detail ->> $2::text = $3::text)"
)
_AUDIT_PAGE: Final = """
select number, at, actor, action, detail, chain from audit_log
where workspace_id = $1 and number > $2 order by number limit $3
"""


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


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One workspace's audit log: how far its chain holds, and the first row that does not."""

    workspace_id: WorkspaceId
    holds_to: int
    broken_at: int | None


async def verify_audit(workspace_id: UUID | None, at_least: int) -> list[AuditFinding]:
    """Read the audit log of one workspace, or of every one, and follow its chain.

    `at_least` is a number that was noted elsewhere: a log that ends before it was cut off.
    """
    async with opened() as (db, _):
        ids = await db.across.workspaces() if workspace_id is None else [await _existing(db, workspace_id)]
        return [await _follow(db, each, at_least) for each in ids]


async def _follow(db: Database, workspace_id: WorkspaceId, at_least: int) -> AuditFinding:
    chain, page = Chain(workspace_id), 1_000
    while True:
        rows = await db.fetch(workspace_id, _AUDIT_PAGE, workspace_id, chain.number, page)
        for row in rows:
            act = Act(row["actor"], row["action"], row["detail"])
            if not chain.takes(row["number"], row["at"], act, bytes(row["chain"])):
                return AuditFinding(workspace_id, chain.number, chain.number + 1)
        if len(rows) < page:
            cut_off = chain.number + 1 if chain.number < at_least else None
            return AuditFinding(workspace_id, chain.number, cut_off)


async def export(workspace_id: UUID, folder: Path, contact: UUID | None) -> Exported:
    """Write everything of a workspace, or of one contact, into a new or empty folder.

    Raises: OperatorError: the folder is not empty, or there is no such workspace or contact.
    """
    _empty(folder)
    async with opened() as (db, _):
        known = await _existing(db, workspace_id)
        if contact and not await db.fetchval(known, "select true from contacts where id = $1", contact):
            raise OperatorError("The workspace has no such contact.")
        blobs = Blobs(read_group(BlobSettings).url)
        return await exporting.export(db, blobs, known, folder, clock.now(), contact)


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise OperatorError(f"{folder} is not empty. Name a new folder.")


async def erase_workspace(workspace_id: UUID, name: str, *, even_connected: bool) -> int:
    """Erase a workspace with its data key and every file; how many files there were.

    The rows go first, in one transaction, and with them the key without which no sealed column of a backup
    opens. Run again after a crash it removes the files that were left.
    Raises: OperatorError: the name is another's, or a mailbox is still connected.
    """
    known = WorkspaceId(workspace_id)
    async with opened() as (db, vault):
        called = await db.fetchval(known, "select name from workspaces where id = $1", known)
        if called is not None:
            if called != name:
                raise OperatorError(f"That workspace is called {called!r}. Give its name to erase it.")
            await _refuse_connected(db, known, even_connected=even_connected)
            async with db.work(known) as work:
                await work.execute(delete(WorkspaceRow).where(table_of(WorkspaceRow).c.id == known))
            vault.forget(known)
        return await Blobs(read_group(BlobSettings).url).delete_all(known)


async def _refuse_connected(db: Database, known: WorkspaceId, *, even_connected: bool) -> None:
    sql = "select count(*) from mailboxes where status in ('CONNECTED', 'REAUTHENTICATE')"
    connected = await db.fetchval(known, sql)
    if connected and not even_connected:
        raise OperatorError(
            f"{connected} of its mailboxes are connected. Disconnect them first, so that the providers end "
            "the consents, or erase with --even-connected and end them at the providers."
        )


@dataclass(frozen=True, slots=True)
class ErasureSeen:
    """An erasure that was just begun, or how much is left of one that was begun before; None: it is done."""

    begun: bool
    left: Erasure | None


async def erase_mailbox(workspace_id: UUID, mailbox_id: UUID, address: str) -> ErasureSeen:
    """Begin to erase a mailbox, which the worker does, or look how far that is.

    Raises: OperatorError: the address is another's, or there was no such mailbox.
    """
    async with opened() as (db, _):
        known = await _existing(db, workspace_id)
        async with db.work(known) as work:
            row = (await work.execute(_MAILBOX, {"id": mailbox_id})).one_or_none()
            if row is not None and row.erasing_since is None:
                _confirm("mailbox", "address", address, row.called)
                begun = await erasures.begin_mailbox_erasure(work, mailbox_id, "operator")
                return ErasureSeen(True, begun)
        if row is None:
            await _was_erased(db, known, "mailbox", mailbox_id)
            return ErasureSeen(False, None)
        return ErasureSeen(False, await erasures.look_at_mailbox(db, known, mailbox_id))


async def erase_user(workspace_id: UUID, user_id: UUID, email: str) -> ErasureSeen:
    """Begin to erase a user, which the worker does, or look how far that is.

    Raises: OperatorError: the address is another's, or there was no such user.
    """
    async with opened() as (db, _):
        known = await _existing(db, workspace_id)
        async with db.work(known) as work:
            row = (await work.execute(_USER, {"id": user_id})).one_or_none()
            if row is not None and row.erasing_since is None:
                _confirm("user", "login address", email, row.called)
                begun = await erasures.begin_user_erasure(work, user_id, "operator")
                return ErasureSeen(True, begun)
        if row is None:
            await _was_erased(db, known, "user", user_id)
            return ErasureSeen(False, None)
        return ErasureSeen(False, await erasures.look_at_user(db, known, user_id))


def _confirm(what: str, named: str, given: str, called: str) -> None:
    if given.strip().casefold() != called.casefold():
        raise OperatorError(f"That {what}'s {named} is {called!r}. Give it to erase the {what}.")


async def _was_erased(db: Database, known: WorkspaceId, what: str, id: UUID) -> None:
    if not await db.fetchval(known, _WAS_ERASED, f"{what}.erased", what, str(id)):
        raise OperatorError(f"The workspace has no such {what}.")


async def _existing(db: Database, workspace_id: UUID) -> WorkspaceId:
    known = WorkspaceId(workspace_id)
    if not await db.fetchval(known, "select true from workspaces where id = $1", known):
        raise OperatorError("There is no such workspace. See: python -m app workspace list")
    return known
