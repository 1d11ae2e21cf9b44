"""What the client selected, as resolvers ask for it: look ahead, to fetch a page in one statement.

The tree of a field is built once for its nodes and the outcome of @skip and @include, and kept while the
operation is; a
`Selection` is that tree seen with one request's variables. Below an interface or union the fields of
all fragments are taken together: a selection says what may be needed, not what will be answered.
"""

import weakref
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values
from graphql.language import ListValueNode, ObjectValueNode, SelectionNode, VariableNode
from graphql.pyutils import Undefined
from graphql.utilities import type_from_ast


class _Field:
    """One field under one response key: its nodes merged, its subfields by response key."""

    __slots__ = ("below", "definition", "key", "name", "nodes", "parent")

    def __init__(self, key: str, name: str, parent: str, definition: GraphQLField | None) -> None:
        self.key = key
        self.name = name
        self.parent = parent
        self.definition = definition
        self.nodes: list[FieldNode] = []
        self.below: dict[str, _Field] = {}


class Selected(NamedTuple):
    """A selected field: the key it is answered under, its coerced arguments, and what is below it."""

    response_key: str
    name: str
    arguments: dict[str, Any]
    selection: "Selection"


class Selection:
    """What is selected below one field, or at the root of an operation."""

    __slots__ = ("_below", "_tree", "_variables")

    def __init__(
        self, below: Mapping[str, _Field], variables: VariableValues, tree: "_Tree | None" = None
    ) -> None:
        self._below = below
        self._variables = variables
        self._tree = tree

    @property
    def memory(self) -> dict[Hashable, Any]:
        """What was found out about this selection, for whoever finds it out: kept while the operation is.

        It is shared by all requests in which the variables that stand below have the same values.
        """
        return {} if self._tree is None else self._tree.memory(self._variables)

    def wants(self, path: str) -> bool:
        """Tell whether a field is selected under any alias, as in `wants("edges.node.lastMessage")`."""
        return any(True for _ in _walk(self._below, path.split(".")))

    def at(self, *path: str) -> list[Selected]:
        """Return every selection of the field at a path of field names, one for each alias.

        Raises:
            GraphQLError: an argument does not fit.
        """
        return [self._selected(field) for field in _walk(self._below, list(path))]

    def fields(self) -> list[Selected]:
        """Return the fields selected right here."""
        return [self._selected(field) for field in self._below.values()]

    def names(self) -> frozenset[str]:
        """Return the names of the fields selected right here."""
        return frozenset(field.name for field in self._below.values())

    def _selected(self, field: _Field) -> Selected:
        arguments: dict[str, Any] = {}
        if field.definition is not None and field.definition.args:
            arguments = get_argument_values(field.definition, field.nodes[0], self._variables)
        return Selected(field.key, field.name, arguments, Selection(field.below, self._variables))


def _walk(below: Mapping[str, _Field], path: list[str]) -> Iterable[_Field]:
    for field in below.values():
        if field.name == path[0]:
            if len(path) == 1:
                yield field
            else:
                yield from _walk(field.below, path[1:])


class _Info(Protocol):
    """What is read of graphql-core's info."""

    @property
    def field_nodes(self) -> list[FieldNode]: ...
    @property
    def return_type(self) -> Any: ...
    @property
    def schema(self) -> GraphQLSchema: ...
    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]: ...
    @property
    def operation(self) -> OperationDefinitionNode: ...
    @property
    def variable_values(self) -> Any: ...


