"""What is prepared once for a document is asked with each request's own values and eyes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from database.reads.statement import Statement
from database.vault import Vault
from resolvers.viewer import Viewer
from tests.conftest import WorkspaceForTests
from tests.resolvers.world import NOW, World, add_thread, make_world

INBOX = (
    "query Kept($after: String, $first: Int) { threads(first: $first, after: $after) "
    "{ edges { cursor node { id subject unreadCount } } pageInfo { endCursor hasPreviousPage } } }"
)
THREAD = (
    "query KeptThread($id: ID!, $last: Int, $before: String) { thread(id: $id) { id "
    "messages(last: $last, before: $before) { edges { cursor node { id read } } } } }"
)


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Statement]]:
    """The statements that were composed, in their order."""
    made: list[Statement] = []
    compose = Statement.__init__

    def note(self: Statement) -> None:
        made.append(self)
        compose(self)

    monkeypatch.setattr(Statement, "__init__", note)
    yield made


async def test_a_document_that_is_asked_again_is_composed_once_for_each_shape_of_a_page(
    world: World, composed: list[Statement]
) -> None:
    document = f"{INBOX} # asked again"
    pages = [(await world.data(document, {"first": 1, "after": None}))["threads"]]
    for _ in range(2):
        after = pages[-1]["pageInfo"]["endCursor"]
        pages.append((await world.data(document, {"first": 1, "after": after}))["threads"])

    assert [page["edges"][0]["node"]["subject"] for page in pages] == ["Offer 2", "Offer 1", "Offer 0"]
    assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False, True, True]
    assert len(composed) == 2


async def test_each_viewer_reads_with_their_own_eyes(world: World, composed: list[Statement]) -> None:
    private = await add_thread(world, "For Ada alone", NOW, private_to=world.user_id)
    document = f"{INBOX} # own eyes"

    async def seen(viewer: Viewer) -> list[tuple[str, int]]:
        edges = (await world.data(document, {"first": 10}, viewer))["threads"]["edges"]
        return [(edge["node"]["id"], edge["node"]["unreadCount"]) for edge in edges]

    mine, theirs = await seen(world.viewer()), await seen(world.colleague)

    assert (str(private), 1) in mine
    assert str(private) not in dict(theirs)
    assert set(dict(theirs).values()) == {0}
    assert len(composed) == 1


async def test_a_position_inside_a_conversation_is_never_another_requests(
    world: World, composed: list[Statement]
) -> None:
    thread_id = str(await add_thread(world, "Long", NOW + timedelta(days=1), messages=4))
    document = f"{THREAD} # positions"

    async def page(before: str | None) -> list[dict[str, str]]:
        data = await world.data(document, {"id": thread_id, "last": 1, "before": before})
        edges = data["thread"]["messages"]["edges"]
        return [{"id": edge["node"]["id"], "cursor": edge["cursor"]} for edge in edges]

    found = [(await page(None))[0]]
    for _ in range(3):
        found.append((await page(found[-1]["cursor"]))[0])
    again = (await page(found[0]["cursor"]))[0]

    assert len({one["id"] for one in found}) == 4
    assert again == found[1]
    assert (await page(None))[0] == found[0]


async def test_a_cursor_of_another_workspace_is_refused_also_by_a_document_that_is_known(
    world: World, vault: Vault, other_workspace: WorkspaceForTests
) -> None:
    other = await make_world(world.db, vault, other_workspace.id, other_workspace.user_id)
    document = f"{THREAD} # another's"
    mine = await world.data(document, {"id": str(world.thread_ids[0]), "last": 1})
    cursor = mine["thread"]["messages"]["edges"][0]["cursor"]
    await world.data(document, {"id": str(world.thread_ids[0]), "last": 1, "before": cursor})

    answer = await other.ask(document, {"id": str(other.thread_ids[0]), "last": 1, "before": cursor})

    assert answer["errors"][0]["message"] == "This cursor is not one of this list."
