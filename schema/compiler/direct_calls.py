"""Call a Strawberry resolver without what Strawberry would find out again on each call.

Strawberry converts arguments by their annotations, looks up their names and builds its info before it
calls the function. Where every argument is a scalar, which it passes on as it is, all that is known
beforehand. Anything else (extensions, permissions, exception handlers, input types, enums, lists) is left
to Strawberry's own wrapper.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from graphql import GraphQLField, GraphQLScalarType, GraphQLSchema, get_nullable_type
from strawberry.relay.types import GlobalID
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryMaybe, StrawberryOptional
from strawberry.types.field import StrawberryField

_WRAPPERS: Final = "GraphQLCoreConverter.from_resolver"


class DirectCall(NamedTuple):
    """A resolver as graphql-core would call it, and whether it looks at the info."""

    resolve: Callable[..., Any]
    needs_info: bool


def _is_passed_on(argument: StrawberryArgument, definition: GraphQLField, name: str) -> bool:
    """Tell whether Strawberry hands the coerced value to the function as it is."""
    kind: Any = argument.type
    while isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe):
        kind = kind.of_type
    named = get_nullable_type(definition.args[name].type)
    return (
        isinstance(named, GraphQLScalarType)
        and not isinstance(kind, StrawberryMaybe)
        and kind is not GlobalID
    )


def direct_call(schema: GraphQLSchema, definition: GraphQLField) -> DirectCall | None:
    """Return how to call a field's function, or None where Strawberry has more to do."""
    field = definition.extensions.get("strawberry-definition")
    strawberry_schema = getattr(schema, "_strawberry_schema", None)
    if strawberry_schema is None or type(field) is not StrawberryField or field.base_resolver is None:
        return None
    is_own = getattr(definition.resolve, "__qualname__", "").startswith(_WRAPPERS)
    if not is_own or field.extensions or field.is_subscription:
        return None
    converter = strawberry_schema.schema_converter
    if converter.exception_handlers:
        return None
    names: dict[str, str] = {}
    for argument in field.arguments:
        name = converter.config.name_converter.from_argument(argument)
        if name not in definition.args or not _is_passed_on(argument, definition, name):
            return None
        names[name] = argument.python_name
    return _call(field, names, converter.config.info_class)


def _call(field: StrawberryField, names: dict[str, str], info_class: Callable[..., Any]) -> DirectCall | None:
    resolver = field.base_resolver
    function = resolver.wrapped_func if resolver else None
    if resolver is None or not callable(function) or isinstance(function, staticmethod | classmethod):
        return None
    takes_self = resolver.self_parameter is not None
    sources = [one.name for one in (resolver.root_parameter, resolver.parent_parameter) if one is not None]
    info_name = resolver.info_parameter.name if resolver.info_parameter is not None else None

    def resolve(source: Any, info: Any, **given: Any) -> Any:
        arguments = {names[name]: value for name, value in given.items()}
        for name in sources:
            arguments[name] = source
        if info_name is not None:
            arguments[info_name] = info_class(_raw_info=info, _field=field)
        return function(source, **arguments) if takes_self else function(**arguments)

    return DirectCall(resolve, info_name is not None)
