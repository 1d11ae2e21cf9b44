"""Coerce the variables of a request, with the signatures looked up once per document.

A value of a built-in scalar that is plainly right is taken as it is; for everything else graphql-core's
`get_variable_values` is asked, whose errors are the ones the client sees.
"""

from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values

_MOST_ERRORS: Final = 50  # graphql-core's own default
_QUICK: Final[dict[object, type]] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLInt: int,
    GraphQLBoolean: bool,
}


class Variables:
    """The variables that an operation declares."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, hide_suggestions: bool
    ) -> None:
        self._schema = schema
        self._declared = operation.variable_definitions or ()
        self._hide_suggestions = hide_suggestions
        self._quick: list[tuple[str, type, bool, GraphQLVariableSignature]] | None = []
        for declared in self._declared:
            signature = get_variable_signature(schema, declared)
            if isinstance(signature, GraphQLError) or declared.default_value is not None:
                self._quick = None
                return
            is_required = isinstance(signature.type, GraphQLNonNull)
            inner = signature.type.of_type if isinstance(signature.type, GraphQLNonNull) else signature.type
            if inner not in _QUICK:
                self._quick = None
                return
            self._quick.append((signature.name, _QUICK[inner], is_required, signature))

    def coerce(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return the values, or why they are refused."""
        return self._coerce_quickly(given) or get_variable_values(
            self._schema,
            self._declared,
            given,
            max_errors=_MOST_ERRORS,
            hide_suggestions=self._hide_suggestions,
        )

    def _coerce_quickly(self, given: dict[str, Any]) -> VariableValues | None:
        if self._quick is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, kind, is_required, signature in self._quick:
            if name in given:
                value: Any = given[name]
                if type(value) is not kind and (value is not None or is_required):
                    return None
                if type(value) is int and not -2147483648 <= value <= 2147483647:
                    return None
                sources[name] = VariableValueSource(signature, value)
                coerced[name] = value
            elif is_required:
                return None
            else:
                sources[name] = VariableValueSource(signature)
        return VariableValues(sources, coerced)
