"""A workspace for a story, made as the operator's commands make it, but in this process.

Each command would be an interpreter of its own, started and thrown away; tests/app/test_command_line.py holds
the commands themselves.
"""

from dataclasses import dataclass

from app import accounts
from database.clock import now
from database.pool import Database
from database.sealing import KeyRing, read_keys
from database.vault import Vault
from rules.words import Role, Scope
from tests.stories.stack import Stack


@dataclass(frozen=True, slots=True)
class Person:
    """A user to be: a name and an address."""

    name: str
    email: str


async def found(stack: Stack, workspace: str, admin: Person, *colleagues: Person) -> None:
    """Make a workspace with an admin, whose token the stack speaks with from now on, and colleagues."""
    db = await Database.open(stack.environment["DATABASE_URL"])
    try:
        vault = Vault(KeyRing(read_keys(stack.environment["VAULT_KEYS"])), db)
        workspace_id = await accounts.make_workspace(db, vault, workspace, now())
        user = await accounts.make_user(db, workspace_id, admin.name, admin.email, Role.ADMIN, now())
        stack.colleagues = []
        for one in colleagues:
            member = await accounts.make_user(db, workspace_id, one.name, one.email, Role.MEMBER, now())
            scopes = frozenset({Scope.READ, Scope.SEND})
            stack.colleagues.append(
                await accounts.make_key(db, workspace_id, "story", scopes, member.id, now())
            )
        stack.token = await accounts.make_key(db, workspace_id, "story", frozenset(Scope), user.id, now())
    finally:
        await db.close()
