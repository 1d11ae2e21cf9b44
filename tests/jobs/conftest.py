"""The parts that jobs are made of, real ones: simulated providers, parsing children, a blob folder."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from database.pool import Database
from database.vault import Vault
from jobs.sandbox import Sandbox
from providers.doors import Doors
from providers.transport import Transport
from rules.words import Provider
from tests.conftest import WorkspaceForTests
from tests.jobs.crm import Crm, clock, make_context
from tests.jobs.erasing_world import Erasing
from tests.jobs.office import KINDS, Office
from tests.jobs.webhook_world import Hooks, made_hooks
from tests.providers import gmail_world, outlook_world
from tests.providers.gmail_world import SILENCE
from tests.simulator_process import Simulator, running_simulator

ANN = "ann@example-co.test"
DANA = "dana@okafor-roofing.test"
MEI = "mei@lindqvist-co.test"


@pytest.fixture(scope="session")
async def one_simulator() -> AsyncIterator[Simulator]:
    async with running_simulator(redirect_uri=gmail_world.REDIRECT_URI) as simulator:
        await simulator.allow_microsoft_redirect(outlook_world.REDIRECT_URI)
        yield simulator


@pytest.fixture
async def simulator(one_simulator: Simulator) -> Simulator:
    """An empty outside world with a Gmail user, an Outlook user and a customer."""
    await one_simulator.reset()
    await one_simulator.ask("DELETE", "/dials")
    await one_simulator.create_account(ANN, "Ann Berg", "google")
    await one_simulator.create_account(MEI, "Mei Lindqvist", "microsoft")
    await one_simulator.create_account(DANA, "Dana Okafor")
    return one_simulator


@pytest.fixture(scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(children=1) as sandbox:
        yield sandbox


def open_doors(simulator: Simulator) -> Doors:
    """The doors of one process, to both providers."""
    return Doors(
        clock=clock,
        google=gmail_world.settings_of(simulator),
        microsoft=outlook_world.settings_of(simulator),
        transport=Transport(silence=SILENCE),
    )


@pytest.fixture
async def crm(
    db: Database,
    vault: Vault,
    workspace: WorkspaceForTests,
    simulator: Simulator,
    sandbox: Sandbox,
    tmp_path: Path,
) -> AsyncIterator[Crm]:
    doors = open_doors(simulator)
    context = make_context(db, vault, doors, sandbox, tmp_path, clock)
    yield Crm(db, vault, workspace.id, workspace.user_id, simulator, context)
    await doors.close()


@pytest.fixture
async def hooks(
    db: Database, vault: Vault, workspace: WorkspaceForTests, sandbox: Sandbox, tmp_path: Path
) -> AsyncIterator[Hooks]:
    async with made_hooks(db, vault, workspace, sandbox, tmp_path) as made:
        yield made


@pytest.fixture(params=[Provider.GMAIL, Provider.OUTLOOK], ids=["gmail", "outlook"])
async def office(crm: Crm, request: pytest.FixtureRequest) -> Office:
    provider: Provider = request.param
    ann = f"ann@{provider.value.lower()}-co.test"
    await crm.simulator.create_account(ann, "Ann Berg", KINDS[provider])
    return Office(crm, provider, ann)


@pytest.fixture
async def pushed(office: Office) -> AsyncIterator[Office]:
    """The office, in a deployment that the providers can push to; what they push there rings nobody."""
    crm = office.crm
    async with outlook_world.running_hook() as hook:
        doors = Doors(
            clock=clock,
            google=gmail_world.settings_of(crm.simulator, topic=gmail_world.TOPIC),
            microsoft=outlook_world.settings_of(crm.simulator, push_url=hook.url),
            transport=Transport(silence=gmail_world.SILENCE),
        )
        context = replace(crm.context, doors=doors)
        yield replace(office, crm=replace(crm, context=context))
        await doors.close()


@pytest.fixture
def erasing(crm: Crm, owner_url: str) -> Erasing:
    return Erasing(crm, owner_url)
