"""Telling webhooks, against a real receiver: signed, in order, again for days, and nobody held up."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from database.ids import new_id
from database.pool import Database
from database.tables import WebhookRow
from database.vault import Vault
from jobs import webhooks as job
from jobs.context import JobContext
from jobs.running import carry_out
from jobs.sandbox import Sandbox
from jobs.sweep import tidy
from jobs.table import TABLE
from providers.doors import Doors
from providers.web import webhooks_reaching
from rules.event_ids import decode_event_id
from rules.happenings import (
    DeliverWebhook,
    Event,
    MailboxChanged,
    MessageSynced,
    ThreadChanged,
    WebhookChanged,
    Withdrawn,
)
from rules.webhooks import PAUSES, shown
from rules.words import ContactId, MailboxId, MessageId, ThreadId, UserId, WebhookId, WorkspaceId
from tests.conftest import WorkspaceForTests
from tests.database.rows import stored_conversation
from tests.jobs.crm import Killed, clock, make_context
from tests.providers.http_server import Server, answer, closing, running_server, silent
from tests.waiting import wait_until

pytestmark = pytest.mark.rule("R31")

SECRET = bytes(range(32))
OLD_SECRET = bytes(range(1, 33))
TAKES = answer(b"", status="204 No Content")
FAILS = answer(b"oops", status="500 Internal Server Error")
LOOPBACK = ("127.0.0.0/8",)


@dataclass
class Hooks:
    """A workspace whose events webhooks are told, and its worker."""

    db: Database
    vault: Vault
    workspace_id: WorkspaceId
    thread_id: ThreadId
    context: JobContext
    ahead: timedelta = timedelta()
    outcomes: list[str] = field(default_factory=list)

    async def add(self, url: str, **values: Any) -> WebhookId:
        id = WebhookId(new_id())
        key = await self.vault.data_key(self.workspace_id)
        async with self.db.work(self.workspace_id) as work:
            work.add(
                WebhookRow(
                    id=id,
                    workspace_id=self.workspace_id,
                    url=url,
                    secret_sealed=key.seal(SECRET, "webhooks", id, "secret_sealed"),
                    created_at=clock(),
                    changed_at=clock(),
                    **values,
                )
            )
        return id

    async def tell(self, *events: Event) -> None:
        async with self.db.work(self.workspace_id) as work:
            for event in events or (self.synced(),):
                work.tell(event)

    def synced(self) -> MessageSynced:
        return MessageSynced(MessageId(new_id()), self.thread_id, ContactId(new_id()), None)

    async def later(self, passed: timedelta) -> None:
        """Let time pass: on the worker's clock, which also wrote when commands are due."""
        self.ahead += passed
        async with self.db.work(self.workspace_id) as work:
            come = "update commands set due_at = now() where due_at <= now() + cast(:ahead as interval)"
            await work.execute(text(come), {"ahead": self.ahead})

    async def work(self) -> int:
        done = 0
        while due := await self.db.across.due_commands(100):
            for command_id, _, _ in due:
                claimed = await self.db.claim(command_id, self.context.settings.lease)
                if claimed is not None:
                    await carry_out(self.context, TABLE, claimed)
                    done += 1
            assert done < 500, "the commands never end"
        return done

    async def hook(self, id: WebhookId) -> dict[str, Any]:
        row = await self.db.fetchrow(self.workspace_id, "select * from webhooks where id = $1", id)
        assert row is not None
        return dict(row)

    async def deliveries(self, id: WebhookId) -> list[dict[str, Any]]:
        sql = "select * from webhook_deliveries where webhook_id = $1 order by event_number"
        return [dict(row) for row in await self.db.fetch(self.workspace_id, sql, id)]

    async def states(self, id: WebhookId) -> list[str]:
        return [one["state"] for one in await self.deliveries(id)]

    def numbers(self, server: Server) -> list[int]:
        """The numbers of the events that a receiver was sent, in that order."""
        return [decode_event_id(self.workspace_id, one["id"]) for one in map(body, server.seen)]


