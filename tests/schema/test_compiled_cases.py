"""What a compiled operation owes besides the right answer: nothing runs twice, nothing waits in line."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema, build_schema, get_introspection_query, parse
from graphql.execution.values import VariableValues
from strawberry.dataloader import DataLoader

from schema import selection
from schema.compiled import Result, write_json
from schema.faults import Code, Fault
from schema.selection import selection_of
from tests.schema.sample_schemas import strawberry_schema
from tests.schema.test_compiled_reference import by_reference, compiled


class Counter:
    """What the resolvers below saw."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.batches: list[list[int]] = []
        self.loader = DataLoader[int, str](load_fn=self.load)

    async def load(self, keys: list[int]) -> list[str]:
        self.batches.append(list(keys))
        return [f"word {key}" for key in keys]


@strawberry.type
class Line:
    number: int
    text: str | None = None

    @strawberry.field
    async def word(self, info: strawberry.Info[Counter, None]) -> str:
        return await info.context.loader.load(self.number)

    @strawberry.field
    def broken(self, info: strawberry.Info[Counter, None]) -> str:
        info.context.calls.append(f"broken {self.number}")
        raise Fault("Line is not yours.", Code.FORBIDDEN)


@strawberry.type
class Query:
    @strawberry.field
    async def lines(self, info: strawberry.Info[Counter, None], first: int = 3) -> list[Line]:
        info.context.calls.append("lines")
        return [Line(number=number) for number in range(first)]

    @strawberry.field
    async def meet(self, info: strawberry.Info[Any, Any], name: str, other: str) -> str:
        events: dict[str, asyncio.Event] = info.context
        events[name].set()
        await events[other].wait()
        return name


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def write(self, info: strawberry.Info[Counter, None], name: str) -> Line:
        info.context.calls.append(f"write {name}")
        await asyncio.sleep(0)
        info.context.calls.append(f"written {name}")
        return Line(number=1)

    @strawberry.mutation
    def refuse(self, info: strawberry.Info[Counter, None]) -> str | None:
        info.context.calls.append("refuse")
        raise ValueError("no")


SCHEMA = strawberry.Schema(Query, Mutation)._schema


async def run(text: str, context: Any, **variables: Any) -> Result:
    return await compiled(SCHEMA, parse(text)).run(context, variables)


async def test_loaders_see_whole_batches() -> None:
    """Every resolver of a level is called before any of them is awaited."""
    counter = Counter()

    result = await run("{ lines(first: 4) { word again: word } }", counter)

    assert result.data is not None
    assert result.data["lines"][3] == {"word": "word 3", "again": "word 3"}
    assert counter.batches == [[0, 1, 2, 3]]


async def test_root_fields_of_a_query_run_at_once() -> None:
    """Two root fields that wait for one another both end."""
    events = {"a": asyncio.Event(), "b": asyncio.Event()}

    result = await run('{ a: meet(name: "a", other: "b") b: meet(name: "b", other: "a") }', events)

    assert result.data == {"a": "a", "b": "b"}


async def test_mutations_run_in_order() -> None:
    """A mutation begins when the one before it is done."""
    counter = Counter()

    await run('mutation { a: write(name: "a") { number } b: write(name: "b") { number } }', counter)

    assert counter.calls == ["write a", "written a", "write b", "written b"]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (
            'mutation { a: write(name: "a") { broken } b: write(name: "b") { number } }',
            ["write a", "written a", "broken 1", "broken 1"],
        ),
        (
            'mutation { refuse b: write(name: "b") { number } }',
            ["refuse", "write b", "written b"],
        ),
        (
            'mutation { a: write(name: "a") { number } refuse b: write(name: "b") { number } }',
            ["write a", "written a", "refuse", "write b", "written b"],
        ),
    ],
)
async def test_no_mutation_runs_twice(text: str, calls: list[str]) -> None:
    """After an error graphql-core is given what the mutations answered; only fields below run again."""
    counter = Counter()

    result = await run(text, counter)

    assert counter.calls == calls
    expected = await by_reference(SCHEMA, parse(text), Counter(), {})
    assert result.formatted == expected.formatted


async def test_no_root_field_of_a_query_runs_twice() -> None:
    """An error in one root field costs the others nothing."""
    counter = Counter()

    result = await run("{ a: lines { broken } b: lines { number } }", counter)

    assert result.data is None
    assert counter.calls.count("lines") == 2


async def test_a_fault_keeps_its_code() -> None:
    """The code, the path and the place in the document reach the client."""
    result = await run("{ lines(first: 1) { broken } }", Counter())

    assert result.formatted == {
        "data": None,
        "errors": [
            {
                "message": "Line is not yours.",
                "locations": [{"line": 1, "column": 21}],
                "path": ["lines", 0, "broken"],
                "extensions": {"code": "FORBIDDEN"},
            }
        ],
    }


