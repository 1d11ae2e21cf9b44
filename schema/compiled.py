"""Run any operation of a schema as Python compiled once for its document, with graphql-core as the judge.

A result is graphql-core's: the same data in the same order, the same errors with the same paths. How
that is kept, and what resolvers must therefore not do, is in `schema.compiler`.
"""

import asyncio
import json
from typing import Any, Final, NamedTuple

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues
from graphql.language import DirectiveNode, VariableNode
from graphql.pyutils import Path

from schema.compiler.execution import Execution, Pending, close, settle
from schema.compiler.generate import Generator, Root, Uncompilable
from schema.compiler.reference import Answered, Memory, execute_by_reference
from schema.compiler.regularity import Irregular, is_awaitable
from schema.compiler.variables import Variables

# An operation with k variables in @skip and @include has 2**k shapes, each compiled when first asked for.
_MOST_SHAPES: Final = 32


class Result(NamedTuple):
    """What an operation answers.

    `was_executed` is false where the request was refused before anything ran: then there is no data
    entry at all, which is not the same as null.
    """

    data: dict[str, Any] | None
    errors: list[GraphQLError] | None = None
    was_executed: bool = True

    @property
    def formatted(self) -> dict[str, Any]:
        """Return the response map. Source: GraphQL specification, section 7.1."""
        formatted: dict[str, Any] = {"data": self.data} if self.was_executed else {}
        if self.errors:
            formatted["errors"] = [error.formatted for error in self.errors]
        return formatted

    def json(self) -> bytes:
        """Return the response map as UTF-8 JSON."""
        return write_json(self.formatted)


def write_json(value: object) -> bytes:
    """Write JSON, escaping what UTF-8 cannot carry: a lone surrogate must not cost the whole answer."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


class CompiledOperation:
    """One operation of a validated document.

    `runs` counts executions, `references` how many of them graphql-core had to do.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        *,
        hide_suggestions: bool = False,
    ) -> None:
        self.node: Final = operation
        self.name: Final = operation.name.value if operation.name else None
        self.kind: Final = operation.operation
        self.fragments: Final = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._schema = schema
        self._document = document
        self._hide_suggestions = hide_suggestions
        self._variables = Variables(schema, operation, hide_suggestions)
        self._deciding = _deciding_variables(document)
        self._shapes: dict[tuple[Any, ...], tuple[Root, ...] | None] = {}
        self.runs = 0
        self.references = 0

    @property
    def is_subscription(self) -> bool:
        """Whether it is run once for each event, with the event as root value."""
        return self.kind is OperationType.SUBSCRIPTION

    def coerce(self, variables: dict[str, Any] | None) -> VariableValues | list[GraphQLError]:
        """Return the variables' values, or why they are refused."""
        return self._variables.coerce(variables or {})

    async def run(
        self, context: Any, variables: dict[str, Any] | None = None, root_value: Any = None
    ) -> Result:
        """Execute the operation; of a subscription, its selections on one event.

        Field errors are part of the result. `asyncio.CancelledError` passes through.
        """
        self.runs += 1
        values = self.coerce(variables)
        if isinstance(values, list):
            return Result(None, values, was_executed=False)
        memory: Memory = {}
        roots = self._shape(values)
        if roots is not None:
            execution = Execution(self._schema, self.fragments, self.node, values, root_value, context)
            answer = _one_by_one if self.kind is OperationType.MUTATION else _together
            try:
                return Result(await answer(roots, execution, root_value, memory))
            except Exception:  # whatever it was, graphql-core meets it again and reports it
                return await self._by_reference(context, variables or {}, root_value, memory)
        return await self._by_reference(context, variables or {}, root_value, memory)

    async def _by_reference(
        self, context: Any, variables: dict[str, Any], root_value: Any, memory: Memory
    ) -> Result:
        self.references += 1
        result = await execute_by_reference(
            self._schema,
            self._document,
            self.name,
            context,
            variables,
            root_value,
            memory,
            self._hide_suggestions,
        )
        if isinstance(result, ExecutionResult):
            return Result(result.data, result.errors)
        return Result(None, result, was_executed=False)

    def _shape(self, values: VariableValues) -> tuple[Root, ...] | None:
        """Return the compiled root fields, or None where graphql-core has to execute."""
        key = tuple(values.coerced.get(name) for name in self._deciding)
        if key in self._shapes:
            return self._shapes[key]
        if len(self._shapes) >= _MOST_SHAPES:
            return None
        fragments = {name: FragmentDetails(node) for name, node in self.fragments.items()}
        try:
            roots = Generator(self._schema, fragments, self.node, values).generate()
        except (Uncompilable, GraphQLError, RecursionError):
            roots = None
        self._shapes[key] = roots
        return roots


