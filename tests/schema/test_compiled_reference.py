"""Whatever the document and whatever the resolvers do, the compiled answer is graphql-core's answer."""

import importlib
import importlib.util
import json
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    print_ast,
)
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from schema.compiled import CompiledOperation
from tests.schema.drawn_documents import documents
from tests.schema.drawn_values import Temper, with_drawn_answers
from tests.schema.sample_schemas import core_schema, strawberry_schema


def _schemas() -> dict[str, GraphQLSchema]:
    found = {
        "core": core_schema(),
        "core with resolvers below": core_schema(resolved="aemsd"),
        "strawberry": strawberry_schema(),
    }
    if importlib.util.find_spec("schema.root") is not None:
        project = importlib.import_module("schema.root").schema
        found["this project's"] = with_drawn_answers(project._schema)
    return found


SCHEMAS = _schemas()


async def by_reference(
    schema: GraphQLSchema, document: DocumentNode, temper: Any, variables: dict[str, Any], root: Any = None
) -> ExecutionResult:
    """Return what graphql-core answers."""
    result = execute(schema, document, root, temper, variables)
    if not isinstance(result, ExecutionResult):
        result = await result
    assert isinstance(result, ExecutionResult)
    return result


def compiled(schema: GraphQLSchema, document: DocumentNode) -> CompiledOperation:
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return CompiledOperation(schema, document, operation)


def ordered(errors: Any) -> list[str]:
    """Return errors in an order of their own: among fields that wait, graphql-core promises none."""
    return sorted(json.dumps(error.formatted) for error in errors or ())


@pytest.mark.parametrize("name", SCHEMAS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_answers_as_graphql_core_does(name: str, data: st.DataObject) -> None:
    """Data in the same order, errors with the same messages, places and paths."""
    schema = SCHEMAS[name]
    document = data.draw(documents(schema))
    note(print_ast(document))
    temper = data.draw(
        st.builds(
            Temper,
            seed=st.integers(0, 2**32),
            wrong=st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.4]),
            asynchronous=st.booleans(),
        ),
        label="temper",
    )
    variables = data.draw(
        st.sampled_from([{"yes": True}, {"yes": False, "maybe": False}, {"yes": True, "maybe": False}])
    )
    operation = compiled(schema, document)

    expected = await by_reference(schema, document, temper, variables)
    for _ in range(2):
        result = await operation.run(temper, variables)
        assert json.dumps(result.data) == json.dumps(expected.data)
        if temper.asynchronous:
            assert ordered(result.errors) == ordered(expected.errors)
        else:
            assert [error.formatted for error in result.errors or ()] == [
                error.formatted for error in expected.errors or ()
            ]
    if expected.errors is None and temper.wrong == 0.0:
        assert operation.references == 0, "a regular answer needs no second execution"
