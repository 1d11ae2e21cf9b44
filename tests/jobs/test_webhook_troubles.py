"""Receivers that fail, hang, redirect, are gone or are inside, and workers that are killed meanwhile."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from jobs import webhooks as job
from jobs.running import carry_out
from jobs.table import TABLE
from providers.doors import Doors
from rules.happenings import (
    DeliverWebhook,
)
from rules.webhooks import PAUSES
from tests.jobs.crm import Killed, clock
from tests.jobs.webhook_world import FAILS, TAKES, Hooks
from tests.providers.http_server import answer, closing, running_server, silent
from tests.waiting import wait_until

pytestmark = pytest.mark.rule("R31")


async def test_an_event_that_is_never_taken_is_given_up_after_days_and_can_be_sent_again(
    hooks: Hooks,
) -> None:
    async with running_server(FAILS) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell()
        for _ in range(40):
            await hooks.work()
            await hooks.later(timedelta(hours=3))
        [given_up] = await hooks.deliveries(id)
        assert len(receiver.seen) == len(PAUSES) + 1
        assert (given_up["state"], given_up["next_attempt_at"]) == ("FAILED", None)
        assert (await hooks.hook(id))["state"] == "ON"
        assert hooks.outcomes[-1] == "given_up"

        receiver.manners = [TAKES]
        async with hooks.db.work(hooks.workspace_id) as work:  # as replayWebhookDelivery does
            again = "update webhook_deliveries set state = 'WAITING', attempts = 0, next_attempt_at = now()"
            await work.execute(text(again))
            work.ask(DeliverWebhook(id))
        await hooks.work()
        assert await hooks.states(id) == ["DELIVERED"]
        assert len(set(hooks.numbers(receiver))) == 1


async def test_who_takes_nothing_for_five_days_is_switched_off_and_goes_on_where_it_stopped(
    hooks: Hooks,
) -> None:
    async with running_server(FAILS) as receiver:
        id = await hooks.add(receiver.url)
        for _ in range(50):
            await hooks.tell()
            await hooks.work()
            await hooks.later(timedelta(hours=3))
        off = await hooks.hook(id)
        asked = len(receiver.seen)
        await hooks.tell()
        await hooks.work()
        assert (off["state"], off["failures"] > 10) == ("OFF", True)
        assert off["off_because"].startswith("The receiver took nothing for 5 days.")
        assert len(receiver.seen) == asked
        events = await hooks.db.fetch(hooks.workspace_id, "select kind from events order by number")
        assert [one["kind"] for one in events].count("WebhookChanged") == 1

        receiver.manners = [TAKES]
        receiver.seen.clear()
        async with hooks.db.work(hooks.workspace_id) as work:  # as resumeWebhook does
            await work.execute(
                text(
                    "update webhooks set state = 'ON', failing_since = null, failures = 0, wait_until = null"
                )
            )
            await work.execute(
                text("update webhook_deliveries set next_attempt_at = :now where state = 'WAITING'"),
                {"now": hooks.context.now()},
            )
        await hooks.tell()
        await hooks.work()

    states = await hooks.states(id)
    assert set(states) <= {"DELIVERED", "FAILED"}
    assert states.count("DELIVERED") == len(receiver.seen) > 20
    assert hooks.numbers(receiver) == sorted(hooks.numbers(receiver))
    assert hooks.numbers(receiver)[-1] == 53


async def test_a_receiver_that_is_back_is_sent_at_once_what_waited(hooks: Hooks) -> None:
    async with running_server(FAILS) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell(*[hooks.synced() for _ in range(6)])
        await hooks.work()
        assert len(receiver.seen) == 3  # Then it is left alone for a while.
        await hooks.later(timedelta(hours=4))
        await hooks.work()
        receiver.manners = [TAKES]
        await hooks.later(timedelta(minutes=6))
        await hooks.work()

    assert await hooks.states(id) == ["DELIVERED"] * 6


async def test_410_switches_off_at_once(hooks: Hooks) -> None:
    async with running_server(answer(b"", status="410 Gone")) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell(hooks.synced(), hooks.synced())
        await hooks.work()

    hook = await hooks.hook(id)
    assert (hook["state"], len(receiver.seen)) == ("OFF", 1)
    assert hook["off_because"] == "The receiver answered 410: it wants no more events."
    assert hooks.outcomes == ["switched_off"]
    audit = await hooks.db.fetch(hooks.workspace_id, "select actor, action from audit_log")
    assert [tuple(one) for one in audit] == [("system", "webhook.switched_off")]


async def test_a_receiver_that_asks_for_patience_gets_it(hooks: Hooks) -> None:
    busy = answer(b"", status="429 Too Many Requests", headers="Retry-After: 600\r\n")
    async with running_server(busy, TAKES) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell(hooks.synced(), hooks.synced())
        await hooks.work()
        await hooks.later(timedelta(seconds=590))
        await hooks.work()
        assert len(receiver.seen) == 1
        await hooks.later(timedelta(seconds=15))
        await hooks.work()

    assert await hooks.states(id) == ["DELIVERED", "DELIVERED"]


@pytest.mark.rule("R32")
async def test_redirects_inner_addresses_and_odd_answers_are_failures_in_words(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault F28: a redirect to loopback, 2 MB of answer, a closed connection, silence, no TLS inside."""
    monkeypatch.setattr(job, "DEADLINE", timedelta(seconds=0.2))
    large = b"x" * 2_000_000
    async with running_server(TAKES) as inner:
        redirect = answer(b"", status="302 Found", headers=f"Location: {inner.url}\r\n")
        cases = [
            (redirect, "The receiver answered 302, a redirect; give the address that it leads to."),
            (answer(large, status="503 Busy"), "The receiver answered 503."),
            (closing(), "The connection was closed, or what came back was no HTTP."),
            (closing(b"SSH-2.0-nothing\r\n"), "The connection was closed, or what came back was no HTTP."),
            (silent, "There was no answer within 0 seconds."),
        ]
        for manner, error in cases:
            async with running_server(manner) as receiver:
                id = await hooks.add(receiver.url, position=await hooks.db.events.latest(hooks.workspace_id))
                await hooks.tell()
                await hooks.work()
                assert [one["error"] for one in await hooks.deliveries(id)] == [error]
                async with hooks.db.work(hooks.workspace_id) as work:
                    await work.execute(text("delete from webhooks"))
        async with running_server(answer(large)) as receiver:
            id = await hooks.add(receiver.url, position=await hooks.db.events.latest(hooks.workspace_id))
            await hooks.tell()
            await hooks.work()
            assert await hooks.states(id) == ["DELIVERED"]
        assert inner.seen == []