def head(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def body(request: bytes) -> Any:
    return json.loads(request.partition(b"\r\n\r\n")[2])


@pytest.fixture
async def hooks(
    db: Database, vault: Vault, workspace: WorkspaceForTests, sandbox: Sandbox, tmp_path: Path
) -> AsyncIterator[Hooks]:
    thread_id, _ = await stored_conversation(db, workspace)
    doors = Doors(clock=clock, webhooks=webhooks_reaching(LOOPBACK))
    context = make_context(db, vault, doors, sandbox, tmp_path, clock)
    made = Hooks(db, vault, workspace.id, thread_id, context)
    made.context = replace(context, now=lambda: clock() + made.ahead, count_webhook=made.outcomes.append)
    yield made
    await doors.close()


async def test_what_happened_is_told_signed_and_in_order(hooks: Hooks) -> None:
    async with running_server(TAKES) as receiver:
        id = await hooks.add(receiver.url)
        events = [hooks.synced() for _ in range(5)]
        for event in events:
            await hooks.tell(event)
        await hooks.work()

    assert hooks.numbers(receiver) == [1, 2, 3, 4, 5]
    assert receiver.connections == 1
    for request, event in zip(receiver.seen, events, strict=True):
        headers = head(request)
        payload = request.partition(b"\r\n\r\n")[2]
        assert Webhook(shown(SECRET)).verify(payload, headers) == body(request)
        assert body(request)["type"] == "MESSAGE_SYNCED"
        assert body(request)["data"]["messageId"] == str(event.message_id)
        assert headers["webhook-id"] == body(request)["id"]
        assert headers["content-type"] == "application/json"
        assert {"cookie", "referer", "authorization"}.isdisjoint(headers)
    assert await hooks.states(id) == ["DELIVERED"] * 5
    assert (await hooks.hook(id))["position"] == 5
    assert hooks.outcomes == ["delivered"] * 5
    assert await hooks.db.fetchval(hooks.workspace_id, "select count(*) from commands") == 0


async def test_only_what_is_wanted_is_told_and_never_what_becomes_of_webhooks(hooks: Hooks) -> None:
    async with running_server(TAKES) as receiver:
        await hooks.add(receiver.url, kinds=["THREAD_CHANGED", "MAILBOX_CHANGED"])
        await hooks.tell(
            hooks.synced(),
            ThreadChanged(hooks.thread_id, ContactId(new_id())),
            WebhookChanged(WebhookId(new_id())),
            MailboxChanged(MailboxId(new_id()), UserId(new_id())),
        )
        await hooks.work()

    assert [body(one)["type"] for one in receiver.seen] == ["THREAD_CHANGED", "MAILBOX_CHANGED"]
    assert "userId" not in body(receiver.seen[1])["data"]


async def test_what_is_private_to_one_user_is_not_even_named(hooks: Hooks, workspace: Any) -> None:
    gone = MessageSynced(MessageId(new_id()), ThreadId(new_id()), ContactId(new_id()), None)
    async with running_server(TAKES) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell(hooks.synced(), gone, Withdrawn(hooks.thread_id, workspace.user_id))
        async with hooks.db.work(hooks.workspace_id) as work:
            await work.execute(text("update threads set private_to = :user"), {"user": workspace.user_id})
        await hooks.work()

    [told] = [body(one) for one in receiver.seen]
    assert (told["type"], told["data"]) == ("WITHDRAWN", {"threadId": str(hooks.thread_id)})
    assert await hooks.states(id) == ["WITHHELD", "WITHHELD", "DELIVERED"]


async def test_a_failed_event_is_tried_again_under_its_id_and_holds_up_none(hooks: Hooks) -> None:
    async with running_server(FAILS, TAKES) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell(hooks.synced(), hooks.synced())
        await hooks.work()
        first = await hooks.deliveries(id)
        await hooks.later(PAUSES[0] * 1.3)
        await hooks.work()

    assert hooks.numbers(receiver) == [1, 2, 1]
    assert [one["state"] for one in first] == ["WAITING", "DELIVERED"]
    assert (first[0]["last_status"], first[0]["error"]) == (500, "The receiver answered 500.")
    assert await hooks.states(id) == ["DELIVERED", "DELIVERED"]
    stamps = [head(one)["webhook-timestamp"] for one in receiver.seen]
    assert int(stamps[2]) >= int(stamps[0]) + 5
    assert (await hooks.hook(id))["last_error"] is None


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


async def test_what_is_told_while_a_delivery_waits_for_hours_is_sent_at_once(hooks: Hooks) -> None:
    async with running_server(FAILS, TAKES) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell()
        await hooks.work()
        await hooks.tell()
        await hooks.work()

    assert hooks.numbers(receiver) == [1, 2]
    assert await hooks.states(id) == ["WAITING", "DELIVERED"]


async def test_a_ping_is_sent_once_and_also_while_it_is_off(hooks: Hooks) -> None:
    async with running_server(TAKES, FAILS) as receiver:
        id = await hooks.add(receiver.url, state="PAUSED", off_because="An admin paused it.")
        for _ in range(2):
            await ping(hooks, id)
            await hooks.work()

    assert [body(one)["type"] for one in receiver.seen] == ["PING", "PING"]
    assert sorted(await hooks.states(id)) == ["DELIVERED", "FAILED"]
    assert (await hooks.hook(id))["state"] == "PAUSED"


async def ping(hooks: Hooks, id: UUID) -> None:
    async with hooks.db.work(hooks.workspace_id) as work:
        await work.execute(
            text(
                "insert into webhook_deliveries (id, workspace_id, webhook_id, event_at, subject, state, "
                "created_at) values (:id, :workspace, :hook, now(), '{}', 'WAITING', now())"
            ),
            {"id": new_id(), "workspace": hooks.workspace_id, "hook": id},
        )
        work.ask(DeliverWebhook(WebhookId(id)))


async def test_both_secrets_sign_while_one_replaces_the_other(hooks: Hooks) -> None:
    async with running_server(TAKES) as receiver:
        id = await hooks.add(receiver.url)
        key = await hooks.vault.data_key(hooks.workspace_id)
        sealed = key.seal(OLD_SECRET, "webhooks", id, "previous_secret_sealed")
        async with hooks.db.work(hooks.workspace_id) as work:
            await work.execute(
                text("update webhooks set previous_secret_sealed = :s, previous_secret_until = :u"),
                {"s": sealed, "u": clock() + timedelta(hours=1)},
            )
        await hooks.tell()
        await hooks.work()
        await hooks.later(timedelta(hours=2))
        await hooks.tell()
        await hooks.work()

    marks = [head(one)["webhook-signature"].split() for one in receiver.seen]
    assert [len(one) for one in marks] == [2, 1]
    payload = receiver.seen[0].partition(b"\r\n\r\n")[2]
    for secret in (SECRET, OLD_SECRET):
        Webhook(f"whsec_{base64.b64encode(secret).decode()}").verify(payload, head(receiver.seen[0]))


async def test_a_webhook_that_nobody_asked_for_is_found_and_old_deliveries_are_forgotten(
    hooks: Hooks,
) -> None:
    async with running_server(TAKES) as receiver:
        id = await hooks.add(receiver.url)
        await hooks.tell()
        async with hooks.db.work(hooks.workspace_id) as work:
            await work.execute(text("delete from commands"))
        await tidy(hooks.context, hooks.workspace_id)
        await hooks.work()
        assert len(receiver.seen) == 1
        hooks.ahead += timedelta(days=31)
        await tidy(hooks.context, hooks.workspace_id)

    assert await hooks.deliveries(id) == []
