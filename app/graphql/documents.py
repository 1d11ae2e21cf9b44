"""GraphQL documents, read once: parsed, measured, validated, compiled and costed, then kept by their text.

Reading a document costs milliseconds, running a known one microseconds. The store is bounded by number
and by bytes, the least recently used leaves first; a document that was refused is not kept, so that
nonsense cannot push out what is in use. One event loop owns a store.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.execution.values import VariableValues

from app.graphql.cost import OperationCost
from app.graphql.limits import INVALID, Limits, measure, refusal
from app.graphql.strings import NUL_REFUSED, has_nul, refuse_nul_literals
from schema.compiled import CompiledOperation, Result
from schema.selection import Selection, coordinates, root_selection

PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
BAD_INPUT: Final = "BAD_USER_INPUT"
# What a parsed and compiled document takes in memory for each character of its text: 240 to 500 measured.
BYTES_PER_CHARACTER: Final = 500
_LONGEST_MESSAGE: Final = 500


class Operation:
    """One operation of a document, ready to run."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        node: OperationDefinitionNode,
        limits: Limits,
        viewer_fields: Collection[str],
        hide_suggestions: bool,
    ) -> None:
        self._schema = schema
        self._compiled = CompiledOperation(schema, document, node, hide_suggestions=hide_suggestions)
        self._cost = OperationCost(schema, self._compiled.fragments, node, limits)
        self._viewer_fields = viewer_fields
        self.name: Final = self._compiled.name
        self.kind: Final = node.operation
        self.node: Final = node

    @property
    def is_subscription(self) -> bool:
        """Whether it is run once for each event, with the event as root value."""
        return self.kind is OperationType.SUBSCRIPTION

    @property
    def is_mutation(self) -> bool:
        """Whether it changes something."""
        return self.kind is OperationType.MUTATION

    @cached_property
    def coordinates(self) -> frozenset[str]:
        """Every field it can reach, as "Type.field"."""
        return coordinates(self._schema, self._compiled.fragments, self.node)

    @cached_property
    def is_viewer_dependent(self) -> bool:
        """Whether two viewers who may see the same objects can get different answers."""
        return not self.coordinates.isdisjoint(self._viewer_fields)

    def cost(self, variables: Mapping[str, Any] | None = None) -> int:
        """Return what it costs with these variables, as the client sent them.

        Raises:
            GraphQLError: that is more than the limit, code TOO_COMPLEX.
        """
        return self._cost.of(dict(variables or {}))

    def check_fixed_cost(self) -> None:
        """Look at what no variable changes.

        Raises:
            GraphQLError: it is more than the limit, code TOO_COMPLEX.
        """
        if not self._cost.varies:
            self._cost.of({})

    def coerce(self, variables: dict[str, Any] | None) -> VariableValues | list[GraphQLError]:
        """Return the variables' values, or why they are refused, code BAD_USER_INPUT."""
        if variables and has_nul(variables):
            return [refusal(NUL_REFUSED, BAD_INPUT)]
        values = self._compiled.coerce(variables)
        return values if isinstance(values, VariableValues) else [coded(one, BAD_INPUT) for one in values]

    def roots(self, variables: VariableValues) -> Selection:
        """Return what is selected at the root, with arguments: what a subscription listens to."""
        return root_selection(self._schema, self._compiled.fragments, self.node, variables)

    async def run(
        self, context: object, variables: dict[str, Any] | None = None, root_value: object = None
    ) -> Result:
        """Execute it; of a subscription, its selections on the event that `root_value` is.

        Field errors are part of the result, unmasked.
        """
        if variables and has_nul(variables):
            return Result(None, [refusal(NUL_REFUSED, BAD_INPUT)], was_executed=False)
        result = await self._compiled.run(context, variables, root_value)
        if not result.was_executed and result.errors:
            return result._replace(errors=[coded(one, BAD_INPUT) for one in result.errors])
        return result


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may run."""

    text: str
    operations: tuple[Operation, ...]

    def select(self, name: str | None) -> Operation:
        """Return the operation of that name, or the only one.

        Raises:
            GraphQLError: there is none, or the name is missing, code BAD_USER_INPUT.
        """
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            message = "Must provide operation name if query contains multiple operations."
            raise refusal(message if self.operations else "Must provide an operation.", BAD_INPUT)
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise refusal(f"Unknown operation named '{name}'.", BAD_INPUT)


class Documents:
    """The documents in use."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits | None = None,
        *,
        hide_suggestions: bool = False,
        viewer_fields: Collection[str] = (),
        most_documents: int = 1_000,
        most_bytes: int = 256 * 1024 * 1024,
    ) -> None:
        """`viewer_fields` are the fields, as "Type.field", whose answer depends on who asks."""
        self.limits: Final = limits or Limits()
        self._schema = schema
        self._hide_suggestions = hide_suggestions
        self._viewer_fields = frozenset(viewer_fields)
        self._most_documents = most_documents
        self._most_characters = most_bytes // BYTES_PER_CHARACTER
        self._characters = 0
        self._kept: OrderedDict[str, Document] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, text: str) -> Document | list[GraphQLError]:
        """Return the document of a text, or why it is refused; each error has a code."""
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
            return known
        read = self._read(text)
        if isinstance(read, Document):
            self._keep(read)
        return read

    def _keep(self, document: Document) -> None:
        self._kept[document.text] = document
        self._characters += len(document.text)
        while len(self._kept) > self._most_documents or self._characters > self._most_characters:
            text, _ = self._kept.popitem(last=False)
            self._characters -= len(text)

    def _read(self, text: str) -> Document | list[GraphQLError]:
        limits = self.limits
        try:
            parsed = parse(
                text,
                max_lexical_tokens=limits.tokens,
                max_comments=limits.comments,
                max_source_length=limits.source_characters,
            )
        except GraphQLError as error:
            return [coded(error, PARSE_FAILED)]
        try:
            measure(parsed, limits)
            if "\\u" in text or "\x00" in text:
                refuse_nul_literals(parsed)
        except GraphQLError as error:
            return [error]
        errors = validate(
            self._schema, parsed, max_errors=limits.error_count, hide_suggestions=self._hide_suggestions
        )
        if errors:
            return [coded(error, INVALID) for error in errors]
        try:
            return Document(text, self._operations(parsed))
        except GraphQLError as error:
            return [error]

    def _operations(self, parsed: DocumentNode) -> tuple[Operation, ...]:
        """Return the operations of a valid document.

        Raises:
            GraphQLError: one costs too much whatever its variables are.
        """
        limits = self.limits
        operations = tuple(
            Operation(self._schema, parsed, node, limits, self._viewer_fields, self._hide_suggestions)
            for node in parsed.definitions
            if isinstance(node, OperationDefinitionNode)
        )
        for operation in operations:
            operation.check_fixed_cost()
        return operations


def coded(error: GraphQLError, code: str) -> GraphQLError:
    """Give an error a code, unless it brings its own, and a length that can be read."""
    if len(error.message) > _LONGEST_MESSAGE:
        error.message = f"{error.message[:_LONGEST_MESSAGE]}…"
    if "code" not in (error.extensions or {}):
        error.extensions = {**(error.extensions or {}), "code": code}
    return error
