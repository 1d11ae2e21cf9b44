"""Every field can be the first that a connection is asked for.

A row inside a row has no declared type, so the driver knows only the types that it was born with there, and
those that some earlier statement of the same connection named. A field of another type would fail or not by
what was asked before it; here nothing was.
"""

from typing import Final

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from schema.root import schema
from tests.resolvers.conftest import CountedLines
from tests.resolvers.world import World

PLACES: Final = {
    "Thread": "{ contacts(first: 1) { edges { node { threads(first: 3) { edges { node { FIELD } } } } } } }",
    "Message": "query($id: ID!) { thread(id: $id) { messages(last: 5) { edges { node { FIELD } } } } }",
    "Attachment": "query($id: ID!) { thread(id: $id) { messages(last: 5) { edges { node {"
    " attachments { FIELD } } } } } }",
    "Contact": "query($id: ID!) { thread(id: $id) { messages(last: 5) { edges { node {"
    " thread { contact { FIELD } } } } } } }",
    "Mailbox": "query($id: ID!) { thread(id: $id) { messages(last: 5) { edges { node {"
    " mailbox { FIELD } } } } } }",
    "User": "{ workspace { users { FIELD } } }",
    "Workspace": "{ workspace { FIELD } }",
}
"""Where a type can be asked for inside another row."""


def selections(type_name: str) -> list[str]:
    """Each field of a type, with the plain fields of what it answers with."""
    of = schema._schema.type_map[type_name]
    assert isinstance(of, GraphQLObjectType)
    found = []
    for name, field in of.fields.items():
        below = get_named_type(field.type)
        if not asked_plainly(field):
            continue
        if is_leaf_type(below):
            found.append(name)
        elif isinstance(below, GraphQLObjectType):
            plain = [
                each
                for each, one in below.fields.items()
                if asked_plainly(one) and is_leaf_type(get_named_type(one.type))
            ]
            found.append(f"{name} {{ __typename {' '.join(plain)} }}")
    return found


def asked_plainly(field: GraphQLField) -> bool:
    return not any(is_required_argument(argument) for argument in field.args.values())


@pytest.mark.parametrize("type_name", PLACES)
async def test_each_field_is_answered_on_a_connection_that_was_asked_nothing(
    world: World, counted: CountedLines, type_name: str
) -> None:
    variables = {"id": str(world.thread_ids[0])} if "$id" in PLACES[type_name] else {}
    for selection in selections(type_name):
        counted._forget_idle()

        answer = await world.ask(PLACES[type_name].replace("FIELD", selection), variables)

        assert "errors" not in answer, (selection, answer["errors"])
