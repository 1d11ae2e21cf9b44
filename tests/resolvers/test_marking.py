"""Marking a conversation, who may see it then, and how much of a message colleagues see."""

from typing import Any

import pytest
from sqlalchemy import insert

from database.ids import new_id
from database.tables import MessageCopyRow, table_of
from resolvers.viewer import Viewer
from rules.words import Visibility
from tests.resolvers.world import NOW, World, add_thread

MARK = """mutation ($id: ID!, $read: Boolean, $state: ThreadState, $assigneeId: ID, $private: Boolean) {
  markThread(id: $id, read: $read, state: $state, assigneeId: $assigneeId, private: $private) {
    __typename ... on InvalidInput { field }
    ... on Thread { state private unreadCount assignee { name } } } }"""
ASSIGN_NOBODY = """mutation ($id: ID!) { markThread(id: $id, assigneeId: null) {
  ... on Thread { assignee { name } } } }"""


async def mark(world: World, viewer: Viewer | None = None, **variables: Any) -> Any:
    given = {"id": str(world.thread_ids[0]), **variables}
    names = [name for name in given if name != "id"]
    used = ", ".join(f"{name}: ${name}" for name in ["id", *names])
    types = {"id": "ID!", "read": "Boolean", "state": "ThreadState", "assigneeId": "ID", "private": "Boolean"}
    declared = ", ".join(f"${name}: {types[name]}" for name in given)
    body = MARK[MARK.index("__typename") :]
    text = f"mutation ({declared}) {{ markThread({used}) {{ {body}"
    data = await world.data(text, given, viewer)
    return data["markThread"]


async def kinds(world: World) -> list[str]:
    return [one.event.kind for one in await world.db.events.after(world.workspace_id, 0, 100)]


async def test_reading_is_the_viewers_own_and_is_carried_to_their_mailbox(world: World) -> None:
    async with world.db.work(world.workspace_id) as work:
        copy = {
            "id": new_id(),
            "workspace_id": world.workspace_id,
            "message_id": world.message_ids[0],
            "mailbox_id": world.mailbox_id,
            "remote_id": "r1",
            "remote_thread_id": "t1",
            "unread": True,
        }
        await work.execute(insert(table_of(MessageCopyRow)), [copy])

    read = await mark(world, read=True)
    again = await mark(world, read=True)

    assert (read["unreadCount"], again["unreadCount"]) == (0, 0)
    assert await kinds(world) == ["ThreadChanged"]
    asked = await world.db.fetch(world.workspace_id, "select kind, key from commands")
    key = f"read:{world.mailbox_id}:{world.thread_ids[0]}"
    assert [dict(row) for row in asked] == [{"kind": "carry_read_state", "key": key}]
    unread = await mark(world, read=False)
    assert unread["unreadCount"] == 1


async def test_state_and_assignee_change_and_what_is_left_out_stays(world: World) -> None:
    done = await mark(world, state="DONE", assigneeId=str(world.colleague_id))
    still = await mark(world, read=True)
    nobody = await world.data(ASSIGN_NOBODY, {"id": str(world.thread_ids[0])})
    wrong = await mark(world, assigneeId=str(new_id()))

    assert (done["state"], done["assignee"]) == ("DONE", {"name": "Ben Ode"})
    assert (still["state"], still["assignee"]) == ("DONE", {"name": "Ben Ode"})
    assert nobody["markThread"]["assignee"] is None
    assert wrong == {"__typename": "InvalidInput", "field": "assigneeId"}


async def test_a_private_conversation_exists_for_its_user_alone(world: World) -> None:
    id = str(world.thread_ids[0])
    everywhere = """query ($id: ID!, $message: ID!, $contact: ID!) {
      thread(id: $id) { id } message(id: $message) { id }
      threads { edges { node { id } } }
      searchMessages(query: "roofs") { edges { node { id } } }
      contact(id: $contact) { threads { edges { node { id } } } } }"""
    variables = {
        "id": id,
        "message": str(world.message_ids[0]),
        "contact": str(world.contact_id),
    }

    made = await mark(world, private=True)

    assert made["private"] is True
    assert await kinds(world) == ["Withdrawn", "ThreadChanged"]
    mine = await world.data(everywhere, variables)
    assert mine["thread"] == {"id": id}
    assert len(mine["threads"]["edges"]) == len(mine["contact"]["threads"]["edges"]) == 3
    assert len(mine["searchMessages"]["edges"]) == 6
    for viewer in (world.colleague, world.program):
        theirs = await world.data(everywhere, variables, viewer)
        assert theirs["thread"] is theirs["message"] is None
        assert len(theirs["threads"]["edges"]) == len(theirs["contact"]["threads"]["edges"]) == 2
        assert len(theirs["searchMessages"]["edges"]) == 4
    assert (await mark(world, world.colleague, private=False))["__typename"] == "NotFound"
    assert (await mark(world, private=False))["private"] is False


@pytest.mark.parametrize(
    ("visibility", "subject", "snippet", "found"),
    [
        (Visibility.EVERYTHING, "Secret", "Hello 0", 1),
        (Visibility.SUBJECT, "Secret", None, 0),
        (Visibility.METADATA, "", None, 0),
    ],
)
async def test_colleagues_see_of_a_message_what_its_owner_shares(
    world: World, visibility: Visibility, subject: str, snippet: str | None, found: int
) -> None:
    thread_id = await add_thread(world, "Secret", NOW, visibility=visibility)
    text = """query ($id: ID!) { thread(id: $id) { subject lastMessage { subject snippet text html quotedFrom
      from { address } attachments { name } } } searchMessages(query: "Secret") { edges { cursor } } }"""

    theirs = await world.data(text, {"id": str(thread_id)}, world.colleague)
    mine = await world.data(text, {"id": str(thread_id)})

    shared = visibility is Visibility.EVERYTHING
    assert theirs["thread"] == {
        "subject": subject,
        "lastMessage": {
            "subject": subject,
            "snippet": snippet,
            "text": "Hello 0 about roofs" if shared else None,
            "html": "<p>Hello 0</p>" if shared else None,
            "quotedFrom": None,
            "from": {"address": "dana@okafor.co"},
            "attachments": [{"name": "roof.pdf"}] if shared else [],
        },
    }
    assert len(theirs["searchMessages"]["edges"]) == found
    assert mine["thread"]["lastMessage"]["text"] == "Hello 0 about roofs"
    assert len(mine["searchMessages"]["edges"]) == 1


async def test_a_workspaces_key_has_nothing_to_read_and_nothing_private(world: World) -> None:
    assert (await mark(world, world.program, read=True))["__typename"] == "Forbidden"
    assert (await mark(world, world.program, private=True))["__typename"] == "Forbidden"
    assert (await mark(world, world.program, state="DONE"))["unreadCount"] == 0
