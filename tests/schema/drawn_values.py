"""Resolvers whose answers are drawn from a seed and the place asked, so that two executors see the same.

The temper says how often an answer is not what the type promises: an exception raised or returned, a
null, a value of a wrong type, an awaitable or an iterator where a plain value would do.
"""

import asyncio
import datetime
import random
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    is_abstract_type,
    lexicographic_sort_schema,
)
from strawberry.types.field import StrawberryField


@dataclass(frozen=True)
class Temper:
    """What a run is like: its seed, how often things go wrong, and whether resolvers may be async."""

    seed: int
    wrong: float
    asynchronous: bool


class Refused(Exception):
    """Raised and returned by drawn resolvers."""


class Strange:
    """An object that no type expects."""

    def __repr__(self) -> str:
        return "<strange>"


class Method:
    """A property that is a method."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __call__(self, *_: object, **__: object) -> object:
        return self._value

    def __repr__(self) -> str:
        return "<method>"


class Later:
    """An awaitable that is no coroutine, so that nobody minds if it is never awaited."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __await__(self) -> Generator[None, None, object]:
        yield
        return self._value

    def __repr__(self) -> str:
        return "<later>"


class Drawn:
    """An object whose properties are drawn when they are asked for."""

    def __init__(self, schema: GraphQLSchema, temper: Temper, type_: GraphQLObjectType, place: str) -> None:
        self._drawn = (schema, temper, type_, place)
        # The way graphql-core's default type resolver looks for it.
        self._Drawn__typename = type_.name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        schema, temper, type_, place = self._drawn
        field = _field_of(type_, name)
        if field is None:
            raise AttributeError(name)
        return draw(schema, temper, field, f"{place}.{name}")


class DrawnMapping(Mapping[str, Any]):
    """The same as a mapping, which is what graphql-core's default resolver prefers."""

    def __init__(self, drawn: Drawn, typename: str) -> None:
        self._drawn = drawn
        self._typename = typename

    def __getitem__(self, name: str) -> Any:
        return self._typename if name == "__typename" else getattr(self._drawn, name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _field_of(type_: GraphQLObjectType, name: str) -> GraphQLOutputType | None:
    for field_name, field in type_.fields.items():
        definition = field.extensions.get("strawberry-definition")
        if field_name == name or (isinstance(definition, StrawberryField) and definition.python_name == name):
            found: GraphQLOutputType = field.type
            return found
    return None


def _leaf(type_: GraphQLScalarType | GraphQLEnumType, dice: random.Random) -> Any:
    if isinstance(type_, GraphQLEnumType):
        return dice.choice([value.value for value in type_.values.values()])
    match type_.name:
        case "Int":
            return dice.choice([0, 1, -7, 2**31 - 1, True, 3.0])
        case "Float":
            return dice.choice([0.5, -1.0, 3, 1e300])
        case "Boolean":
            return dice.choice([True, False, 1])
        case "ID":
            return dice.choice(["a", "b-2", 17])
        case "DateTime":
            return datetime.datetime(2026, 11, 22, 3, dice.randrange(60), tzinfo=datetime.UTC)
    return dice.choice(["", "hello", "ä\u2028\U0001f600", "x" * 40, 12])


def _wrong(dice: random.Random, value: Any, asynchronous: bool) -> Any:
    """Return something that the type does not promise."""
    kinds = ["null", "object", "exception", "raise", "raise located", "huge", "nan", "text", "method"]
    if asynchronous:
        kinds += ["later", "later wrong"]
    if isinstance(value, list):
        kinds += ["iterator", "set", "tuple", "later items"]
    match dice.choice(kinds):
        case "null":
            return None
        case "exception":
            return Refused("returned")
        case "raise":
            raise Refused("raised")
        case "raise located":
            raise GraphQLError("said so", extensions={"code": "SAID"})
        case "huge":
            return 2**40
        case "nan":
            return float("nan")
        case "text":
            return "not this"
        case "method":
            return Method(value)
        case "later":
            return Later(value)
        case "later wrong":
            return Later(Refused("later"))
        case "iterator":
            return iter(value)
        case "set":
            return (one for one in value)
        case "tuple":
            return tuple(value)
        case "later items" if asynchronous:
            return [Later(one) for one in value]
    return Strange()


def draw(schema: GraphQLSchema, temper: Temper, type_: GraphQLOutputType, place: str) -> Any:
    """Return the answer at a place: the same one each time."""
    dice = random.Random(f"{temper.seed} {place}")
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    value: Any
    if inner is type_ and dice.random() < 0.1:
        value = None
    elif isinstance(inner, GraphQLList):
        value = [draw(schema, temper, inner.of_type, f"{place}[{i}]") for i in range(dice.randrange(4))]
    elif isinstance(inner, GraphQLScalarType | GraphQLEnumType):
        value = _leaf(inner, dice)
    else:
        possible = schema.get_possible_types(inner) if is_abstract_type(inner) else [inner]
        object_type = dice.choice(list(possible))
        assert isinstance(object_type, GraphQLObjectType)
        value = Drawn(schema, temper, object_type, place)
        if dice.random() < 0.3 and not hasattr(schema, "_strawberry_schema"):
            value = DrawnMapping(value, object_type.name)
    if dice.random() < temper.wrong:
        return _wrong(dice, value, temper.asynchronous)
    return value


def _resolver(schema: GraphQLSchema, asynchronous: bool) -> Any:
    def resolve(source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        temper: Temper = info.context
        place = f"{'.'.join(map(str, info.path.as_list()))}({sorted(arguments.items(), key=str)})"
        definition = info.parent_type.fields[info.field_name]
        return draw(schema, temper, definition.type, place)

    async def resolve_later(source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        await asyncio.sleep(0)
        return resolve(source, info, **arguments)

    def choose(source: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        may_wait = info.context.asynchronous and asynchronous
        return (resolve_later if may_wait else resolve)(source, info, **arguments)

    return choose


def _resolve_type(value: Any, info: GraphQLResolveInfo[Any], _type: GraphQLAbstractType) -> Any:
    return value["__typename"] if isinstance(value, Mapping) else value._Drawn__typename


def with_drawn_answers(original: GraphQLSchema, resolved: str = "") -> GraphQLSchema:
    """Return a copy of a schema whose resolvers draw; plain fields stay what they are.

    `resolved` names further fields, by their last letters, that get a resolver of their own.
    """
    schema = lexicographic_sort_schema(original)
    if hasattr(original, "_strawberry_schema"):
        schema._strawberry_schema = original._strawberry_schema  # type: ignore[attr-defined]  # as Strawberry does
    roots = [schema.query_type, schema.mutation_type]
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if is_abstract_type(type_):
            type_.resolve_type = _resolve_type
        if not isinstance(type_, GraphQLObjectType):
            continue
        type_.is_type_of = None
        for index, (name, field) in enumerate(type_.fields.items()):
            definition = field.extensions.get("strawberry-definition")
            is_plain = definition is None or (
                isinstance(definition, StrawberryField) and definition.is_basic_field
            )
            if type_ in roots or not is_plain or (resolved and name[-1] in resolved):
                field.resolve = _resolver(schema, asynchronous=index % 2 == 0)
    return schema
