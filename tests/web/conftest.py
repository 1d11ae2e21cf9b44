"""A deployment for the browser stories: real processes, the web app as it is now, nothing connected yet."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.embedded import EmbeddedValkey
from tests.services import PostgresForTests, scratch_folder
from tests.stories.founding import Person, found
from tests.stories.stack import ANN, DANA, Stack, running_stack
from tests.web.building import build_web

GMAIL = "ann.berg@gmail.test"


@pytest.fixture(scope="session")
async def web_app() -> Path:
    """The built app, of the sources as they are."""
    return await build_web()


@pytest.fixture
async def deployment(web_app: Path, postgres: PostgresForTests, tmp_path: Path) -> AsyncIterator[Stack]:
    """API and worker run and serve the app; Ann is an admin, Ben a colleague, Dana a contact."""
    valkey = EmbeddedValkey(scratch_folder() / "valkey")
    name = await postgres.migrated()
    valkey.start()
    try:
        async with running_stack(
            postgres.app_url(name), postgres.owner_url(name), valkey.url(), tmp_path
        ) as stack:
            await found(
                stack, "Example & Co.", Person("Ann Berg", ANN), Person("Ben Holm", "ben@example-co.test")
            )
            await stack.start_all("api", "worker")
            await stack.simulator.create_account(GMAIL, "Ann Berg", "google")
            await stack.contact("Dana Okafor", DANA)
            yield stack
    finally:
        valkey.forget()
        await postgres.drop(name)


def told(stack: Stack) -> str:
    """What a browser program is told of the deployment, as JSON."""
    return json.dumps({"api": stack.api, "token": stack.token, "simulator": stack.simulator.url})
