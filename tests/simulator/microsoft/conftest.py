"""People at Microsoft, at Google and outside, and mailboxes connected through MSAL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.loopback import UNENCRYPTED
from tests.simulator.microsoft.graph_schema import check
from tests.simulator.microsoft.msal_client import REDIRECT_URI, MicrosoftConnection, connect
from tests.simulator_process import Simulator

MEI, NOOR = "mei@lindqvist-co.test", "noor@outlook-sim.test"
ANN, DANA = "ann@example-co.test", "dana@okafor-roofing.test"


@pytest.fixture
async def simulator(simulator_process: Simulator) -> Simulator:
    """The simulator with Mei at work, Noor at home, Ann at Google, Dana outside."""
    await simulator_process.reset()
    await simulator_process.allow_microsoft_redirect(REDIRECT_URI)
    await simulator_process.create_account(MEI, "Mei Lindqvist", "microsoft")
    await simulator_process.create_account(NOOR, "Noor Haddad", "microsoft-personal")
    await simulator_process.create_account(ANN, "Ann Berg", "google")
    await simulator_process.create_account(DANA, "Dana Okafor")
    return simulator_process


@asynccontextmanager
async def connected(simulator: Simulator, address: str) -> AsyncIterator[MicrosoftConnection]:
    """Connect a mailbox; every answer of Graph is checked against the document."""
    app, tokens = await connect(simulator, address)
    async with httpx.AsyncClient(
        base_url=simulator.graph_url,
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        event_hooks={"response": [check]},
        verify=UNENCRYPTED,
        trust_env=False,
        timeout=20,
    ) as graph:
        yield MicrosoftConnection(address, app, tokens, graph)


@pytest.fixture
async def mei(simulator: Simulator) -> AsyncIterator[MicrosoftConnection]:
    """Mei's mailbox, connected."""
    async with connected(simulator, MEI) as connection:
        yield connection
