"""One person leaves the workspace: what is theirs goes, what is others' stays."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from database.ids import new_id
from database.tables import MessageRow
from resolvers.viewer import Viewer
from rules.words import Direction, Origin, Role, Scope
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


ANSWER = """{ __typename ... on Erasure { messages messagesKept threads attachments sendsRefused }
  ... on UserError { message } ... on InvalidInput { field } }"""
SEEN = ANSWER.replace(" ... on InvalidInput { field }", "")
PREVIEW = f"query ($id: ID!) {{ previewEraseMailbox(mailboxId: $id) {SEEN} }}"
PREVIEW_USER = f"query ($id: ID!) {{ previewEraseUser(id: $id) {SEEN} }}"
ERASE_MAILBOX = f"""mutation ($id: ID!, $named: String!) {{
  eraseMailbox(mailboxId: $id, address: $named) {ANSWER} }}"""
ERASE_USER = f"mutation ($id: ID!, $named: String!) {{ eraseUser(id: $id, email: $named) {ANSWER} }}"
ADA, BEN = "ada@mail.example", "ben@okafor.example"
LOGIN = "ada@okafor.example"


async def told(world: World, document: str, viewer: Viewer | None = None, **variables: Any) -> Any:
    [answer] = (await world.data(document, variables, viewer)).values()
    return answer


async def test_who_may_erase_a_mailbox(world: World) -> None:
    """Its owner, member or not, an admin, and the workspace's own key; to all others it does not exist."""
    id = str(world.mailbox_id)
    owner = world.viewer(role=Role.MEMBER)
    admin = world.viewer(user_id=world.colleague_id)
    key = replace(world.viewer(), user_id=None)
    stranger = replace(world.colleague, scopes=frozenset(Scope))

    for viewer in (owner, admin, key):
        assert (await told(world, PREVIEW, viewer, id=id))["messages"] == 6
        refused = await told(world, ERASE_MAILBOX, viewer, id=id, named="ada@mail.exampl")
        assert (refused["__typename"], refused["field"]) == ("InvalidInput", "address")
    assert (await told(world, PREVIEW, stranger, id=id))["__typename"] == "NotFound"
    assert (await told(world, ERASE_MAILBOX, stranger, id=id, named=ADA))["__typename"] == "NotFound"
    assert await rows(world, "select id from mailboxes where erasing_since is not null") == []

    erased = await told(world, ERASE_MAILBOX, owner, id=id, named=f" {ADA.upper()} ")

    assert (erased["__typename"], erased["messages"], erased["attachments"]) == ("Erasure", 6, 3)
    [mailbox] = await rows(world, "select status, erasing_since is null as untouched from mailboxes")
    assert mailbox == {"status": "DISCONNECTED", "untouched": False}
    for viewer in (owner, admin):
        assert (await world.data("{ mailboxes { id } }", viewer=viewer))["mailboxes"] == []
        assert (await told(world, ERASE_MAILBOX, viewer, id=id, named=ADA))["__typename"] == "NotFound"


async def test_who_may_erase_a_user(world: World) -> None:
    """Another admin, or the workspace's own key; nobody themselves, so that an admin is always left."""
    ben, ada = str(world.colleague_id), str(world.user_id)
    member = replace(world.colleague, scopes=frozenset(Scope))

    assert (await told(world, ERASE_USER, member, id=ada, named=LOGIN))["__typename"] == "Forbidden"
    assert (await told(world, PREVIEW_USER, member, id=ada))["__typename"] == "Forbidden"
    itself = await told(world, ERASE_USER, id=ada, named=LOGIN)
    wrong = await told(world, ERASE_USER, id=ben, named=LOGIN)
    assert (itself["__typename"], wrong["__typename"]) == ("Forbidden", "InvalidInput")
    assert await rows(world, "select id from users where erasing_since is not null") == []
    assert (await told(world, PREVIEW_USER, id=ada))["messages"] == 6

    assert (await told(world, ERASE_USER, id=ben, named=BEN))["__typename"] == "Erasure"

    assert await world.db.across.ended_users([world.colleague_id]) == {world.colleague_id}
    shown = (await world.data("{ workspace { users { id } } }"))["workspace"]["users"]
    assert [one["id"] for one in shown] == [ada]
    assert (await told(world, ERASE_USER, id=ben, named=BEN))["__typename"] == "NotFound"


async def test_of_two_admins_who_erase_each_other_one_is_left(world: World) -> None:
    """They take turns; whoever comes second is an admin no longer."""
    async with world.db.work(world.workspace_id) as work:
        await work.execute(text("update users set role = 'ADMIN'"))
    ben = world.viewer(user_id=world.colleague_id)

    answers = await asyncio.gather(
        told(world, ERASE_USER, id=str(world.colleague_id), named=BEN),
        told(world, ERASE_USER, ben, id=str(world.user_id), named=LOGIN),
    )

    assert sorted(one["__typename"] for one in answers) == ["Erasure", "NotFound"]
    assert len(await rows(world, "select id from users where erasing_since is null")) == 1


async def test_what_an_erasing_audits_are_ids(world: World) -> None:
    await told(world, ERASE_MAILBOX, id=str(world.mailbox_id), named=ADA)
    await told(world, ERASE_USER, id=str(world.colleague_id), named=BEN)

    acts = await rows(world, "select action, detail from audit_log order by number")
    assert [(row["action"], list(row["detail"].values())) for row in acts] == [
        ("mailbox.erasing", [str(world.mailbox_id)]),
        ("user.erasing", [str(world.colleague_id)]),
    ]
