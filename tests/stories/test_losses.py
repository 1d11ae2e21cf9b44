"""Redis wiped, Redis gone, the worker killed with -9: nothing is lost, nothing is repeated."""

import asyncio
import json
from functools import partial

import pytest
from redis.asyncio import Redis
from standardwebhooks import Webhook

from app.embedded import EmbeddedValkey
from tests.providers.http_server import answer, running_server, silent
from tests.stories.stack import ANN, DANA, Stack
from tests.waiting import wait_until


async def dana(stack: Stack) -> str:
    found = await stack.ask('{ contacts(search: "Dana") { edges { node { id } } } }')
    return str(found["contacts"]["edges"][0]["node"]["id"])


async def sent(stack: Stack, message_id: str) -> bool:
    return await stack.delivery(message_id) == "SENT"


async def delivered(stack: Stack, subject: str) -> int:
    return len([one for one in await stack.simulator.mailbox(DANA) if one["subject"] == subject])


@pytest.mark.rule("R52")
@pytest.mark.rule("R59")
@pytest.mark.timeout(90)
async def test_wiping_valkey_at_any_moment_loses_nothing(stack: Stack, own_valkey: EmbeddedValkey) -> None:
    """Ten mails out and ten in, while Valkey is wiped over and over: each arrives, each once."""
    contact = await dana(stack)
    redis: Redis = Redis.from_url(own_valkey.url())
    wiping = asyncio.create_task(_wipe(redis))
    async with stack.listening() as heard:
        out = [
            await stack.send(contactId=contact, subject=f"Wiped {number}", text=f"out {number}")
            for number in range(10)
        ]
        for number in range(10):
            await stack.simulator.deliver(DANA, ANN, subject=f"In {number}", text=f"in {number}")
        for message in out:
            await wait_until(partial(sent, stack, message["id"]), description="sent", seconds=60)
        expected = {f"in {number}" for number in range(10)} | {f"out {number}" for number in range(10)}
        await wait_until(lambda: expected <= set(heard.texts()), description="all is live", seconds=60)
    wiping.cancel()
    await asyncio.gather(wiping, return_exceptions=True)
    await redis.aclose()

    assert sorted(one for one in heard.texts() if one in expected) == sorted(expected)
    assert [await delivered(stack, f"Wiped {number}") for number in range(10)] == [1] * 10


async def _wipe(redis: "Redis") -> None:
    pause = asyncio.Event()
    while True:
        await redis.flushall()
        try:
            await asyncio.wait_for(pause.wait(), 0.05)
        except TimeoutError:
            continue


@pytest.mark.rule("R27")
@pytest.mark.rule("R59")
@pytest.mark.timeout(90)
async def test_a_restart_of_valkey_leaves_subscriptions_alive(
    stack: Stack, own_valkey: EmbeddedValkey
) -> None:
    """The open socket hears what comes while Valkey is away, and after it is back."""
    async with stack.listening() as heard:
        own_valkey.stop()
        await stack.simulator.deliver(DANA, ANN, subject="Dark", text="while it is away")
        await wait_until(
            lambda: "while it is away" in heard.texts(), description="live without Valkey", seconds=30
        )
        own_valkey.start()
        await stack.simulator.deliver(DANA, ANN, subject="Light", text="when it is back")
        await wait_until(lambda: "when it is back" in heard.texts(), description="live again", seconds=30)

    assert heard.texts().count("while it is away") == 1


@pytest.mark.rule("R48")
@pytest.mark.rule("R53")
@pytest.mark.timeout(150)
async def test_a_worker_killed_while_gmail_takes_the_mail_sends_it_once(stack: Stack) -> None:
    """kill -9 after Gmail accepted and before it answered: the next worker looks, and repeats nothing."""
    await stack.simulator.add_fault("hang_after", "gmail.users.drafts.send")
    message = await stack.send(contactId=await dana(stack), subject="Killed", text="only once")

    async def accepted() -> bool:
        return await delivered(stack, "Killed") == 1

    await wait_until(accepted, description="Gmail took the mail")
    worker = stack.processes[-1]
    await stack.kill(worker)
    await stack.start("worker")

    await wait_until(lambda: sent(stack, message["id"]), description="found in Sent", seconds=120)
    assert await delivered(stack, "Killed") == 1


@pytest.mark.rule("R53")
@pytest.mark.timeout(150)
async def test_a_worker_killed_in_the_middle_of_a_pull_loses_nothing(stack: Stack) -> None:
    """kill -9 while a body is being fetched: the next worker fetches it, and tells it once."""
    async with stack.listening() as heard:
        await stack.simulator.add_fault("hang_before", "gmail.users.messages.get")
        await stack.simulator.deliver(DANA, ANN, subject="Pulled", text="survives the worker")

        async def fetching() -> bool:
            seen = await stack.simulator.journal(account=ANN, method="gmail.users.messages.get")
            return any(one.get("fault") == "hang_before" or one["status"] is None for one in seen)

        await wait_until(fetching, description="the pull is under way")
        await stack.kill(stack.processes[-1])
        await stack.start("worker")
        await wait_until(
            lambda: "survives the worker" in heard.texts(), description="it is live", seconds=120
        )

    assert heard.texts().count("survives the worker") == 1


CREATE = """mutation ($url: String!) { createWebhook(url: $url, events: [MESSAGE_SYNCED]) {
  ... on WebhookSecret { secret webhook { id } } } }"""
DELIVERIES = """query ($id: ID!) { webhookDeliveries(webhookId: $id) {
  edges { node { eventId state lastStatus } } } }"""


@pytest.mark.rule("R31")
@pytest.mark.rule("R53")
@pytest.mark.timeout(90)
async def test_a_worker_killed_while_a_webhook_is_told_tells_it_again_under_the_same_id(
    stack: Stack,
) -> None:
    """kill -9 while the receiver thinks: the next worker sends the event again, signed, and no other."""
    async with running_server(silent, answer(b"", status="204 No Content")) as receiver:
        made = (await stack.ask(CREATE, url=receiver.url))["createWebhook"]
        await stack.simulator.deliver(DANA, ANN, subject="Told", text="told twice, once over")
        await wait_until(lambda: receiver.seen, description="the receiver is told")
        await stack.kill(stack.processes[-1])
        await stack.start("worker")
        await wait_until(lambda: len(receiver.seen) > 1, description="it is told again", seconds=60)

        async def listed() -> list[dict[str, object]]:
            page = (await stack.ask(DELIVERIES, id=made["webhook"]["id"]))["webhookDeliveries"]
            nodes = [edge["node"] for edge in page["edges"]]
            return nodes if all(node["state"] == "DELIVERED" for node in nodes) else []

        nodes = await wait_until(listed, description="the delivery is written down")

    requests = [request.partition(b"\r\n\r\n") for request in receiver.seen]
    headers = [
        dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:]) for head, _, _ in requests
    ]
    body = requests[1][2]
    Webhook(made["secret"]).verify(body, headers[1])
    assert [one["webhook-id"] for one in headers] == [json.loads(body)["id"]] * 2
    assert nodes == [{"eventId": json.loads(body)["id"], "state": "DELIVERED", "lastStatus": 204}]
