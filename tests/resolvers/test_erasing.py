"""One person leaves the workspace: what is theirs goes, what is others' stays."""

from datetime import timedelta
from typing import Any

from database.ids import new_id
from database.tables import MessageRow
from rules.words import Direction, Origin
from tests.resolvers.world import NOW, World, add_thread, address_row, contact_row

ERASE = """mutation ($id: ID!) { eraseContact(id: $id) { __typename
  ... on ContactErased { threads messages attachments mentions } } }"""


async def rows(world: World, sql: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await world.db.fetch(world.workspace_id, sql)]


async def erase(world: World, contact_id: Any) -> Any:
    return (await world.data(ERASE, {"id": str(contact_id)}))["eraseContact"]


async def other_conversation(world: World) -> Any:
    """Store a conversation with Noor, in which Dana wrote once, and got a copy once."""
    noor = new_id()
    async with world.db.work(world.workspace_id) as work:
        work.add(contact_row(world, noor, "Noor Haddad"))
        await work.flush()
        work.add(address_row(world, noor, "noor@haddad.example"))
    thread_id = await add_thread(world, "Estimate", NOW, messages=1, contact_id=noor)
    async with world.db.work(world.workspace_id) as work:
        work.add(
            MessageRow(
                id=new_id(),
                workspace_id=world.workspace_id,
                thread_id=thread_id,
                mailbox_id=world.mailbox_id,
                owner_id=world.user_id,
                direction=Direction.INBOUND,
                origin=Origin.MAILBOX,
                from_address="noor@haddad.example",
                to_recipients=[{"address": "ada@mail.example", "name": None}],
                cc_recipients=[{"address": "dana@okafor.co", "name": "Dana"}],
                subject="Estimate",
                sent_at=NOW + timedelta(hours=1),
                synced_at=NOW,
            )
        )
    return thread_id


async def test_everything_of_a_person_goes_and_what_is_others_stays(world: World) -> None:
    """Three conversations with six messages, one message elsewhere; their address leaves the headers."""
    kept = await other_conversation(world)

    erased = await erase(world, world.contact_id)

    assert erased == {
        "__typename": "ContactErased",
        "threads": 3,
        "messages": 7,
        "attachments": 3,
        "mentions": 1,
    }
    assert [row["id"] for row in await rows(world, "select id from threads")] == [kept]
    [message] = await rows(world, "select id, from_address, cc_recipients::text as cc from messages")
    assert (message["from_address"], message["cc"]) == ("noor@haddad.example", "[]")
    [thread] = await rows(world, "select message_count, last_message_id, participants::text from threads")
    assert (thread["message_count"], thread["last_message_id"]) == (1, message["id"])
    everywhere = [
        str(row)
        for table in ("contacts", "contact_addresses", "threads", "messages", "attachments", "unread")
        for row in await rows(world, f"select t::text as row from {table} t")
    ]
    assert not [row for row in everywhere if "dana" in row.lower()]


async def test_open_inboxes_are_told_to_forget(world: World) -> None:
    """Each conversation that went is withdrawn from everybody, its owner included."""
    expected = {str(one) for one in world.thread_ids}

    await erase(world, world.contact_id)

    told = await rows(world, "select subject from events where kind = 'Withdrawn'")
    assert {row["subject"]["thread_id"] for row in told} == expected
    assert all(row["subject"]["visible_to"] is None for row in told)


async def test_an_address_that_another_contact_has_too_is_that_ones(world: World) -> None:
    """A shared address stays with who is not erased, and so does what was written from it."""
    thread_id = await other_conversation(world)
    async with world.db.work(world.workspace_id) as work:
        noor = (await rows(world, "select contact_id from contact_addresses where address like 'noor%'"))[0]
        work.add(address_row(world, noor["contact_id"], "dana@okafor.co", 1))

    erased = await erase(world, world.contact_id)

    assert (erased["threads"], erased["messages"], erased["mentions"]) == (3, 6, 0)
    [thread] = await rows(world, "select id, message_count from threads")
    assert thread["id"] == thread_id


async def test_a_second_time_there_is_nobody(world: World) -> None:
    await erase(world, world.contact_id)

    assert (await erase(world, world.contact_id))["__typename"] == "NotFound"
    acts = await rows(world, "select action, detail from audit_log")
    assert [row["action"] for row in acts] == ["contact.erased"]
    assert "dana" not in str(acts).lower()
