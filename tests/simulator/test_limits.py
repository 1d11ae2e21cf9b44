"""Quota units and the daily sending cap."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import httpx

from tests.simulator.conftest import ANN, BEN, DANA
from tests.simulator.google_client import Connection, base64url, connected, mail
from tests.simulator_process import Simulator
from tests.waiting import wait_until

RETRY = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")


async def test_units_of_a_minute_run_out_for_one_user_only(simulator: Simulator, ann: Connection) -> None:
    """300 units are three sendings; the fourth sends nothing; Ben goes on; a minute later Ann too."""
    await simulator.set_dials(quota={"per_user_per_minute": 300})
    for _ in range(3):
        await ann.send(mail(DANA))
    body = {"raw": base64url(mail(DANA))}
    status, error = await ann.error_of(ann.messages.send(userId="me", body=body))
    async with connected(simulator, BEN) as ben:
        await ben.send(mail(DANA))
    await simulator.set_dials(quota={"per_user_per_minute": 300}, clock_offset_seconds=61)
    await ann.send(mail(DANA))

    assert (status, error["status"], error["errors"][0]["reason"]) == (
        403,
        "RESOURCE_EXHAUSTED",
        "rateLimitExceeded",
    )
    assert "'Queries per minute per user'" in error["message"]
    assert len(await simulator.deliveries()) == 5


async def test_quota_error_can_tell_when_to_come_back(simulator: Simulator, ann: Connection) -> None:
    """The other live shape: two spaces and an instant within the minute."""
    await simulator.set_dials(quota={"per_user_per_minute": 1, "error": "rateLimitExceeded"})
    await ann.do(ann.service.users().getProfile(userId="me"))
    status, error = await ann.error_of(ann.service.users().getProfile(userId="me"))
    found = RETRY.search(error["message"])

    assert status == 403
    assert found is not None
    assert error["message"].startswith("User-rate limit exceeded.  Retry after ")
    wait = datetime.fromisoformat(found[1]) - datetime.now(UTC)
    assert timedelta(0) < wait <= timedelta(minutes=1)


async def test_project_quota_is_shared_by_users(simulator: Simulator, ann: Connection) -> None:
    """Ann's calls use up Ben's."""
    await simulator.set_dials(quota={"per_project_per_minute": 2})
    async with connected(simulator, BEN) as ben:
        await ann.do(ann.service.users().getProfile(userId="me"))
        await ann.do(ann.service.users().getProfile(userId="me"))
        status, error = await ben.error_of(ben.service.users().getProfile(userId="me"))

    assert (status, "'Queries per minute per project'" in error["message"]) == (403, True)


async def test_daily_cap_names_the_instant_when_it_frees(simulator: Simulator, ann: Connection) -> None:
    """Two mails a rolling day; the third is refused until the first is a day old."""
    await simulator.set_dials(daily_send_limit=2)
    await ann.send(mail(DANA))
    await ann.send(mail(DANA))
    body = {"raw": base64url(mail(DANA))}
    status, error = await ann.error_of(ann.messages.send(userId="me", body=body))
    found = RETRY.search(error["message"])
    await simulator.set_dials(daily_send_limit=2, clock_offset_seconds=86_401)
    await simulator.ask("GET", "/health")
    await ann.do(ann.messages.send(userId="me", body=body))

    assert (status, error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert error["message"].endswith(" (Mail sending)")
    assert found is not None
    wait = datetime.fromisoformat(found[1]) - datetime.now(UTC)
    assert timedelta(hours=23) < wait <= timedelta(hours=24)
    assert len(await simulator.deliveries()) == 3


async def test_too_many_calls_at_once_are_refused(simulator: Simulator, ann: Connection) -> None:
    """While one slow call lasts, another of the same user gets 429; afterwards all is well."""
    await simulator.set_dials(quota={"concurrent_per_user": 1})
    await simulator.add_fault("slow", "gmail.users.getProfile", seconds=0.5)
    async with httpx.AsyncClient(trust_env=False, headers=ann.headers) as client:
        url = f"{ann.google_url}gmail/v1/users/me/"
        slow = asyncio.create_task(client.get(f"{url}profile"))
        await wait_until(lambda: simulator.journal(account=ANN), description="the slow call is under way")
        meanwhile = await client.get(f"{url}labels")
        first = await slow
        afterwards = await client.get(f"{url}labels")

    assert [answer.status_code for answer in (meanwhile, first, afterwards)] == [429, 200, 200]
    assert meanwhile.json()["error"]["message"] == "Too many concurrent requests for user"
