"""Webhooks as an admin meets them: shown once, listed, paused, resumed, replaced, deleted; nobody else's."""

import base64
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from database.tables import WebhookDeliveryRow
from resolvers.viewer import Viewer
from rules.happenings import MessageSynced
from rules.words import ContactId, MailboxId, MessageId, Role, ThreadId
from tests.resolvers.world import World

FIELDS = "id url events state offBecause waiting failingSince previousSecretUntil"
CREATE = f"""mutation ($url: String!, $events: [EventKind!]!) {{ createWebhook(url: $url, events: $events) {{
  __typename ... on InvalidInput {{ field message }} ... on UserError {{ message }}
  ... on WebhookSecret {{ secret webhook {{ {FIELDS} }} }} }} }}"""
LIST = f"{{ workspace {{ webhooks {{ {FIELDS} }} }} }}"
DELIVERIES = """query ($id: ID!, $state: WebhookDeliveryState, $after: String) {
  webhookDeliveries(webhookId: $id, state: $state, first: 1, after: $after) {
    edges { node { id eventId kind state attempts error nextAttemptAt } }
    pageInfo { hasNextPage endCursor } } }"""
URL = "https://crm.example/hooks/bothways"


def change(name: str, more: str = "", selection: str = FIELDS) -> str:
    return (
        f"mutation ($id: ID!) {{ {name}(id: $id{more}) {{ __typename ... on UserError {{ message }} "
        f"... on Webhook {{ {selection} }} }} }}"
    )


async def answer(world: World, text: str, viewer: Viewer | None = None, **variables: Any) -> Any:
    [only] = (await world.data(text, variables, viewer)).values()
    return only


async def made(world: World, url: str = URL, events: tuple[str, ...] = ()) -> Any:
    created = await answer(world, CREATE, url=url, events=list(events))
    assert created["__typename"] == "WebhookSecret", created
    return created


async def happen(world: World) -> None:
    """Let a message be told, as a pull does."""
    async with world.db.work(world.workspace_id) as work:
        work.tell(
            MessageSynced(
                MessageId(world.message_ids[0]),
                ThreadId(world.thread_ids[0]),
                ContactId(world.contact_id),
                MailboxId(world.mailbox_id),
            )
        )


async def commands(world: World) -> list[str]:
    rows = await world.db.fetch(
        world.workspace_id, "select key from commands where queue = 'webhooks' order by key"
    )
    return [row["key"] for row in rows]


async def deliver(world: World, webhook_id: str, number: int | None, state: str = "FAILED") -> str:
    row = WebhookDeliveryRow(
        id=world.context().new_id(),
        workspace_id=world.workspace_id,
        webhook_id=UUID(webhook_id),
        event_number=number,
        kind=None if number is None else "MESSAGE_SYNCED",
        event_at=world.now,
        subject={},
        state=state,
        attempts=11,
        error="The receiver answered 500.",
        created_at=world.now,
    )
    async with world.db.work(world.workspace_id) as work:
        work.add(row)
    return str(row.id)


async def test_a_webhook_is_made_with_a_secret_that_is_shown_once_and_stored_sealed(world: World) -> None:
    created = await made(world, events=("MESSAGE_SYNCED", "WITHDRAWN", "MESSAGE_SYNCED"))

    hook = created["webhook"]
    assert hook == {
        "id": hook["id"],
        "url": URL,
        "events": ["MESSAGE_SYNCED", "WITHDRAWN"],
        "state": "ON",
        "offBecause": None,
        "waiting": 0,
        "failingSince": None,
        "previousSecretUntil": None,
    }
    assert (await world.data(LIST))["workspace"]["webhooks"] == [hook]
    secret = base64.b64decode(created["secret"].removeprefix("whsec_"))
    row = await world.db.fetchrow(world.workspace_id, "select * from webhooks")
    assert row is not None
    assert len(secret) == 32
    assert secret not in bytes(row["secret_sealed"])
    key = await world.vault.data_key(world.workspace_id)
    assert key.open_(bytes(row["secret_sealed"]), "webhooks", row["id"], "secret_sealed") == secret
    audit = await world.db.fetch(world.workspace_id, "select action, detail::text as detail from audit_log")
    assert [(one["action"], created["secret"] in one["detail"]) for one in audit] == [
        ("webhook.created", False)
    ]


@pytest.mark.rule("R32")
@pytest.mark.parametrize(
    "url",
    [
        *("http://crm.example/hook", "ftp://crm.example/", "https://", "crm.example", "", "x" * 3000),
        *("https://user:secret@crm.example/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/x"),
        *("https://2130706433/", "https://169.254.169.254/latest", "https://crm.example:22/x y"),
        "https://crm.example/\r\nx",
    ],
)
async def test_addresses_that_no_event_may_go_to_are_refused(world: World, url: str) -> None:
    refused = await answer(world, CREATE, url=url, events=[])

    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "url")
    assert (await world.data(LIST))["workspace"]["webhooks"] == []


async def test_there_are_twenty_at_most(world: World) -> None:
    for _ in range(20):
        await made(world)

    one_more = await answer(world, CREATE, url=URL, events=[])

    assert one_more["__typename"] == "TooManyWebhooks"


async def test_only_who_governs_sees_webhooks_and_their_deliveries(world: World) -> None:
    hook = (await made(world))["webhook"]
    await deliver(world, hook["id"], 1)
    admin = world.viewer(user_id=world.colleague_id, role=Role.ADMIN)

    for viewer, seen in ((world.colleague, 0), (admin, 1), (world.program, 1)):
        assert len((await world.data(LIST, viewer=viewer))["workspace"]["webhooks"]) == seen
        page = await answer(world, DELIVERIES, viewer, id=hook["id"])
        assert len(page["edges"]) == seen


