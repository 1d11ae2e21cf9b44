"""Gmail passes the conformance suite, spoken to over real HTTP."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.providers.conformance import CASES
from tests.providers.gmail_world import GmailWorld, running_gmail


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gmail() -> AsyncIterator[GmailWorld]:
    async with running_gmail() as world:
        yield world


@pytest.mark.parametrize("name", sorted(CASES))
async def test_gmail(gmail: GmailWorld, name: str) -> None:
    await gmail.simulator.ask("DELETE", "/dials")
    await CASES[name](gmail)