def _deciding_variables(document: DocumentNode) -> tuple[str, ...]:
    """Return the variables that @skip and @include depend on."""
    names: set[str] = set()

    class Finder(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            if node.name.value in ("skip", "include"):
                names.update(
                    argument.value.name.value
                    for argument in node.arguments or ()
                    if isinstance(argument.value, VariableNode)
                )

    visit(document, Finder())
    return tuple(sorted(names))


def _resolve(root: Root, execution: Execution, source: Any, path: Path, memory: Memory) -> Any:
    """Call a root resolver, and remember that it was called and what it did."""
    plan = root.plan
    info = execution.info(plan, path) if plan.needs_info else None
    arguments = execution.arguments(plan)
    try:
        value = plan.resolve(source, info, **arguments)
    except Exception as error:
        memory[plan.response_key] = Answered(error=error)
        raise
    memory[plan.response_key] = Answered(value)
    return value


async def _wait(root: Root, awaitable: Any, memory: Memory) -> Any:
    """Await a root resolver's answer, and remember it."""
    key = root.plan.response_key
    try:
        value = await awaitable
    except Exception as error:
        memory[key] = Answered(error=error, was_awaited=True)
        raise
    memory[key] = Answered(value, was_awaited=True)
    return value


async def _complete(root: Root, value: Any, path: Path, execution: Execution) -> Any:
    pending: list[Pending] = []
    try:
        completed = root.complete(value, execution, path, pending)
    except Exception:
        close(pending)
        raise
    if pending:
        await settle(pending, execution)
    return completed


async def _one_by_one(
    roots: tuple[Root, ...], execution: Execution, source: Any, memory: Memory
) -> dict[str, Any]:
    """Execute root fields serially. Source: GraphQL specification, section 6.2.2."""
    data: dict[str, Any] = {}
    for root in roots:
        path = Path(None, root.plan.response_key, root.plan.parent_type.name)
        value = _resolve(root, execution, source, path, memory)
        if is_awaitable(value):
            value = await _wait(root, value, memory)
        data[root.plan.response_key] = await _complete(root, value, path, execution)
    return data


async def _together(
    roots: tuple[Root, ...], execution: Execution, source: Any, memory: Memory
) -> dict[str, Any]:
    """Execute root fields at once. Source: GraphQL specification, section 6.2.1."""
    data: dict[str, Any] = {}
    waiting: list[tuple[Root, Any, Path]] = []
    pending: list[Pending] = []
    try:
        for root in roots:
            key = root.plan.response_key
            path = Path(None, key, root.plan.parent_type.name)
            value = _resolve(root, execution, source, path, memory)
            if is_awaitable(value):
                data[key] = None
                waiting.append((root, value, path))
            else:
                data[key] = root.complete(value, execution, path, pending)
    except Exception:
        close(pending)
        raise
    if len(waiting) == 1 and not pending:
        root, awaitable, path = waiting[0]
        value = await _wait(root, awaitable, memory)
        data[root.plan.response_key] = await _complete(root, value, path, execution)
    elif waiting or pending:
        await _settle_all(waiting, pending, execution, data, memory)
    return data


async def _settle_all(
    waiting: list[tuple[Root, Any, Path]],
    pending: list[Pending],
    execution: Execution,
    data: dict[str, Any],
    memory: Memory,
) -> None:
    """Await several root fields; one that fails lets the others end, as they will not be asked again."""

    async def finish(root: Root, awaitable: Any, path: Path) -> bool:
        try:
            value = await _wait(root, awaitable, memory)
            data[root.plan.response_key] = await _complete(root, value, path, execution)
        except Exception:  # graphql-core meets it again and reports it
            return False
        return True

    async def finish_pending() -> bool:
        try:
            await settle(pending, execution)
        except Exception:  # as above
            return False
        return True

    work = [finish(*one) for one in waiting]
    if pending:
        work.append(finish_pending())
    if not all(await asyncio.gather(*work)):
        raise Irregular
