"""The world of tests/resolvers/world.py as a fixture, and a count of the statements that reads cost."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from database.lines import Lines
from database.pool import Database
from database.vault import Vault
from tests.conftest import WorkspaceForTests
from tests.resolvers.world import World, make_world


@pytest.fixture
async def world(db: Database, vault: Vault, workspace: WorkspaceForTests) -> World:
    return await make_world(db, vault, workspace.id, workspace.user_id)


class CountedLines(Lines):
    """Reading connections that count what they are asked."""

    statements = 0

    async def run(self, workspace_id: Any, statement: Any, *, again: bool = True) -> Any:
        self.statements += 1
        return await super().run(workspace_id, statement, again=again)


@pytest.fixture
async def counted(world: World, database_url: str) -> AsyncIterator[CountedLines]:
    """The reads of the world go through these from now on."""
    settings = {"default_transaction_read_only": "on", "timezone": "UTC"}
    lines = CountedLines(database_url, most=2, settings=settings)
    before, world.db._reads = world.db._reads, lines
    yield lines
    world.db._reads = before
    await lines.close()
