"""Telling webhooks, against a real receiver: signed, in order, again for days, and nobody held up."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from database.ids import new_id
from jobs.sweep import tidy
from rules.happenings import (
    DeliverWebhook,
    MailboxChanged,
    MessageSynced,
    ThreadChanged,
    WebhookChanged,
    Withdrawn,
)
from rules.webhooks import PAUSES, shown
from rules.words import ContactId, MailboxId, MessageId, ThreadId, UserId, WebhookId
from tests.jobs.crm import clock
from tests.jobs.webhook_world import FAILS, OLD_SECRET, SECRET, TAKES, Hooks, body, head
from tests.providers.http_server import running_server

pytestmark = pytest.mark.rule("R31")


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
