"""Three times as many requests as the API can work on (R64): refused at once, and over soon after."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.stories.pressing import percentile, pressed
from tests.stories.stack import Stack
from tests.stories.watching import watched

QUESTION = "{ contacts(first: 100) { edges { node { id name emails } } } }"
IMPORT = """mutation($contacts: [ContactInput!]!) { importContacts(contacts: $contacts) {
  __typename ... on UserError { message } } }"""
AS_MANY_AS_ARE_WORKED_ON = 64
MEMORY_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Overload:
    """For how long, and whether the machine is ours so that times may be asked for."""

    seconds: float
    measured: bool


SHORT = Overload(4, False)
LONG = Overload(300, True)


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[asyncio.subprocess.Process]:
    """The API with room for a hundred contacts' questions without an end from one key."""
    await stack.kill(next(one for one in stack.processes if one is stack.processes[0]))
    process = await stack.start("api", HTTP_COST_PER_MINUTE="1000000000")
    people = [{"name": f"Person {one}", "emails": [f"person-{one}@people.test"]} for one in range(100)]
    await stack.ask(IMPORT, contacts=people)
    yield process
    await stack.kill(process)


def request_of(stack: Stack) -> bytes:
    body = json.dumps({"query": QUESTION}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {stack.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.rule("R64")
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "overload",
    [SHORT, pytest.param(LONG, marks=[pytest.mark.soak, pytest.mark.timeout(600)])],
    ids=["short", "long"],
)
async def test_three_times_what_can_be_done_is_refused_in_order_and_passes(
    stack: Stack, api: asyncio.subprocess.Process, overload: Overload
) -> None:
    port, request = int(stack.environment["HTTP_PORT"]), request_of(stack)
    at_once = AS_MANY_AS_ARE_WORKED_ON // 4
    peak = await pressed(port, request, rate=0, seconds=3, at_once=at_once)
    async with watched(port, api.pid) as seen:
        crowd = await pressed(port, request, rate=3 * peak.goodput(), seconds=overload.seconds, at_once=1_000)
    after = await pressed(port, request, rate=0, seconds=3, at_once=at_once)

    refused = crowd.of(429, 503)
    assert {one.status for one in crowd.asked} <= {200, 429, 503}
    assert refused
    assert all(one.retry_after for one in refused)
    assert {one.status for one in after.asked} == {200}
    assert seen.grown_bytes < MEMORY_BYTES
    assert max(seen.seconds) < 10
    if overload.measured:
        assert crowd.goodput() >= 0.8 * peak.goodput()
        assert percentile(refused, 99) <= 1
        assert seen.percentile(99) <= 0.1
        assert after.goodput() >= 0.8 * peak.goodput()