async def test_cancelling_reaches_the_resolvers() -> None:
    """Who hangs up frees what was waiting."""
    events = {"a": asyncio.Event(), "b": asyncio.Event()}
    task = asyncio.create_task(run('{ meet(name: "a", other: "b") }', events))
    await events["a"].wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "text",
    [
        "query($n: Int!) { lines(first: $n) { number ... on Line @skip(if: true) { text } } }",
        "query($n: Int! = 2) { lines(first: $n) { number ...A } } fragment A on Line { n: number }",
        "query($yes: Boolean!) { lines { number @include(if: $yes) text @skip(if: $yes) } }",
        "{ lines { } }",
        "{ __typename lines { __typename } }",
        "{ __schema { queryType { name } } __typename }",
        get_introspection_query(),
        "query A { lines { number } }",
    ],
)
@pytest.mark.parametrize("variables", [{}, {"n": 1, "yes": True}, {"n": "x", "yes": False}, {"n": 2**40}])
async def test_documents_of_all_kinds(text: str, variables: dict[str, Any]) -> None:
    """Directives, defaults, introspection and refused variables are answered as graphql-core does."""
    operation = compiled(SCHEMA, parse(text))

    for _ in range(2):
        result = await operation.run(Counter(), variables)

        expected = (await by_reference(SCHEMA, parse(text), Counter(), variables)).formatted
        if not result.was_executed:
            assert expected.pop("data") is None
        assert result.formatted == expected


async def test_a_subscription_runs_on_an_event() -> None:
    """The event is the root value, and is itself what the root field answers."""

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def line(self, after: str | None = None) -> AsyncGenerator[Line, None]:
            yield Line(number=0)

    schema = strawberry.Schema(Query, subscription=Subscription)._schema
    document = parse("subscription($after: String) { line(after: $after) { number word } }")

    result = await compiled(schema, document).run(Counter(), {"after": "9"}, Line(number=7))

    assert result.json() == b'{"data":{"line":{"number":7,"word":"word 7"}}}'


async def test_a_lone_surrogate_is_escaped() -> None:
    """JSON can carry it where UTF-8 cannot, so that one bad mail does not hide a page of good ones."""
    schema: GraphQLSchema = build_schema("type Query { text: String }")

    result = await compiled(schema, parse("{ text }")).run(None, {}, {"text": "a\ud800b"})

    assert result.json() == b'{"data":{"text":"a\\ud800b"}}'
    assert write_json({"n": 2**70}) == b'{"n":1180591620717411303424}'


async def test_many_shapes_are_bounded() -> None:
    """An operation with more conditions than are worth compiling is still answered."""
    names = [f"v{number}" for number in range(7)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"f{name}: number @include(if: ${name})" for name in names)
    operation = compiled(SCHEMA, parse(f"query({declared}) {{ lines(first: 1) {{ {fields} }} }}"))

    for number in range(2**7):
        chosen = {name: bool(number >> index & 1) for index, name in enumerate(names)}
        result = await operation.run(Counter(), chosen)
        assert result.data == {"lines": [{f"f{name}": 0 for name in names if chosen[name]}]}

    assert operation.references == 2**7 - 32


def test_trees_go_with_their_operation() -> None:
    """What is kept for looking ahead does not outlive the document."""
    before = len(selection._all_trees)
    operation = compiled(SCHEMA, parse("{ lines { number } }"))
    values = operation.coerce({})
    assert isinstance(values, VariableValues)
    looked = selection.root_selection(SCHEMA, operation.fragments, operation.node, values)
    assert looked.wants("lines.number")
    assert len(selection._all_trees) == before + 1

    del operation
    gc.collect()

    assert len(selection._all_trees) <= before


def test_selection_looks_ahead() -> None:
    """A resolver sees what is selected below it, under every alias, with arguments."""
    seen: list[Any] = []
    schema = strawberry_schema()
    branch = schema.query_type.fields["branch"] if schema.query_type else None
    assert branch is not None
    branch.resolve = lambda _source, info: seen.append(selection_of(info))
    text = """
      query($n: Int, $no: Boolean!) {
        branch { ...Part parent { id @skip(if: $no) } }
      }
      fragment Part on Branch { one: leaf(number: $n) { id } two: leaf { at ... on Item { label } } }
    """
    operation = compiled(schema, parse(text))

    asyncio.run(operation.run(None, {"n": 5, "no": True}))
    asyncio.run(operation.run(None, {"n": None, "no": False}))

    first, second = seen
    assert [(one.response_key, one.arguments) for one in first.at("leaf")] == [
        ("one", {"number": 5}),
        ("two", {"number": 1}),
    ]
    assert first.at("leaf")[1].selection.names() == {"at", "label"}
    assert first.wants("leaf.label")
    assert not first.wants("parent.id")
    assert second.wants("parent.id")
    assert not first.wants("leaf.size")
