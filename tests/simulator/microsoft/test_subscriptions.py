"""Subscriptions: handshake, notifications, retries, lifecycle."""

from datetime import UTC, datetime, timedelta

from tests.simulator.microsoft.conftest import DANA, MEI
from tests.simulator.microsoft.graph_schema import problems
from tests.simulator.microsoft.hook_receiver import Hook, hooked
from tests.simulator.microsoft.msal_client import Json, MicrosoftConnection
from tests.simulator_process import Simulator
from tests.waiting import wait_until

IMMUTABLE = 'IdType="ImmutableId"'


def wish(hook: Hook, resource: str = "me/mailFolders('inbox')/messages", **more: object) -> Json:
    """Write a subscription's JSON."""
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": hook.url,
        "lifecycleNotificationUrl": f"{hook.url}/lifecycle",
        "resource": resource,
        "expirationDateTime": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
        "clientState": "s3cr3t",
        **more,
    }


def documented(item: Json) -> Json:
    """Return a notification without the one key that lives in the open type of its resource data."""
    data = {name: value for name, value in item["resourceData"].items() if name != "id"}
    return {**item, "resourceData": data}


async def told(hook: Hook, number: int) -> list[Json]:
    """Wait for so many notifications."""
    return (
        await wait_until(
            lambda: hook.items if len(hook.items) >= number else None, description=f"{number} notifications"
        )
        or []
    )


