"""A resolver called without Strawberry's wrapper is given what the wrapper would have given it."""

from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import parse
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from schema.compiler.direct_calls import direct_call
from tests.schema.test_compiled_reference import by_reference, compiled


@strawberry.enum
class Size(Enum):
    SMALL = 1
    LARGE = 2


@strawberry.input
class Filter:
    text: str = "all"
    size: Size | None = None


class Nobody(BasePermission):
    message = "not you"

    def has_permission(self, source: Any, info: strawberry.Info[Any, Any], **_: Any) -> bool:
        return False


def free(number: int, text: str | None = "default") -> str:
    return f"{number} {text}"


def of_root(root: "Box", info: strawberry.Info[Any, Any]) -> str:
    return f"{root.name} {info.field_name} {info.context} {info.variable_values}"


def of_parent(box: strawberry.Parent["Box"], by: float = 0.5) -> str:
    return f"{box.name} {by}"


@strawberry.type
class Box:
    name: str = "box"
    free: str = strawberry.field(resolver=free)
    of_root: str = strawberry.field(resolver=of_root)
    of_parent: str = strawberry.field(resolver=of_parent)

    @strawberry.field
    def method(self, some_number: int = 3, is_open: bool | None = None) -> str:
        return f"{self.name} {some_number} {is_open}"

    @strawberry.field
    async def later(self, info: strawberry.Info[Any, Any], id: strawberry.ID) -> str:
        return f"{info.path.key} {id}"

    @strawberry.field
    def renamed(self, from_: "str | None" = strawberry.UNSET) -> str:
        return f"{from_!r}"

    @strawberry.field
    def sized(self, size: Size = Size.SMALL, sizes: list[int] | None = None) -> str:
        return f"{size!r} {sizes}"

    @strawberry.field
    def filtered(self, filter: Filter | None = None) -> str:
        return f"{filter!r}"

    @strawberry.field
    def optional(self, maybe: strawberry.Maybe[int]) -> str:
        return f"{maybe!r}"

    forbidden: str | None = strawberry.field(resolver=lambda: "seen", permission_classes=[Nobody])


@strawberry.type
class Query:
    @strawberry.field
    def box(self, name: str = "a box") -> Box:
        return Box(name=name)


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig())._schema
SELECTIONS = [
    "free(number: 1)",
    'free(number: 1, text: "x")',
    "free(number: $n, text: null)",
    "ofParent",
    "ofParent(by: 2)",
    "method",
    "method(someNumber: $n, isOpen: $missing)",
    'later(id: "7")',
    "later(id: 7)",
    "renamed",
    "renamed(from: null)",
    'renamed(from: "x")',
    "sized",
    "sized(size: LARGE, sizes: 3)",
    "filtered",
    "filtered(filter: {size: SMALL})",
    "optional",
    "optional(maybe: 3)",
    "optional(maybe: null)",
    "forbidden",
]


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_every_form_of_argument(selection: str) -> None:
    """The same answer as through graphql-core and the wrapper, errors included."""
    declared = ", ".join(
        f"{name}: {kind}" for name, kind in (("$n", "Int!"), ("$missing", "Boolean")) if name in selection
    )
    head = f"query({declared})" if declared else "query"
    document = parse(f'{head} {{ box(name: "b") {{ {selection} }} }}')

    result = await compiled(SCHEMA, document).run("context", {"n": 5})

    expected = await by_reference(SCHEMA, document, "context", {"n": 5})
    if expected.data is None:
        assert result.formatted["errors"] == expected.formatted["errors"]
    assert result.data == expected.data


async def test_the_info_is_strawberrys() -> None:
    """Context and plain variables, as Strawberry's own executor shows them."""
    document = parse("query($n: Int) { box { ofRoot free(number: $n) } }")

    result = await compiled(SCHEMA, document).run("context", {"n": 5})

    assert result.data == {"box": {"ofRoot": "a box ofRoot context {'n': 5}", "free": "5 default"}}


@pytest.mark.parametrize(
    ("field", "is_direct"),
    [
        ("free", True),
        ("ofRoot", True),
        ("ofParent", True),
        ("method", True),
        ("later", True),
        ("sized", False),
        ("filtered", False),
        ("optional", False),
        ("forbidden", False),
        ("name", False),
    ],
)
def test_what_strawberry_converts_is_left_to_it(field: str, is_direct: bool) -> None:
    box = SCHEMA.type_map["Box"]

    call = direct_call(SCHEMA, box.fields[field])  # type: ignore[attr-defined]  # it is an object type

    assert (call is not None) is is_direct