class _Builder:
    """Builds trees for one set of variables; notes which decided their shape, and which arguments name."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self.deciding: set[str] = set()
        self.named: set[str] = set()

    def add(
        self, one: SelectionSetNode, parent: GraphQLNamedType, into: dict[str, _Field], inside: frozenset[str]
    ) -> None:
        """Add a selection set on a type, fragments expanded."""
        for selection in one.selections:
            if not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                self._add_field(selection, parent, into)
            elif isinstance(selection, InlineFragmentNode):
                narrowed = selection.type_condition and type_from_ast(self._schema, selection.type_condition)
                self.add(selection.selection_set, narrowed or parent, into, inside)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in inside:
                name = selection.name.value
                fragment = self._fragments[name]
                narrowed = type_from_ast(self._schema, fragment.type_condition)
                self.add(fragment.selection_set, narrowed or parent, into, inside | {name})

    def _add_field(self, node: FieldNode, parent: GraphQLNamedType, into: dict[str, _Field]) -> None:
        name = node.name.value
        key = node.alias.value if node.alias else name
        definition = self._schema.get_field(parent, name) if is_composite_type(parent) else None
        # On two types of a union one response key may stand for two fields.
        slot = key if key not in into or into[key].name == name else f"{key} {parent.name}.{name}"
        field = into.get(slot)
        if field is None:
            field = into[slot] = _Field(key, name, parent.name, definition)
        field.nodes.append(node)
        for argument in node.arguments or ():
            self.named.update(variables_in(argument.value))
        if node.selection_set and definition is not None:
            self.add(node.selection_set, get_named_type(definition.type), field.below, frozenset())

    def _is_included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    self.deciding.add(argument.value.name.value)
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and not (include and not include["if"])


class _Tree(NamedTuple):
    """A kept tree, the outcomes that decided its shape, and the variables that its arguments name."""

    deciding: tuple[tuple[str, Any], ...]
    below: dict[str, _Field]
    named: tuple[str, ...]
    memories: dict[tuple[Any, ...], dict[Hashable, Any]]

    def memory(self, variables: VariableValues) -> dict[Hashable, Any]:
        """Return what is kept for these values; nothing is kept for values that are lists or objects."""
        values = tuple(variables.coerced.get(name, Undefined) for name in self.named)
        if not all(isinstance(value, _PLAIN) for value in values):
            return {}
        known = self.memories.get(values)
        if known is None:
            if len(self.memories) >= _MOST_MEMORIES:
                self.memories.clear()
            known = self.memories[values] = {}
        return known


class _Trees:
    """The trees of one operation, by the nodes they begin at; they go when the operation goes."""

    __slots__ = ("kept", "operation")

    def __init__(self, operation: OperationDefinitionNode) -> None:
        key = id(operation)
        self.operation = weakref.ref(operation, lambda _: _all_trees.pop(key, None))
        self.kept: dict[tuple[int, ...], _Tree] = {}


_MOST_MEMORIES: Final = 64
_PLAIN: Final = (str, int, float, type(None), type(Undefined))


def variables_in(value: object) -> Iterator[str]:
    """Give the names of the variables that stand in an argument's value."""
    if isinstance(value, VariableNode):
        yield value.name.value
    elif isinstance(value, ListValueNode):
        for one in value.values:
            yield from variables_in(one)
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            yield from variables_in(field.value)


_all_trees: Final[dict[int, _Trees]] = {}


def _tree(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    nodes: tuple[FieldNode, ...] | tuple[OperationDefinitionNode],
    type_: GraphQLNamedType,
    variables: VariableValues,
) -> _Tree:
    trees = _all_trees.get(id(operation))
    if trees is None:
        trees = _all_trees[id(operation)] = _Trees(operation)
    key = tuple(id(node) for node in nodes)
    known = trees.kept.get(key)
    if known is not None and all(variables.coerced.get(name) == value for name, value in known.deciding):
        return known
    builder = _Builder(schema, fragments, variables)
    below: dict[str, _Field] = {}
    for node in nodes:
        if node.selection_set:
            builder.add(node.selection_set, type_, below, frozenset())
    deciding = tuple((name, variables.coerced.get(name)) for name in sorted(builder.deciding))
    made = trees.kept[key] = _Tree(deciding, below, tuple(sorted(builder.named)), {})
    return made


def selection_of(info: Any) -> Selection:
    """Return what is selected below the field being resolved, from graphql-core's or Strawberry's info."""
    raw: _Info = getattr(info, "_raw_info", info)
    values = raw.variable_values
    variables = values if isinstance(values, VariableValues) else VariableValues({}, values)
    named = get_named_type(raw.return_type)
    tree = _tree(raw.schema, raw.fragments, raw.operation, tuple(raw.field_nodes), named, variables)
    return Selection(tree.below, variables, tree)


def root_selection(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: VariableValues,
) -> Selection:
    """Return what is selected at the root of an operation.

    Raises:
        LookupError: the schema has no root type for it.
    """
    root_type = schema.get_root_type(operation.operation)
    if root_type is None:
        raise LookupError(f"the schema has no {operation.operation.value} type")
    tree = _tree(schema, fragments, operation, (operation,), root_type, variables)
    return Selection(tree.below, variables, tree)


def coordinates(
    schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], operation: OperationDefinitionNode
) -> frozenset[str]:
    """Return every field that an operation can reach, as "Type.field", whatever its variables are."""
    found: set[str] = set()
    entered: set[tuple[str, str]] = set()
    ahead: list[tuple[SelectionSetNode, GraphQLNamedType | None]] = [
        (operation.selection_set, schema.get_root_type(operation.operation))
    ]
    while ahead:
        one, parent = ahead.pop()
        if parent is None:
            continue
        for selection in one.selections:
            if isinstance(selection, FieldNode):
                definition = is_composite_type(parent) and schema.get_field(parent, selection.name.value)
                if definition:
                    found.add(f"{parent.name}.{selection.name.value}")
                if definition and selection.selection_set:
                    ahead.append((selection.selection_set, get_named_type(definition.type)))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                ahead.append(
                    (selection.selection_set, type_from_ast(schema, condition) if condition else parent)
                )
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value in fragments:
                fragment = fragments[selection.name.value]
                if (fragment.name.value, parent.name) not in entered:
                    entered.add((fragment.name.value, parent.name))
                    ahead.append((fragment.selection_set, type_from_ast(schema, fragment.type_condition)))
    return frozenset(found)
