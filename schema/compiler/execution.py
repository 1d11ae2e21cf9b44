"""What one execution carries: the infos and arguments that resolvers see, and the work still pending."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import CoroutineType
from typing import Any, Final, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path, gather_with_cancel
from graphql.type import GraphQLResolveInfoHelpers

from schema.compiler.regularity import is_awaitable


class ResolveInfo(NamedTuple):
    """graphql-core's info as Strawberry's resolvers expect it: the variables are the plain values."""

    field_name: str
    field_nodes: list[FieldNode]
    return_type: GraphQLOutputType
    parent_type: GraphQLObjectType
    path: Path
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    root_value: Any
    operation: OperationDefinitionNode
    variable_values: dict[str, Any]
    context: Any
    is_awaitable: Callable[[Any], bool]
    abort_signal: None
    async_helpers: GraphQLResolveInfoHelpers
    operation_extensions: dict[str, Any]


class FieldPlan(NamedTuple):
    """A field of the document, as its resolver will see it."""

    response_key: str
    nodes: list[FieldNode]
    definition: GraphQLField
    parent_type: GraphQLObjectType
    resolve: Callable[..., Any]
    needs_info: bool
    constant_arguments: dict[str, Any] | None


_background: Final[set["asyncio.Future[Any]"]] = set()


def _track(values: Sequence[Any]) -> None:
    """Settle awaitables that a resolver abandons, so that their errors are seen."""
    awaitables = [value for value in values if is_awaitable(value)]
    if awaitables:
        future = asyncio.gather(*awaitables, return_exceptions=True)
        _background.add(future)
        future.add_done_callback(_background.discard)


def _gather(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
    return gather_with_cancel(*values)


_helpers: Final = GraphQLResolveInfoHelpers(gather=_gather, track=_track)


class Execution:
    """One execution of one operation."""

    __slots__ = ("_arguments", "_shared", "_speaks_strawberry", "variable_values")

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variable_values: VariableValues,
        root_value: Any,
        context: Any,
    ) -> None:
        self.variable_values = variable_values
        self._arguments: dict[int, dict[str, Any]] = {}
        self._speaks_strawberry = hasattr(schema, "_strawberry_schema")
        self._shared = (schema, fragments, root_value, operation, context)

    def info(self, plan: FieldPlan, path: Path) -> GraphQLResolveInfo[Any] | ResolveInfo:
        """Return the info for a resolver of the field at a path."""
        schema, fragments, root_value, operation, context = self._shared
        of_field = (plan.nodes[0].name.value, plan.nodes, plan.definition.type, plan.parent_type, path)
        if self._speaks_strawberry:
            return ResolveInfo(
                *of_field,
                schema,
                fragments,
                root_value,
                operation,
                self.variable_values.coerced,
                context,
                is_awaitable,
                None,
                _helpers,
                {},
            )
        return GraphQLResolveInfo(
            *of_field,
            schema,
            fragments,
            root_value,
            operation,
            self.variable_values,
            context,
            is_awaitable,  # type: ignore[arg-type]  # ours answers the same without being a TypeGuard
            None,
            _helpers,
        )

    def arguments(self, plan: FieldPlan) -> dict[str, Any]:
        """Return the field's arguments, coerced once per execution where sharing them is safe.

        Raises:
            GraphQLError: a value does not fit, as graphql-core finds it.
        """
        if plan.constant_arguments is not None:
            return plan.constant_arguments
        known = self._arguments.get(id(plan))
        if known is None:
            known = get_argument_values(plan.definition, plan.nodes[0], self.variable_values)
            if is_shareable(known):
                self._arguments[id(plan)] = known
        return known


def is_shareable(arguments: dict[str, Any]) -> bool:
    """Tell whether no resolver can change the arguments for the next one."""
    return all(value is None or isinstance(value, str | int | float) for value in arguments.values())


# What a resolver left to be awaited: the awaitable, how to complete its value, the path, and where in
# the answer the value goes.
Pending = tuple[Any, Callable[[Any, Execution, Path, "list[Any]"], Any], Path, dict[str, Any], str]


async def _finish(pending: Pending, execution: Execution) -> None:
    awaitable, complete, path, target, key = pending
    value = await awaitable
    below: list[Pending] = []
    try:
        target[key] = complete(value, execution, path, below)
    except Exception:
        close(below)
        raise
    if below:
        await settle(below, execution)


async def settle(pending: list[Pending], execution: Execution) -> None:
    """Await everything at once, so that data loaders see whole batches, and put it into the answer."""
    if len(pending) == 1:
        await _finish(pending[0], execution)
        return
    try:
        await gather_with_cancel(*(_finish(one, execution) for one in pending))
    except Exception:
        close(pending)
        raise


def close(pending: list[Pending]) -> None:
    """Close the coroutines that nobody will await any more."""
    for awaitable, *_ in pending:
        if isinstance(awaitable, CoroutineType):
            awaitable.close()