@pytest.mark.rule("R31")
async def test_what_happens_has_every_webhook_that_is_on_looked_at_in_the_same_commit(world: World) -> None:
    first, second = (await made(world))["webhook"]["id"], (await made(world))["webhook"]["id"]
    await answer(world, change("pauseWebhook"), id=second)
    async with world.db.work(world.workspace_id) as work:
        await work.execute(text("delete from commands"))

    await happen(world)
    await happen(world)

    assert await commands(world) == [f"webhook:{first}"]


async def test_a_webhook_is_paused_and_resumed_where_it_stopped(world: World) -> None:
    hook = (await made(world))["webhook"]
    position = "select position from webhooks"
    before = await world.db.fetchval(world.workspace_id, position)

    resumed_too_early = await answer(world, change("resumeWebhook"), id=hook["id"])
    paused = await answer(world, change("pauseWebhook"), id=hook["id"])
    paused_twice = await answer(world, change("pauseWebhook"), id=hook["id"])
    await happen(world)
    resumed = await answer(world, change("resumeWebhook"), id=hook["id"])

    assert resumed_too_early["__typename"] == paused_twice["__typename"] == "WebhookWrongState"
    assert (paused["state"], paused["offBecause"]) == ("PAUSED", "An admin paused it.")
    assert (resumed["state"], resumed["offBecause"]) == ("ON", None)
    assert await world.db.fetchval(world.workspace_id, position) == before
    assert await commands(world) == [f"webhook:{hook['id']}"]


async def test_address_and_events_can_be_changed(world: World) -> None:
    hook = (await made(world))["webhook"]
    text = change("updateWebhook", ', url: "https://new.example/x", events: [WITHDRAWN]')
    bad = change("updateWebhook", ', url: "https://127.0.0.1/"')

    changed = await answer(world, text, id=hook["id"])
    refused = await answer(world, bad, id=hook["id"])

    assert (changed["url"], changed["events"]) == ("https://new.example/x", ["WITHDRAWN"])
    assert refused["__typename"] == "InvalidInput"


async def test_a_new_secret_leaves_the_old_one_a_day(world: World) -> None:
    created = await made(world)
    text = (
        f"mutation ($id: ID!) {{ replaceWebhookSecret(id: $id) {{ __typename ... on WebhookSecret "
        f"{{ secret webhook {{ {FIELDS} }} }} }} }}"
    )

    replaced = await answer(world, text, id=created["webhook"]["id"])

    row = await world.db.fetchrow(world.workspace_id, "select * from webhooks")
    assert row is not None
    key = await world.vault.data_key(world.workspace_id)
    kept = key.open_(bytes(row["previous_secret_sealed"]), "webhooks", row["id"], "previous_secret_sealed")
    assert replaced["secret"] != created["secret"]
    assert base64.b64decode(created["secret"].removeprefix("whsec_")) == kept
    assert replaced["webhook"]["previousSecretUntil"] == "2026-03-03T09:30:00.000Z"


async def test_a_ping_and_replays_wait_to_be_sent(world: World) -> None:
    hook = (await made(world))["webhook"]
    failed = await deliver(world, hook["id"], 1)
    await deliver(world, hook["id"], 2, "DELIVERED")
    ping = "id eventId kind state attempts"
    test = f"mutation ($id: ID!) {{ testWebhook(id: $id) {{ ... on WebhookDelivery {{ {ping} }} }} }}"
    again = (
        "mutation ($id: ID!) { replayWebhookDelivery(id: $id) "
        "{ ... on WebhookDelivery { state attempts error eventId } } }"
    )
    many = (
        'mutation ($id: ID!) { replayWebhook(id: $id, since: "2026-03-01T00:00:00Z") '
        "{ ... on WebhookReplayed { count webhook { waiting } } } }"
    )

    pinged = await answer(world, test, id=hook["id"])
    replayed = await answer(world, again, id=failed)
    first = await answer(world, DELIVERIES, id=hook["id"], state="WAITING")
    rest = await answer(
        world, DELIVERIES, id=hook["id"], state="WAITING", after=first["pageInfo"]["endCursor"]
    )
    all_of_them = await answer(world, many, id=hook["id"])

    assert pinged == {**pinged, "eventId": None, "kind": None, "state": "WAITING", "attempts": 0}
    assert replayed == {**replayed, "state": "WAITING", "attempts": 0, "error": None}
    waiting = [edge["node"]["id"] for page in (first, rest) for edge in page["edges"]]
    assert sorted(waiting) == sorted([pinged["id"], failed])
    assert rest["pageInfo"]["hasNextPage"] is False
    assert all_of_them == {"count": 2, "webhook": {"waiting": 3}}


async def test_deleted_is_gone_with_what_waited(world: World) -> None:
    hook = (await made(world))["webhook"]
    await deliver(world, hook["id"], 1)
    text = "mutation ($id: ID!) { deleteWebhook(id: $id) { __typename ... on WebhookDeleted { id } } }"

    gone = await answer(world, text, id=hook["id"])
    again = await answer(world, text, id=hook["id"])

    assert gone == {"__typename": "WebhookDeleted", "id": hook["id"]}
    assert again == {"__typename": "NotFound"}
    assert await world.db.fetchval(world.workspace_id, "select count(*) from webhook_deliveries") == 0
