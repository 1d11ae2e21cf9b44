"""What counts as a regular value; everything else is left to graphql-core.

Nothing here consumes a value: an iterator is not advanced and an awaitable not awaited, so that
graphql-core finds it untouched.
"""

from collections.abc import Mapping
from types import CoroutineType, GeneratorType
from typing import Any, Final

from graphql.pyutils import Undefined


class Irregular(Exception):
    """The compiled attempt met something that only graphql-core may answer."""


_MOST_KINDS: Final = 10_000

# Classes whose instances were found to be plain values, so that each is looked at once. Bounded, as a
# program may make classes as it runs.
regular_kinds: Final[set[type]] = set()


def is_awaitable(value: object) -> bool:
    """Tell whether graphql-core would await the value."""
    return isinstance(value, CoroutineType) or hasattr(value, "__await__")


def vet(value: object) -> None:
    """Remember the value's class as regular.

    Raises:
        Irregular: the value is null, an exception, an awaitable or a generator.
    """
    if (
        value is None
        or value is Undefined
        or isinstance(value, Exception | GeneratorType)
        or is_awaitable(value)
    ):
        raise Irregular
    if len(regular_kinds) < _MOST_KINDS:
        regular_kinds.add(type(value))


def sequence(value: object) -> "list[Any] | tuple[Any, ...]":
    """Return the value if it can be read twice with the same outcome.

    Raises:
        Irregular: it is not a list or a tuple.
    """
    if not isinstance(value, list | tuple) or hasattr(value, "__aiter__") or is_awaitable(value):
        raise Irregular
    return value


def read(source: object, name: str) -> Any:
    """Read a property as graphql-core's default resolver does.

    Raises:
        Irregular: the property is a method, which needs arguments and an info.
    """
    value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
    if callable(value):
        raise Irregular
    return value
