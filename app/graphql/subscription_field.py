"""The root field of a subscription operation: which one, with which arguments, and what makes two the same.

Belongs here: reading the operation. `after` is taken out of the arguments, and a variable that only feeds
`after` is left out of what distinguishes two subscriptions, so that clients who come back at different
moments still share one execution.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from graphql import (
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    TypeNode,
    get_named_type,
    is_input_object_type,
)
from graphql.language import NamedTypeNode

from app.graphql.documents import Operation
from app.live.feed import SubscriptionField

AFTER = "after"


class RefusedVariables(Exception):
    """The operation cannot start as it was asked for; `errors` say why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class SubscriptionCall:
    """What a client subscribed to. `variables_key` is the same for all who differ in `after` only."""

    field: SubscriptionField
    after: str | None
    variables_key: bytes


def read_subscription(
    schema: GraphQLSchema, operation: Operation, variables: dict[str, Any]
) -> SubscriptionCall:
    """Return what the operation, which was validated, subscribes to.

    Raises:
        RefusedVariables: the variables do not fit.
    """
    values = operation.coerce(variables)
    if isinstance(values, list):
        raise RefusedVariables(values)
    try:
        root = operation.roots(values).fields()[0]
    except GraphQLError as error:
        raise RefusedVariables([error]) from error
    arguments = dict(root.arguments)
    after = arguments.pop(AFTER, None)
    left_out = _variables_of_after(schema, operation, root.name)
    shared = {name: value for name, value in variables.items() if name not in left_out}
    return SubscriptionCall(
        field=SubscriptionField(root.name, arguments, root.selection),
        after=None if after is None else str(after),
        variables_key=orjson.dumps(shared, option=orjson.OPT_SORT_KEYS) if shared else b"",
    )


@lru_cache(maxsize=512)
def _variables_of_after(schema: GraphQLSchema, operation: Operation, root_name: str) -> frozenset[str]:
    """Return the variables that can be used for nothing but the root field's `after`.

    Those are the variables of its type, where that is a scalar that no other argument in reach takes.
    """
    assert schema.subscription_type is not None
    argument = schema.subscription_type.fields[root_name].args.get(AFTER)
    if argument is None:
        return frozenset()
    event_id = get_named_type(argument.type)
    others = [
        get_named_type(other.type)
        for field_name, name, other in _arguments_in_reach(schema, operation)
        if (field_name, name) != (f"{schema.subscription_type.name}.{root_name}", AFTER)
    ]
    if not isinstance(event_id, GraphQLScalarType) or any(
        other is event_id or is_input_object_type(other) for other in others
    ):
        return frozenset()
    return frozenset(
        definition.variable.name.value
        for definition in operation.node.variable_definitions or ()
        if _type_name(definition.type) == event_id.name
    )


def _arguments_in_reach(schema: GraphQLSchema, operation: Operation) -> list[tuple[str, str, Any]]:
    reached = []
    for coordinate in operation.coordinates:
        type_name, _, field_name = coordinate.partition(".")
        fields = getattr(schema.get_type(type_name), "fields", {})
        if field_name in fields:
            for name, argument in fields[field_name].args.items():
                reached.append((coordinate, name, argument))
    return reached


def _type_name(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined] # a list or non-null node has the type it wraps
    return node.name.value
