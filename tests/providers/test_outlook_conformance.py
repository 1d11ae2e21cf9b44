"""Outlook passes the conformance suite, spoken to over real HTTP."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.providers.conformance import CASES
from tests.providers.outlook_world import OutlookWorld, running_outlook


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outlook() -> AsyncIterator[OutlookWorld]:
    async with running_outlook() as world:
        yield world


@pytest.mark.parametrize("name", sorted(CASES))
async def test_outlook(outlook: OutlookWorld, name: str) -> None:
    await outlook.simulator.ask("DELETE", "/dials")
    await CASES[name](outlook)
