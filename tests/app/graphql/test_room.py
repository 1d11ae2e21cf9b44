"""More than can be worked on at once is refused at once, holds nobody up, and passes."""

import asyncio

import pytest

from tests.app.graphql.http_world import served
from tests.waiting import wait_until

SLOW = {"query": "{ slow }"}


@pytest.mark.rule("R64")
async def test_what_finds_no_place_is_told_when_to_come_back() -> None:
    """Four are worked on, thirty more are refused while those still run; then there is room again."""
    async with served(at_once=4) as (client, seen):
        working = [asyncio.create_task(client.post("/", json=SLOW)) for _ in range(4)]
        await wait_until(lambda: seen.waiting == 4, description="every place is taken")

        refused = await asyncio.gather(*(client.post("/", json={"query": "{ who }"}) for _ in range(30)))
        seen.released.set()
        done = await asyncio.gather(*working)
        after = await client.post("/", json={"query": "{ who }"})

    assert {one.status_code for one in refused} == {503}
    assert {one.headers["retry-after"] for one in refused} == {"1"}
    assert refused[0].json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert [one.json()["data"] for one in done] == [{"slow": "done"}] * 4
    assert after.json()["data"] == {"who": "alice"}


@pytest.mark.rule("R64")
async def test_who_sends_slowly_takes_nobodys_place() -> None:
    """Ten bodies that do not come to an end, and one place: a whole request is worked on all the same."""
    async with served(at_once=1) as (client, _):
        port = client.base_url.port
        head = (
            b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer the-token\r\n"
            b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        for _, writer in lines:
            writer.write(head)
            await writer.drain()

        answer = await client.post("/", json={"query": "{ who }"})

        for _, writer in lines:
            writer.close()
    assert answer.json()["data"] == {"who": "alice"}
