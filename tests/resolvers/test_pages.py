"""The CRM's real operations: one statement each, whatever they select, with exact answers."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from database.tables import MessageRow
from tests.resolvers.conftest import CountedLines
from tests.resolvers.world import NOW, World, add_thread

QUERIES = Path(__file__).parent.parent / "queries"


def operation(name: str) -> str:
    return (QUERIES / f"{name}.graphql").read_text()


@pytest.mark.parametrize(
    "name",
    ["inbox_page", "thread_page", "contact_page", "contact_list", "mailbox_settings", "compose", "search"],
)
async def test_each_operation_of_the_inbox_costs_one_statement(
    world: World, counted: CountedLines, name: str
) -> None:
    variables: dict[str, dict[str, object]] = {
        "inbox_page": {},
        "thread_page": {"id": str(world.thread_ids[0]), "last": 20},
        "contact_page": {"id": str(world.contact_id)},
        "contact_list": {"search": "okafor"},
        "mailbox_settings": {"since": "2026-02-20T00:00:00Z"},
        "compose": {"threadId": str(world.thread_ids[0])},
        "search": {"query": "roofs"},
    }

    await world.data(operation(name), variables[name])

    assert counted.statements == 1


async def test_the_inbox_shows_the_latest_conversation_first_with_everything_asked_for(world: World) -> None:
    data = await world.data(operation("inbox_page"))

    nodes = [edge["node"] for edge in data["threads"]["edges"]]
    assert [node["subject"] for node in nodes] == ["Offer 2", "Offer 1", "Offer 0"]
    assert data["threads"]["pageInfo"]["hasNextPage"] is False
    first = nodes[0]
    last_id = str(world.message_ids[-1])
    assert first == {
        "id": str(world.thread_ids[2]),
        "subject": "Offer 2",
        "messageCount": 2,
        "unreadCount": 2,
        "lastMessageAt": "2026-03-01T09:31:00.000Z",
        "state": "OPEN",
        "private": False,
        "contact": {
            "id": str(world.contact_id),
            "name": "Dana Okafor",
            "emails": ["dana@okafor.co", "dana@home.example"],
            "company": "Okafor & Sons",
        },
        "participants": [
            {"address": "dana@okafor.co", "name": "Dana Okafor", "kind": "CONTACT"},
            {"address": "ada@mail.example", "name": None, "kind": "USER"},
        ],
        "lastMessage": {
            "id": last_id,
            "direction": "INBOUND",
            "snippet": "Hello 1",
            "sentAt": "2026-03-01T09:31:00.000Z",
            "read": False,
            "from": {"address": "dana@okafor.co", "name": "Dana Okafor", "kind": "CONTACT"},
            "attachments": [
                {
                    "id": first["lastMessage"]["attachments"][0]["id"],
                    "name": "roof.pdf",
                    "sizeBytes": 12345,
                    "state": "STORED",
                }
            ],
            "delivery": None,
        },
        "assignee": None,
        "syncing": [
            {
                "id": str(world.mailbox_id),
                "address": "ada@mail.example",
                "status": "CONNECTED",
                "provider": "GMAIL",
                "owner": {"id": str(world.user_id), "name": "Ada Obi"},
            }
        ],
    }


async def test_pages_join_without_gap_or_repeat_in_both_directions(world: World) -> None:
    thread_id = await add_thread(world, "Long", NOW, messages=7)
    forward = """query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
      thread(id: $id) { messages(first: $first, after: $after, last: $last, before: $before) {
        edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
    expected = [str(one) for one in world.message_ids[-7:]]

    async def walk(size: str, at: str, start: str, more: str) -> list[list[str]]:
        pages, cursor = [], None
        while True:
            data = await world.data(forward, {"id": str(thread_id), size: 3, at: cursor})
            messages = data["thread"]["messages"]
            pages.append([edge["node"]["id"] for edge in messages["edges"]])
            if not messages["pageInfo"][more]:
                return pages
            cursor = messages["pageInfo"][start]

    assert await walk("first", "after", "endCursor", "hasNextPage") == [
        expected[:3],
        expected[3:6],
        expected[6:],
    ]
    assert await walk("last", "before", "startCursor", "hasPreviousPage") == [
        expected[4:],
        expected[1:4],
        expected[:1],
    ]


async def test_two_aliases_of_one_page_field_are_two_pages_in_one_statement(
    world: World, counted: CountedLines
) -> None:
    data = await world.data(
        """query ($id: ID!) { thread(id: $id) {
          opening: messages(first: 1) { edges { node { id } } }
          closing: messages(last: 1) { edges { node { text thread { contact { name } } } } } } }""",
        {"id": str(world.thread_ids[0])},
    )

    assert data["thread"]["opening"]["edges"] == [{"node": {"id": str(world.message_ids[0])}}]
    assert data["thread"]["closing"]["edges"] == [
        {"node": {"text": "Hello 1 about roofs", "thread": {"contact": {"name": "Dana Okafor"}}}}
    ]
    assert counted.statements == 1


async def test_threads_can_be_filtered(world: World) -> None:
    unread = "query ($filter: ThreadFilter) { threads(filter: $filter) { edges { node { subject } } } }"

    async def subjects(**filter: object) -> list[str]:
        data = await world.data(unread, {"filter": filter})
        return [edge["node"]["subject"] for edge in data["threads"]["edges"]]

    everything = ["Offer 2", "Offer 1", "Offer 0"]
    assert await subjects(unread=True) == everything
    assert await subjects(unread=False) == []
    assert await subjects(state="DONE") == []
    assert await subjects(contactId=str(world.contact_id), state="OPEN") == everything
    assert await subjects(mailboxId=str(world.mailbox_id)) == everything
    assert await subjects(assigneeId=str(world.user_id)) == []


@pytest.mark.parametrize("arguments", ["first: 0", "first: -1", 'first: 1, after: "nonsense"'])
async def test_a_page_that_cannot_be_is_refused_by_name(world: World, arguments: str) -> None:
    answer = await world.ask(f"{{ contacts({arguments}) {{ edges {{ cursor }} }} }}")

    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_a_cursor_of_another_list_is_none_of_this_one(world: World) -> None:
    data = await world.data("{ threads(first: 1) { pageInfo { endCursor } } }")
    cursor = data["threads"]["pageInfo"]["endCursor"]

    answer = await world.ask("query ($a: String) { contacts(after: $a) { edges { cursor } } }", {"a": cursor})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_latency_health_and_quota_are_computed_from_facts(world: World) -> None:
    data = await world.data(operation("mailbox_settings"), {"since": None})

    [mailbox] = data["mailboxes"]
    assert mailbox["health"]["latencyP95Ms"] == 1000
    assert mailbox["health"]["setAside"] == 0
    assert mailbox["quota"] == {"limit": 500, "used": 0, "freesAt": None}
    assert mailbox["skipped"] == []
    assert mailbox["connectedAt"] == (NOW - timedelta(days=10)).isoformat(timespec="milliseconds")[:-6] + "Z"


async def test_a_message_that_no_mailbox_holds_is_shown_whatever_is_asked_of_its_mailbox(
    world: World,
) -> None:
    async with world.db.work(world.workspace_id) as work:
        await work.execute(update(MessageRow).values(mailbox_id=None))
    document = """
    query ($id: ID!) {
      thread(id: $id) { messages { edges { node { id mailbox { id owner { id } } } } } }
    }
    """

    data = await world.data(document, {"id": str(world.thread_ids[0])})

    edges = data["thread"]["messages"]["edges"]
    assert len(edges) == 2
    assert [edge["node"]["mailbox"] for edge in edges] == [None, None]
