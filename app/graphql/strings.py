"""Keep NUL out: GraphQL allows it in strings, PostgreSQL has no text with it.

Source: security requirement R18; https://www.postgresql.org/docs/current/datatype-character.html.
"""

from typing import Any, Final

from graphql import DocumentNode, GraphQLError, Visitor, visit
from graphql.language import StringValueNode

NUL_REFUSED: Final = "A string has the character U+0000, which is not allowed."


def has_nul(value: object) -> bool:
    """Tell whether a string with NUL is anywhere in a JSON value."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or has_nul(one) for key, one in value.items())
    return isinstance(value, list) and any(has_nul(one) for one in value)


class _Literals(Visitor):
    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        if "\x00" in node.value:
            raise GraphQLError(NUL_REFUSED, node, extensions={"code": "BAD_USER_INPUT"})


def refuse_nul_literals(document: DocumentNode) -> None:
    """Look at every string literal of a document.

    Raises:
        GraphQLError: one has NUL, code BAD_USER_INPUT.
    """
    visit(document, _Literals())
