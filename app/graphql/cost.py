"""What an operation may cost: the objects it can make us fetch, counted before it runs.

An object costs 1 and a leaf nothing. A field with `first` or `last` multiplies the lists right below it
by the page size; a list without pages counts as `Limits.unpaged_list` objects. `Limits.field_costs` adds
to single fields. Aliases count as often as they stand there. Source: security requirement R22.
"""

from typing import Any, Final, NamedTuple

from graphql import (
    ConstValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_leaf_type,
)
from graphql.language import ValueNode, VariableNode
from graphql.utilities import type_from_ast

from app.graphql.limits import Limits, refusal

_PAGE_ARGUMENTS: Final = ("first", "last")
_INT_DIGITS: Final = 10
_MOST_KNOWN: Final = 128
_SIZES: Final = frozenset({int, type(None)})


class _Page(NamedTuple):
    """A page size: a number, or a variable with what it means when absent."""

    size: int
    variable: str | None


class _Cost(NamedTuple):
    """The cost of one field: its own, and of what is below it, once for each object."""

    own: int
    pages: tuple[_Page, ...]
    is_list: bool
    below: tuple["_Cost", ...]


class OperationCost:
    """The cost of one operation, as a function of its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        limits: Limits,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._limits = limits
        self._defaults = {
            one.variable.name.value: _literal_size(one.default_value)
            for one in operation.variable_definitions or ()
        }
        root_type = schema.get_root_type(operation.operation)
        self._roots = tuple(self._fields(operation.selection_set, root_type)) if root_type else ()
        self._page_variables = tuple(sorted(_page_variables(self._roots)))
        self.varies = bool(self._page_variables)
        self._known: dict[tuple[Any, ...], int] = {}

    def of(self, variables: dict[str, Any]) -> int:
        """Return the cost with these variables, as the client sent them.

        Raises:
            GraphQLError: it passes `Limits.cost`, or a page passes `Limits.page`.
        """
        key = tuple([variables.get(name) for name in self._page_variables])
        total = self._known.get(key) if all(type(size) in _SIZES for size in key) else None
        if total is None:
            total = self._total(self._roots, variables)
            if len(self._known) < _MOST_KNOWN and all(type(size) in _SIZES for size in key):
                self._known[key] = total
        if total > self._limits.cost:
            raise refusal(f"The operation costs {total}; at most {self._limits.cost} is allowed.")
        return total

    def _total(self, costs: tuple[_Cost, ...], variables: dict[str, Any], page: int | None = None) -> int:
        total = 0
        for cost in costs:
            own_page = max((self._size(one, variables) for one in cost.pages), default=None)
            times = 1
            if cost.is_list and own_page is not None:
                times, own_page = own_page, None
            elif cost.is_list:
                times = self._limits.unpaged_list if page is None else page
            total += times * (cost.own + self._total(cost.below, variables, own_page))
        return total

    def _size(self, page: _Page, variables: dict[str, Any]) -> int:
        size = page.size
        if page.variable is not None:
            given = variables.get(page.variable)
            if isinstance(given, int) and not isinstance(given, bool):
                size = given
        if size > self._limits.page:
            raise refusal(f"A page has at most {self._limits.page} items; {size} were asked for.")
        return max(size, 0)

    def _fields(self, one: SelectionSetNode, parent: GraphQLNamedType) -> list[_Cost]:
        costs: list[_Cost] = []
        for selection in one.selections:
            if isinstance(selection, FieldNode):
                costs += self._field(selection, parent)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                narrowed = type_from_ast(self._schema, condition) if condition else parent
                costs += self._fields(selection.selection_set, narrowed or parent)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                narrowed = type_from_ast(self._schema, fragment.type_condition)
                costs += self._fields(fragment.selection_set, narrowed or parent)
        return costs

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> list[_Cost]:
        name = node.name.value
        definition = is_composite_type(parent) and self._schema.get_field(parent, name)
        if not definition:
            return []
        named = get_named_type(definition.type)
        extra = self._limits.field_costs.get(f"{parent.name}.{name}", 0)
        if is_leaf_type(named):
            return [_Cost(extra, (), False, ())] if extra else []
        pages = self._pages(node) if any(name in definition.args for name in _PAGE_ARGUMENTS) else ()
        below = self._fields(node.selection_set, named) if node.selection_set else []
        is_list = isinstance(get_nullable_type(definition.type), GraphQLList)
        return [_Cost(1 + extra, pages, is_list, tuple(below))]

    def _pages(self, node: FieldNode) -> tuple[_Page, ...]:
        pages: list[_Page] = []
        for argument in node.arguments or ():
            if argument.name.value not in _PAGE_ARGUMENTS:
                continue
            if isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                pages.append(_Page(self._defaults.get(name) or self._limits.default_page, name))
            else:
                size = _literal_size(argument.value)
                pages.append(_Page(self._limits.default_page if size is None else size, None))
        return tuple(pages) or (_Page(self._limits.default_page, None),)


def _literal_size(node: ConstValueNode | ValueNode | None) -> int | None:
    """Return the number that is written; of one with more digits than an Int has, only that it is large."""
    if not isinstance(node, IntValueNode):
        return None
    return int(node.value) if len(node.value) <= _INT_DIGITS else 10**_INT_DIGITS


def _page_variables(costs: tuple[_Cost, ...]) -> set[str]:
    names = {page.variable for cost in costs for page in cost.pages if page.variable}
    return names.union(*(_page_variables(cost.below) for cost in costs))
