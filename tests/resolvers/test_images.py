"""HTML with its remote images: for who asks, through us alone, and only where the HTML is to be seen."""

from typing import Any

import pytest
from sqlalchemy import text

from resolvers.viewer import Viewer
from tests.resolvers.world import World

pytestmark = pytest.mark.rule("R42")

HTML = '<p>Hi</p><img alt="x" data-remote-src="https://t.example/p?a=1&amp;b=2"><img data-remote-src="//no">'
QUERY = "query ($id: ID!) { message(id: $id) { html htmlWithImages } }"


async def asked(world: World, viewer: Viewer | None = None) -> Any:
    variables = {"id": str(world.message_ids[0])}
    return (await world.data(QUERY, variables, viewer))["message"]


async def write(world: World, statement: str, **values: Any) -> None:
    async with world.db.work(world.workspace_id) as work:
        await work.execute(text(statement), values)


async def test_images_stand_at_addresses_of_ours_for_this_viewer(world: World) -> None:
    await write(world, "update messages set html = :html", html=HTML)
    id = world.message_ids[0]

    def shown(user_id: object) -> str:
        path = f"/mail-images/{id}?for={user_id}&amp;address=https://t.example/p?a=1&amp;b=2"
        return f'<p>Hi</p><img alt="x" src="{path}"><img data-remote-src="//no">'

    assert await asked(world) == {"html": HTML, "htmlWithImages": shown(world.user_id)}
    assert await asked(world, world.colleague) == {"html": HTML, "htmlWithImages": shown(world.colleague_id)}


async def test_where_the_html_is_not_to_be_seen_neither_are_its_images(world: World) -> None:
    await write(world, "update messages set html = :html, visibility = 'SUBJECT'", html=HTML)

    assert (await asked(world))["htmlWithImages"] is not None
    assert await asked(world, world.colleague) == {"html": None, "htmlWithImages": None}


async def test_a_mail_without_html_has_none(world: World) -> None:
    await write(world, "update messages set html = null")

    assert await asked(world) == {"html": None, "htmlWithImages": None}
