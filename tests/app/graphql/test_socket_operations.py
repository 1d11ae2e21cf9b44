"""Operations over the socket: results, refusals, completion, one execution for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from rules.event_ids import encode_event_id
from rules.words import WorkspaceId
from tests.app.graphql.socket_world import INBOX, World, acknowledged, running
from tests.app.live.memory import ROOMS, WORKSPACE
from tests.waiting import wait_until


@pytest.fixture(params=[False, True], ids=["frames", "plain asgi"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with running(World(), plain_asgi=request.param) as world:
        yield world


def item(number: int) -> dict[str, object]:
    return {"data": {"inbox": {"id": encode_event_id(WORKSPACE, number), "number": number}}}


async def test_a_query_is_answered_once_and_completed(world: World) -> None:
    async with acknowledged(world) as client:
        assert await client.ask("{ hello }", 'é"1') == {
            "id": 'é"1',
            "type": "next",
            "payload": {"data": {"hello": "world"}},
        }
        assert await client.receive() == {"id": 'é"1', "type": "complete"}
        assert await client.ask("{ hello }", 'é"1') == {
            "id": 'é"1',
            "type": "next",
            "payload": {"data": {"hello": "world"}},
        }


@pytest.mark.parametrize("length", [1, 30, 100, 125, 126, 60_000, 70_000, 300_000])
async def test_results_of_every_frame_size_arrive(world: World, length: int) -> None:
    async with acknowledged(world) as client:
        answer = await client.ask(
            "query Big($n: Int!) { big(length: $n) }", variables={"n": length}, operationName="Big"
        )
        assert answer["payload"] == {"data": {"big": "y" * length}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "BAD_USER_INPUT"),
    ],
)
async def test_a_document_that_cannot_run_ends_only_its_operation(
    world: World, query: str, code: str
) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("live", INBOX)
        answer = await client.ask(query, "bad")
        assert (answer["id"], answer["type"]) == ("bad", "error")
        assert answer["payload"][0]["extensions"]["code"] == code
        world.happen()
        assert await client.receive() == {"id": "live", "type": "next", "payload": item(1)}
        again = await client.ask("{ hello }", "bad")
        assert again["type"] == "next"


async def test_variables_that_do_not_fit_end_only_their_operation(world: World) -> None:
    async with acknowledged(world) as client:
        for query in (
            "query ($n: Int!) { big(length: $n) }",
            "subscription ($n: Int!) { inbox { text(length: $n) } }",
        ):
            answer = await client.ask(query, "v", variables={"n": "many"})
            assert answer["type"] in ("error", "next")
            errors = answer["payload"] if answer["type"] == "error" else answer["payload"]["errors"]
            assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"
            if answer["type"] == "next":
                assert (await client.receive())["type"] == "complete"
        assert len(world.hubs._residences) == 0


@pytest.mark.rule("R21")
async def test_an_unexpected_failure_is_masked_with_its_request_id(world: World) -> None:
    async with acknowledged(world) as client:
        answer = await client.ask("{ hello secret }", "s")
        assert answer["payload"]["data"] == {"hello": "world", "secret": None}
        assert_masked(answer["payload"]["errors"])
        assert await client.receive() == {"id": "s", "type": "complete"}
        refused = await client.ask('subscription { inbox(room: "broken") { id } }', "b")
        assert (refused["id"], refused["type"]) == ("b", "error")
        assert_masked(refused["payload"])
        await client.subscribe("live", "subscription { whole { number secret } }")
        await client.alive()
        world.happen()
        live = await client.receive()
        assert live["payload"]["data"] == {"whole": {"number": 1, "secret": None}}
        assert_masked(live["payload"]["errors"])


def assert_masked(errors: list[dict[str, Any]]) -> None:
    [error] = errors
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"].startswith("request-")
    assert "canary" not in str(error)


@pytest.mark.rule("R18")
async def test_a_nul_in_a_variable_ends_only_its_operation(world: World) -> None:
    async with acknowledged(world) as client:
        answer = await client.ask("query ($a: ID) { hello }", "1", variables={"a": ["x\x00"]})
        assert (answer["type"], answer["payload"][0]["extensions"]) == ("error", {"code": "BAD_USER_INPUT"})
        await client.alive()


async def test_what_the_feed_refuses_ends_only_its_operation(world: World) -> None:
    async with acknowledged(world) as client:
        answer = await client.ask('subscription { inbox(room: "forbidden") { id } }', "1")
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"] == {"code": "NOT_FOUND"}
        await client.alive()


async def test_a_spent_budget_refuses_the_operation_with_the_time_to_wait(world: World) -> None:
    world.pause = timedelta(seconds=7)
    async with acknowledged(world) as client:
        answer = await client.ask("{ hello }", "1")
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfterSeconds": 7}


async def test_a_completed_query_is_cancelled_and_never_answered(world: World) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("slow", "{ slow }")
        await client.alive()
        await client.send({"id": "slow", "type": "complete"})
        await wait_until(lambda: world.cancelled == 1, description="the query is cancelled")
        await client.alive()


async def test_a_mutation_runs_on_when_its_client_completes_it_or_leaves(world: World) -> None:
    mutation = "mutation ($v: Int!) { record(value: $v) }"
    async with acknowledged(world) as client:
        await client.subscribe("1", mutation, variables={"v": 1})
        await client.subscribe("2", mutation, variables={"v": 2})
        await client.alive()
        await client.send({"id": "1", "type": "complete"})
        await client.alive()
    world.slow.set()
    await wait_until(lambda: sorted(world.recorded) == [1, 2], description="both mutations are recorded")


async def test_other_messages_are_answered_while_a_query_runs(world: World) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("slow", "{ slow }")
        assert (await client.ask("{ hello }", "quick"))["payload"] == {"data": {"hello": "world"}}
        assert await client.receive() == {"id": "quick", "type": "complete"}
        world.slow.set()
        assert (await client.receive())["payload"] == {"data": {"slow": "done"}}


async def test_a_subscription_gets_every_event_until_it_completes(world: World) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("1", INBOX)
        await client.alive()
        world.happen(3)
        for number in (1, 2, 3):
            assert await client.receive() == {"id": "1", "type": "next", "payload": item(number)}
        await client.send({"id": "1", "type": "complete"})
        await client.alive()
        world.happen(2)
        await client.subscribe("1", "{ hello }")
        assert (await client.receive())["payload"] == {"data": {"hello": "world"}}
        assert world.hubs.members == 0


async def test_a_subscription_gets_only_what_it_asked_for(world: World) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("room", f'subscription {{ inbox(room: "{ROOMS[1]}") {{ number }} }}')
        await client.alive()
        world.happen(4)
        assert (await client.receive())["payload"] == {"data": {"inbox": {"number": 1}}}
        assert (await client.receive())["payload"] == {"data": {"inbox": {"number": 4}}}


async def test_the_same_subscription_is_executed_once_for_all_its_sockets(world: World) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(acknowledged(world, f"token-{n}")) for n in range(10)]
        world.happen(2)
        for number, client in enumerate(clients):
            after = encode_event_id(WORKSPACE, 2 if number % 2 else 0)
            await client.subscribe(f"id{number}", INBOX, variables={"after": after})
            await client.alive() if number % 2 else await client.receive()
        await wait_until(lambda: world.hubs.members == 10, description="everybody joined the live stream")
        world.executions = 0
        world.happen(3)
        for number, client in enumerate(clients):
            if not number % 2:
                assert (await client.receive())["payload"] == item(2)
            for event in (3, 4, 5):
                assert await client.receive() == {"id": f"id{number}", "type": "next", "payload": item(event)}
        assert world.executions == 3


async def test_a_field_that_depends_on_the_viewer_is_not_shared_between_viewers(world: World) -> None:
    query = "subscription { inbox { viewer } }"
    async with acknowledged(world, "token-a") as one, acknowledged(world, "token-b") as other:
        for client in (one, other):
            await client.subscribe("1", query)
            await client.alive()
        world.happen()
        assert (await one.receive())["payload"] == {"data": {"inbox": {"viewer": "Bearer token-a"}}}
        assert (await other.receive())["payload"] == {"data": {"inbox": {"viewer": "Bearer token-b"}}}


async def test_after_replays_what_was_missed_and_goes_on_live(world: World) -> None:
    world.happen(250)
    async with acknowledged(world) as client:
        await client.subscribe("1", INBOX, variables={"after": encode_event_id(WORKSPACE, 5)})
        for number in range(6, 251):
            assert (await client.receive())["payload"] == item(number)
        world.happen()
        assert (await client.receive())["payload"] == item(251)


@pytest.mark.parametrize(
    "after",
    [
        "",
        "garbled",
        "0" * 24,
        encode_event_id(WorkspaceId(ROOMS[0]), 1),
        encode_event_id(WORKSPACE, 99),
        encode_event_id(WORKSPACE, 1).upper()
        if encode_event_id(WORKSPACE, 1).upper() != encode_event_id(WORKSPACE, 1)
        else "x",
    ],
)
async def test_an_event_that_is_none_of_the_workspace_is_refused(world: World, after: str) -> None:
    world.happen(3)
    async with acknowledged(world) as client:
        answer = await client.ask(INBOX, "1", variables={"after": after})
        assert answer == {
            "id": "1",
            "type": "error",
            "payload": [
                {
                    "message": "`after` is not the id of an event of this workspace.",
                    "extensions": {"code": "BAD_USER_INPUT"},
                }
            ],
        }
        await client.alive()


async def test_an_event_whose_successors_were_purged_says_to_fetch_again(world: World) -> None:
    world.happen(10)
    world.events.purge(6)
    async with acknowledged(world) as client:
        answer = await client.ask(INBOX, "old", variables={"after": encode_event_id(WORKSPACE, 3)})
        assert (answer["type"], answer["payload"][0]["extensions"]) == ("error", {"code": "EVENTS_EXPIRED"})
        await client.subscribe("kept", INBOX, variables={"after": encode_event_id(WORKSPACE, 6)})
        assert (await client.receive())["payload"] == item(7)


@pytest.mark.rule("R27")
async def test_a_failed_execution_closes_the_socket_so_that_its_client_comes_back(world: World) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("1", INBOX)
        await client.alive()
        world.happen()
        seen = (await client.receive())["payload"]["data"]["inbox"]["id"]
        world.events.fails_with = ConnectionError("the database is away")
        world.happen()
        await client.alive()
        world.events.fails_with = None
        assert (await client.receive())["payload"] == item(2)
    async with acknowledged(world) as client:
        await client.subscribe("1", INBOX, variables={"after": seen})
        assert (await client.receive())["payload"] == item(2)


async def test_an_empty_house_keeps_no_hub_and_no_task(world: World) -> None:
    async with acknowledged(world) as client:
        await client.subscribe("1", INBOX)
        await client.alive()
        assert world.hubs.workspaces == 1
    await wait_until(lambda: world.hubs.workspaces == 0, description="the hub ends after its grace")

    def nothing_runs() -> bool:
        names = [task.get_name() for task in asyncio.all_tasks()]
        return not [name for name in names if name.startswith(("hub", "live", "socket"))]

    await wait_until(nothing_runs, description="no task is left")
