"""A deployment per story module: started once, with a database and a Valkey of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.embedded import EmbeddedValkey
from tests.services import PostgresForTests, scratch_folder
from tests.stories.founding import Person, found
from tests.stories.stack import ANN, DANA, Stack, running_stack


@pytest.fixture(scope="module")
async def own_valkey() -> AsyncIterator[EmbeddedValkey]:
    """A Valkey that the story may wipe, kill and start again."""
    server = EmbeddedValkey(scratch_folder() / "valkey")
    server.start()
    yield server
    server.forget()


@pytest.fixture(scope="module")
async def stack(
    postgres: PostgresForTests, own_valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """API and worker run, Ann is an admin with a token, Dana is a contact; Ann's Gmail is connected."""
    name = await postgres.migrated()
    folder: Path = tmp_path_factory.mktemp("stack")
    async with running_stack(
        postgres.app_url(name), postgres.owner_url(name), own_valkey.url(), folder
    ) as stack:
        await found(stack, "Example & Co.", Person("Ann Berg", ANN))
        await stack.start_all("api", "worker")
        await stack.contact("Dana Okafor", DANA)
        await stack.connect()
        yield stack
    await postgres.drop(name)
