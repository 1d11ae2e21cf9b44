"""Any valid document, with ids that exist or not, is answered from a real database.

With data, with refusals, or with errors that say what is wrong; never with an exception that nobody foresaw.
"""

import random
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    GraphQLID,
    GraphQLNonNull,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from app.graphql.documents import Document
from schema.root import schema
from tests.resolvers.conftest import CountedLines
from tests.resolvers.world import World
from tests.resolvers.world import documents as known
from tests.schema.drawn_documents import documents

FORESEEN = {"NOT_FOUND", "BAD_USER_INPUT", "FORBIDDEN", "TOO_COMPLEX"}


class _WithIds(Visitor):
    """Puts ids of the world where a document has invented ones."""

    def __init__(self, world: World, dice: random.Random, types: TypeInfo) -> None:
        super().__init__()
        self._dice = dice
        self._types = types
        self._ids = [
            *(world.workspace_id, world.user_id, world.colleague_id, world.mailbox_id, world.contact_id),
            *world.thread_ids,
            *world.message_ids,
        ]

    def enter_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode | None:
        wanted = self._types.get_input_type()
        if wanted not in (GraphQLID, GraphQLNonNull(GraphQLID)) and str(wanted) not in ("ID", "ID!"):
            return None
        if self._dice.random() < 0.15:
            return None
        return StringValueNode(value=str(self._dice.choice(self._ids)))


def _with_ids(document: DocumentNode, world: World, seed: int) -> DocumentNode:
    types = TypeInfo(schema._schema)
    dressed: DocumentNode = visit(
        document, TypeInfoVisitor(types, _WithIds(world, random.Random(seed), types))
    )
    return dressed


SUPPRESSED = [
    HealthCheck.too_slow,
    HealthCheck.filter_too_much,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,
]


async def is_answered(world: World, lines: CountedLines, data: st.DataObject) -> None:
    """Draw a document, ask it on a connection that was asked nothing before, and look at its errors."""
    text = print_ast(_with_ids(data.draw(documents(schema._schema)), world, data.draw(st.integers(0, 2**32))))
    note(text)
    document = known.get(text)
    if not isinstance(document, Document):
        return  # over a limit of size or depth, which other tests are about
    lines._forget_idle()
    viewer = data.draw(st.sampled_from([world.viewer(), world.colleague, world.program]))
    answer = await world.ask(text, {"yes": True}, viewer)
    for error in answer.get("errors", []):
        assert error["extensions"]["code"] in FORESEEN, error


@given(data=st.data())
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=SUPPRESSED,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
async def test_any_document_is_answered(world: World, counted: CountedLines, data: st.DataObject) -> None:
    await is_answered(world, counted, data)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@given(data=st.data())
@settings(max_examples=3000, deadline=None, suppress_health_check=SUPPRESSED)
async def test_three_thousand_documents_are_answered(
    world: World, counted: CountedLines, data: st.DataObject
) -> None:
    await is_answered(world, counted, data)
