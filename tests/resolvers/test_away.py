"""A database that does not answer is said to be away, not to be our bug, and tells nothing of the inside."""

import socket

import pytest

from app.graphql.documents import Document
from app.graphql.masking import format_errors
from database.lines import Lines
from tests.resolvers.world import World, documents


@pytest.fixture
def nowhere() -> str:
    """An address at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"postgresql://nobody@127.0.0.1:{taken.getsockname()[1]}/none"


async def test_a_database_that_is_away_is_unavailable(world: World, nowhere: str) -> None:
    away = Lines(nowhere, most=1, settings={})
    before, world.db._reads = world.db._reads, away
    document = documents.get("{ threads { edges { cursor } } }")
    assert isinstance(document, Document)

    result = await document.select(None).run(world.context())

    world.db._reads = before
    await away.close()
    [error] = format_errors(result.errors or (), "request-1")
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert error["path"] == ["threads"]
    assert "127.0.0.1" not in str(error)
