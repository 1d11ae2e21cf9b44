"""How a scalar or an enum is written, quickly where a value's class says enough.

Each leaf type gives an expression for the values that are their own serialisation, and a function for
all others that does what graphql-core's `complete_leaf_value` does.
"""

from collections.abc import Callable
from enum import Enum
from operator import methodcaller
from typing import Any, NamedTuple

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)
from graphql.pyutils import Undefined

from schema.compiler.regularity import Irregular, regular_kinds, vet
from schema.scalars import write_instant


class Leaf(NamedTuple):
    """The code of one leaf type.

    In `expression`, `{first}` stands where the value is evaluated first, `{v}` is its name afterwards,
    `{slow}` the name of `slow` and `{names}` that of `names`.
    """

    expression: str
    slow: Callable[[Any], Any]
    names: dict[int, str]


def _slow(coerce: Callable[[Any], Any], nullable: bool) -> Callable[[Any], Any]:
    def slow(value: Any) -> Any:
        if nullable and (value is None or value is Undefined):
            return None
        if type(value) not in regular_kinds:
            vet(value)
        written = coerce(value)
        if written is None or written is Undefined:
            raise Irregular
        return written

    return slow


def _enum(leaf_type: GraphQLEnumType, nullable: bool) -> Leaf:
    """Keep the name of each member by its identity: members live as long as the process."""
    names: dict[int, str] = {}
    slow_value = _slow(leaf_type.coerce_output_value, nullable)

    def slow(value: Any) -> Any:
        written = slow_value(value)
        if isinstance(value, Enum) and isinstance(written, str):
            names[id(value)] = written
        return written

    return Leaf("({names}.get(id({first})) or {slow}({v}))", slow, names)


def _is_isoformat(coerce: Callable[[Any], Any]) -> bool:
    """Tell whether the function is `methodcaller("isoformat")`, which Strawberry writes dates with."""
    return isinstance(coerce, methodcaller) and coerce.__reduce__()[1] == ("isoformat",)


def _test(leaf_type: GraphQLLeafType, coerce: Callable[[Any], Any]) -> tuple[str, str] | None:
    """Return when a value is quick to write and how, or None where its class does not say."""
    if leaf_type is GraphQLString or leaf_type is GraphQLID or coerce is str:
        return "type({first}) is str", "{v}"
    if leaf_type is GraphQLInt:
        return "type({first}) is int and -2147483648 <= {v} <= 2147483647", "{v}"
    if leaf_type is GraphQLBoolean:
        return "type({first}) is bool", "{v}"
    if leaf_type is GraphQLFloat:
        return "type({first}) is float and {v} - {v} == 0.0", "{v}"
    if coerce is write_instant:
        return "type({first}) is datetime", "write_instant({v})"
    if _is_isoformat(coerce):
        return "type({first}) is datetime", "{v}.isoformat()"
    return None


def leaf_of(leaf_type: GraphQLLeafType, nullable: bool) -> Leaf:
    """Return how to write a leaf type."""
    if isinstance(leaf_type, GraphQLEnumType):
        return _enum(leaf_type, nullable)
    coerce = leaf_type.coerce_output_value
    slow = _slow(coerce, nullable)
    quick = _test(leaf_type, coerce)
    if quick is None:
        return Leaf("{slow}({first})", slow, {})
    test, written = quick
    if not nullable:
        return Leaf(f"({written} if {test} else {{slow}}({{v}}))", slow, {})
    if written == "{v}":
        return Leaf(f"({written} if {test} or {{v}} is None else {{slow}}({{v}}))", slow, {})
    return Leaf(f"({written} if {test} else None if {{v}} is None else {{slow}}({{v}}))", slow, {})