@pytest.mark.rule("R32")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_without_the_operators_word_nothing_inside_is_connected_to(
    hooks: Hooks, host: str, scheme: str
) -> None:
    doors = Doors(clock=clock)
    hooks.context = replace(hooks.context, doors=doors)
    async with running_server(TAKES) as receiver:
        port = receiver.url.rstrip("/").rpartition(":")[2]
        id = await hooks.add(f"{scheme}://{host}:{port}/")
        await hooks.tell()
        await hooks.work()

    [delivery] = await hooks.deliveries(id)
    assert delivery["error"] in (
        "The host's address or port is not one that may be connected to.",
        "The host's name could not be found.",
    )
    assert receiver.connections == 0
    await doors.close()


async def test_a_receiver_that_hangs_holds_up_nobody_else(hooks: Hooks) -> None:
    async with running_server(silent) as hanging, running_server(TAKES) as quick:
        slow_id = await hooks.add(hanging.url)
        await hooks.add(quick.url)
        await hooks.tell()
        due = {
            key: command_id
            for command_id, _, _ in await hooks.db.across.due_commands(10)
            for key in [
                await hooks.db.fetchval(
                    hooks.workspace_id, "select key from commands where id = $1", command_id
                )
            ]
        }
        stuck_id = due.pop(f"webhook:{slow_id}")
        stuck = asyncio.create_task(_carry(hooks, stuck_id))
        await wait_until(lambda: hanging.seen, description="the receiver was asked")
        for command_id in due.values():
            await _carry(hooks, command_id)
        assert len(quick.seen) == 1
        assert not stuck.done()
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)


async def _carry(hooks: Hooks, command_id: Any) -> None:
    claimed = await hooks.db.claim(command_id, hooks.context.settings.lease)
    assert claimed is not None
    await carry_out(hooks.context, TABLE, claimed)


@pytest.mark.rule("R53")
@pytest.mark.parametrize(
    ("point", "sent"), [("webhook.taken", 3), ("webhook.sending", 3), ("webhook.answered", 4)]
)
async def test_whoever_is_killed_loses_nothing_and_repeats_under_the_same_id(
    hooks: Hooks, point: str, sent: int
) -> None:
    killed = False

    def passing(passed: str) -> None:
        nonlocal killed
        if passed == point and not killed:
            killed = True
            raise Killed(point)

    hooks.context = replace(hooks.context, passing=passing)
    async with running_server(TAKES) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell(*[hooks.synced() for _ in range(3)])
        with suppress(Killed):
            await hooks.work()
        async with hooks.db.work(hooks.workspace_id) as work:
            await work.execute(text("update commands set lease_until = now()"))
        await hooks.work()

    assert killed
    assert len(receiver.seen) == sent
    assert sorted(set(hooks.numbers(receiver))) == [1, 2, 3]
    assert await hooks.states(id) == ["DELIVERED"] * 3
