"""How events and commands are written down: by kind and by ids, strictly, and read back the same way."""

from collections.abc import Mapping
from dataclasses import fields
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints
from uuid import UUID

Happening = TypeVar("Happening")

_shapes: dict[type[object], dict[str, bool]] = {}


class NotOurs(ValueError):
    """What is stored is no event or command that this version of the code knows."""


def names_and_ids(happening: object) -> dict[str, str | None]:
    """The fields of an event or command, as JSON holds them."""
    written: dict[str, str | None] = {}
    for field in fields(happening):  # type: ignore[arg-type]  # events and commands are all dataclasses
        value = getattr(happening, field.name)
        written[field.name] = None if value is None else str(value)
    return written


def read_back(known: Mapping[str, type[Happening]], kind: str, written: Mapping[str, Any]) -> Happening:
    """The event or command that was written.

    Raises:
        NotOurs: the kind is unknown, a field is missing, unknown, or not an id. A nullable one may be
            missing: an earlier version, which did not know it, wrote this.
    """
    made = known.get(kind)
    if made is None:
        raise NotOurs(f"{kind} is no kind that this version knows")
    nullable = _nullable(made)
    required = {name for name, may_lack in nullable.items() if not may_lack}
    if not required <= set(written) <= set(nullable):
        raise NotOurs(f"{kind} has the fields {sorted(nullable)}, not {sorted(written)}")
    return made(**{name: _id(kind, name, written.get(name), nullable[name]) for name in nullable})


def _id(kind: str, name: str, value: object, nullable: bool) -> UUID | None:
    if value is None and nullable:
        return None
    try:
        if not isinstance(value, str):
            raise ValueError
        return UUID(value)
    except ValueError:
        raise NotOurs(f"{kind}.{name} is not an id") from None


def _nullable(made: type[object]) -> dict[str, bool]:
    """Each field's name, and whether it may be null."""
    known = _shapes.get(made)
    if known is None:
        hints = get_type_hints(made)
        known = _shapes[made] = {
            field.name: NoneType in get_args(hints[field.name])
            for field in fields(made)  # type: ignore[arg-type]  # events and commands are all dataclasses
        }
    return known
