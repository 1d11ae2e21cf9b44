"""Execute an operation with graphql-core, reusing what root resolvers already answered."""

from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
)
from graphql.execution import Executor
from graphql.pyutils import Path

from schema.compiler.execution import ResolveInfo


class Answered(NamedTuple):
    """What a root resolver did: it answered a value, an awaitable still untouched, or it raised."""

    value: Any = None
    error: Exception | None = None
    was_awaited: bool = False

    async def _again(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value

    def repeat(self) -> Any:
        """Answer the same again, synchronously or not as before."""
        if self.was_awaited:
            return self._again()
        if self.error is not None:
            raise self.error
        return self.value


Memory = dict[str | int, Answered]


class _StrawberryExecutor(Executor[Any]):
    """graphql-core's executor with the info that Strawberry's resolvers expect."""

    def build_resolve_info(
        self,
        field_def: GraphQLField,
        field_nodes: list[FieldNode],
        parent_type: GraphQLObjectType,
        path: Path,
    ) -> GraphQLResolveInfo[Any]:
        info = super().build_resolve_info(field_def, field_nodes, parent_type, path)
        shown = {**info._asdict(), "variable_values": self.variable_values.coerced}
        return ResolveInfo(**shown, operation_extensions={})  # type: ignore[return-value]  # as Strawberry does


async def execute_by_reference(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None,
    context: Any,
    variables: dict[str, Any],
    root_value: Any,
    memory: Memory,
    hide_suggestions: bool,
) -> ExecutionResult | list[Any]:
    """Return graphql-core's result, or its errors if it did not begin to execute."""
    repeated: set[str | int] = set()

    def recall(
        resolve: Callable[..., Any], source: Any, info: GraphQLResolveInfo[Any], **arguments: Any
    ) -> Any:
        if info.path.prev is None and info.path.key in memory:
            repeated.add(info.path.key)
            return memory[info.path.key].repeat()
        return resolve(source, info, **arguments)

    kind = _StrawberryExecutor if hasattr(schema, "_strawberry_schema") else Executor
    executor = kind.build(
        schema,
        document,
        root_value,
        context,
        variables,
        operation_name,
        middleware=[recall] if memory else None,
        hide_suggestions=hide_suggestions,
    )
    if isinstance(executor, list):
        return executor
    try:
        result = executor.execute_operation()
        if isinstance(result, Awaitable):
            result = await result
    finally:
        for key, answered in memory.items():
            if key not in repeated and isinstance(answered.value, CoroutineType):
                answered.value.close()
    assert isinstance(result, ExecutionResult), "no incremental delivery was asked for"
    return result
