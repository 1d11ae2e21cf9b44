"""One simulator process for all these tests, emptied before each of them."""

from collections.abc import AsyncIterator

import pytest

from tests.simulator.google_client import Connection, connected
from tests.simulator_process import Simulator, running_simulator

ANN, BEN, DANA = "ann@example-co.test", "ben@example-co.test", "dana@okafor-roofing.test"


@pytest.fixture(scope="session")
async def simulator_process() -> AsyncIterator[Simulator]:
    """The process."""
    async with running_simulator(redirect_uri="http://127.0.0.1:9/callback") as running:
        yield running


@pytest.fixture
async def simulator(simulator_process: Simulator) -> Simulator:
    """The simulator with three people: Ann and Ben at Google, Dana outside."""
    await simulator_process.reset()
    await simulator_process.set_push("")
    await simulator_process.create_account(ANN, "Ann Berg", "google")
    await simulator_process.create_account(BEN, "Ben Holm", "google")
    await simulator_process.create_account(DANA, "Dana Okafor")
    return simulator_process


@pytest.fixture
async def ann(simulator: Simulator) -> AsyncIterator[Connection]:
    """Ann's mailbox, connected with gmail.modify."""
    async with connected(simulator, ANN) as connection:
        yield connection