async def test_creation_shakes_hands_with_both_endpoints(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """Tokens come decoded from the query; the subscription is listed, renewed, and deleted."""
    async with hooked() as hook:
        made = await mei.done("POST", "/subscriptions", wish(hook))
        listed = await mei.got("/subscriptions")
        twice = await mei.ask("POST", "/subscriptions", wish(hook))
        longer = (datetime.now(UTC) + timedelta(days=6)).isoformat()
        renewed = await mei.done("PATCH", f"/subscriptions/{made['id']}", {"expirationDateTime": longer})
        lifecycle = await mei.ask(
            "PATCH", f"/subscriptions/{made['id']}", {"lifecycleNotificationUrl": hook.url}
        )
        fetched = await mei.got(f"/subscriptions/{made['id']}")
        deleted = await mei.ask("DELETE", f"/subscriptions/{made['id']}")
        gone = await mei.ask("PATCH", f"/subscriptions/{made['id']}", {"expirationDateTime": longer})

    assert len(hook.tokens) == 2
    assert all(token.startswith("Validation: Testing client application") for token in hook.tokens)
    assert (made["clientState"], made["resource"]) == ("s3cr3t", "me/mailFolders('inbox')/messages")
    assert [one["id"] for one in listed["value"]] == [made["id"]]
    assert (twice.status_code, lifecycle.status_code) == (409, 400)
    assert renewed["expirationDateTime"] > made["expirationDateTime"]
    assert fetched["expirationDateTime"] == renewed["expirationDateTime"]
    assert (deleted.status_code, gone.status_code) == (204, 404)


async def test_what_keeps_a_subscription_from_being_made(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """A wrong echo, nobody there, too long, past, an unknown resource or kind."""
    async with hooked() as hook:
        hook.echo = '"quoted"'
        wrong_echo = await mei.ask("POST", "/subscriptions", wish(hook))
        hook.echo = None
        far = (datetime.now(UTC) + timedelta(days=8)).isoformat()
        others = [
            wish(hook, expirationDateTime=far),
            wish(hook, expirationDateTime="2020-01-01T00:00:00Z"),
            wish(hook, resource="me/events"),
            wish(hook, changeType="renamed"),
            wish(hook, clientState="x" * 129),
            wish(hook, notificationUrl="ftp://x.test/"),
        ]
        statuses = [(await mei.ask("POST", "/subscriptions", body)).status_code for body in others]
        short = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        raised = await mei.done("POST", "/subscriptions", wish(hook, expirationDateTime=short))
    nobody = await mei.ask("POST", "/subscriptions", wish(hook, resource="me/messages"))
    lasts = datetime.fromisoformat(raised["expirationDateTime"]) - datetime.now(UTC)

    assert (wrong_echo.status_code, wrong_echo.json()["error"]["code"]) == (400, "ValidationError")
    assert statuses == [400] * len(others)
    assert lasts > timedelta(minutes=44)
    assert nobody.json()["error"]["message"].startswith("Subscription validation request failed.")


async def test_notifications_name_the_message_and_come_again_until_they_are_taken(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """Immutable ids where they were asked for; a refusal is repeated; the shape is Microsoft's."""
    await simulator.set_dials(push_retry_first_seconds=0.05)
    async with hooked(500, 202) as hook:
        made = await mei.done("POST", "/subscriptions", wish(hook), Prefer=IMMUTABLE)
        await simulator.deliver(DANA, MEI, subject="Roof", text="x")
        first = (await told(hook, 2))[0]
        message = await mei.got(f"/me/messages/{first['resourceData']['id']}", Prefer=IMMUTABLE)
        await mei.done("PATCH", f"/me/messages/{message['id']}", {"isRead": True})
        await mei.done("POST", f"/me/messages/{message['id']}/move", {"destinationId": "archive"})
        items = await told(hook, 4)
        push = await simulator.microsoft_push()

    assert (first["subscriptionId"], first["clientState"], first["changeType"]) == (
        made["id"],
        "s3cr3t",
        "created",
    )
    assert (message["subject"], hook.bodies[0]) == ("Roof", hook.bodies[1])
    assert {one["changeType"] for one in items[2:]} == {"updated", "deleted"}
    assert [found for one in items for found in problems("changeNotification", documented(one))] == []
    assert push["attempts"][0]["status"] == 500


async def test_whole_mailbox_contacts_and_lost_notifications(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """A move is a deletion and a creation; contacts are told; what the dial loses does not come."""
    async with hooked() as hook:
        await mei.done("POST", "/subscriptions", wish(hook, "me/messages"))
        await mei.done("POST", "/subscriptions", wish(hook, "/me/contacts"))
        await simulator.deliver(DANA, MEI, subject="Roof", text="x")
        mine = (await simulator.mailbox(MEI))[0]
        await told(hook, 1)
        await simulator.move(MEI, mine["id"], "Archive")
        moved = await told(hook, 3)
        await simulator.add_contact(MEI, displayName="Bo")
        contact = (await told(hook, 4))[3]
        await simulator.set_dials(push_loss=1)
        await simulator.deliver(DANA, MEI, subject="Unheard", text="x")
        push = await simulator.microsoft_push()

    assert [one["changeType"] for one in moved] == ["created", "deleted", "created"]
    assert contact["resourceData"]["@odata.type"] == "#Microsoft.Graph.Contact"
    assert (push["dropped"], push["waiting"], len(hook.items)) == (1, [], 4)


async def test_lifecycle_events_do_what_they_say(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Reauthorization pauses until it is given; removal removes; all go to the lifecycle endpoint."""
    async with hooked() as hook:
        made = await mei.done("POST", "/subscriptions", wish(hook))
        await simulator.lifecycle(MEI, "reauthorizationRequired")
        await told(hook, 1)
        await simulator.deliver(DANA, MEI, subject="In the pause", text="x")
        paused = await simulator.microsoft_push()
        await mei.ask("POST", f"/subscriptions/{made['id']}/reauthorize")
        await simulator.deliver(DANA, MEI, subject="After it", text="x")
        after = await told(hook, 2)
        await simulator.lifecycle(MEI, "missed")
        await simulator.lifecycle(MEI, "subscriptionRemoved", made["id"])
        events = await told(hook, 4)
        gone = await mei.ask("GET", f"/subscriptions/{made['id']}")

    assert paused["waiting"] == []
    assert after[1]["changeType"] == "created"
    assert [one.get("lifecycleEvent") for one in events] == [
        "reauthorizationRequired",
        None,
        "missed",
        "subscriptionRemoved",
    ]
    assert "resource" not in events[0]
    assert gone.status_code == 404


async def test_reminder_comes_before_the_end(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """The dial says how long before; it comes once."""
    async with hooked() as hook:
        await mei.done("POST", "/subscriptions", wish(hook))
        await simulator.set_dials(microsoft={"reauthorize_before_seconds": 3 * 86_400})
        events = await told(hook, 1)
        state = await simulator.microsoft_push()

    assert [one["lifecycleEvent"] for one in events] == ["reauthorizationRequired"]
    assert [one["reminded"] for one in state["subscriptions"].values()] == [True]
