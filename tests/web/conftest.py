"""One deployment for all browser stories of a session: real processes, the web app as it is now.

Each story has a workspace of its own with nothing connected yet, and a simulated world that begins anew; what
it connected is disconnected after it, so that no story hears another's mail.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.embedded import EmbeddedValkey
from tests.services import PostgresForTests, scratch_folder
from tests.stories.founding import Person, found
from tests.stories.stack import ANN, DANA, MEI, Stack, running_stack
from tests.web.building import build_web

GMAIL = "ann.berg@gmail.test"
BEN = "ben@example-co.test"
PEOPLE = ((ANN, "Ann Berg", "google"), (GMAIL, "Ann Berg", "google"), (MEI, "Mei Lindqvist", "microsoft"))


@pytest.fixture(scope="session")
async def web_app() -> Path:
    """The built app, of the sources as they are."""
    return await build_web()


@pytest.fixture(scope="session")
async def house(
    web_app: Path, postgres: PostgresForTests, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """API and worker run and serve the app."""
    valkey = EmbeddedValkey(scratch_folder() / "valkey")
    name = await postgres.migrated()
    valkey.start()
    folder = tmp_path_factory.mktemp("house")
    try:
        async with running_stack(
            postgres.app_url(name), postgres.owner_url(name), valkey.url(), folder
        ) as stack:
            await stack.start_all("api", "worker")
            yield stack
    finally:
        valkey.forget()
        await postgres.drop(name)


@pytest.fixture
async def deployment(house: Stack) -> AsyncIterator[Stack]:
    """A workspace to itself: Ann is an admin, Ben a colleague, Dana a contact."""
    await house.simulator.reset()
    for address, person, kind in PEOPLE:
        await house.simulator.create_account(address, person, kind)
    await house.simulator.create_account(DANA, "Dana Okafor")
    await found(house, "Example & Co.", Person("Ann Berg", ANN), Person("Ben Holm", BEN))
    await house.contact("Dana Okafor", DANA)
    yield house
    mailboxes = (await house.ask("{ mailboxes { id } }"))["mailboxes"]
    for mailbox in mailboxes:
        await house.ask(
            "mutation($id: ID!) { disconnectMailbox(mailboxId: $id) { __typename } }", id=mailbox["id"]
        )


def told(stack: Stack) -> str:
    """What a browser program is told of the deployment, as JSON."""
    return json.dumps(
        {
            "api": stack.api,
            "token": stack.token,
            "colleague": stack.colleagues[0],
            "simulator": stack.simulator.url,
            "outsideSmtp": stack.outside_smtp,
        }
    )
