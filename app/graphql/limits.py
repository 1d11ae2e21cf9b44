"""How large a GraphQL request may be, and the measuring of a document before it is validated.

Validation compares fields pairwise, so a document is measured first: fragments are expanded, with a cap
that ends the walk, and nothing is compared. Only what passed is validated, compiled and costed.
Source: security requirements R16 to R22.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may ask for at most; each limit has its own sentence in the refusal."""

    body_bytes: int = 1024 * 1024
    """Of the HTTP body, before JSON is read."""
    json_depth: int = 64
    """Arrays and objects inside one another, in the body."""
    source_characters: int = 64 * 1024
    """Of the GraphQL document."""
    tokens: int = 4_000
    comments: int = 500
    depth: int = 16
    """Fields inside one another, fragments expanded."""
    fields: int = 500
    """In the whole document, fragments expanded."""
    same_fields: int = 32
    """Fields that would answer under the same path."""
    aliases: int = 64
    directives: int = 64
    root_fields: int = 16
    """In one operation."""
    definitions: int = 64
    """Operations and fragments of one document."""
    cost: int = 20_000
    """Objects that an operation may make us fetch; see `app.graphql.cost`."""
    page: int = 100
    """Of `first` and `last`."""
    default_page: int = 25
    """Where neither is given."""
    unpaged_list: int = 4
    """Objects assumed in a list that has no pages."""
    field_costs: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """What a field costs by itself, as "Type.field"."""
    error_count: int = 20
    """Validation errors told at once."""


TOO_COMPLEX: Final = "TOO_COMPLEX"
INVALID: Final = "GRAPHQL_VALIDATION_FAILED"


def refusal(message: str, code: str = TOO_COMPLEX) -> GraphQLError:
    """Return an error with a code that clients can act on."""
    return GraphQLError(message, extensions={"code": code})


class _Measure:
    """Walks a document with its fragments expanded, and stops at the first limit it passes."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._steps = 0
        self._aliases = 0
        self._directives = 0

    def walk(self, sets: list[SelectionSetNode], depth: int, is_operation: bool = False) -> None:
        """Measure selection sets that would be merged into one answer.

        Raises:
            GraphQLError: a limit is passed, or a fragment contains itself.
        """
        if depth > self._limits.depth:
            raise refusal(f"The document is nested deeper than {self._limits.depth} fields.")
        merged: dict[str, list[SelectionSetNode]] = {}
        counted: dict[str, int] = {}
        for one in sets:
            self._collect(one, merged, counted)
        if is_operation and len(counted) > self._limits.root_fields:
            raise refusal(f"An operation may have {self._limits.root_fields} root fields.")
        for below in merged.values():
            if below:
                self.walk(below, depth + 1)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > self._limits.fields:
            raise refusal(f"The document selects more than {self._limits.fields} fields.")

    def _collect(
        self, one: SelectionSetNode, merged: dict[str, list[SelectionSetNode]], counted: dict[str, int]
    ) -> None:
        for selection in one.selections:
            self._step()
            self.count_directives(len(selection.directives or ()))
            if isinstance(selection, FieldNode):
                self._field(selection, merged, counted)
            elif isinstance(selection, InlineFragmentNode):
                self._collect(selection.selection_set, merged, counted)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments.get(selection.name.value)
                if fragment is not None:  # otherwise validation names it
                    self._collect(fragment.selection_set, merged, counted)

    def _field(
        self, node: FieldNode, merged: dict[str, list[SelectionSetNode]], counted: dict[str, int]
    ) -> None:
        key = node.alias.value if node.alias else node.name.value
        if node.alias:
            self._aliases += 1
            if self._aliases > self._limits.aliases:
                raise refusal(f"The document has more than {self._limits.aliases} aliases.")
        counted[key] = counted.get(key, 0) + 1
        if counted[key] > self._limits.same_fields:
            raise refusal(f"The field {key} is selected more than {self._limits.same_fields} times.")
        below = merged.setdefault(key, [])
        if node.selection_set:
            below.append(node.selection_set)

    def refuse_circles(self) -> None:
        """Check that expanding fragments comes to an end.

        Raises:
            GraphQLError: a fragment contains itself.
        """
        spreads = {name: _spread_names(one.selection_set) for name, one in self._fragments.items()}
        finished: set[str] = set()
        for start in spreads:
            trail: list[tuple[str, list[str]]] = [(start, list(spreads[start]))]
            while trail:
                name, ahead = trail[-1]
                if not ahead:
                    finished.add(name)
                    trail.pop()
                    continue
                following = ahead.pop()
                if any(following == passed for passed, _ in trail):
                    raise refusal(f"Cannot spread fragment '{following}' within itself.", INVALID)
                if following in spreads and following not in finished:
                    trail.append((following, list(spreads[following])))

    def count_directives(self, number: int) -> None:
        """Count directives wherever they stand.

        Raises:
            GraphQLError: there are too many.
        """
        self._directives += number
        if self._directives > self._limits.directives:
            raise refusal(f"The document has more than {self._limits.directives} directives.")


def _spread_names(one: SelectionSetNode) -> set[str]:
    names: set[str] = set()
    ahead = [one]
    while ahead:
        for selection in ahead.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                names.add(selection.name.value)
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                ahead.append(selection.selection_set)
    return names


def measure(document: DocumentNode, limits: Limits) -> None:
    """Check a parsed document against everything but its cost.

    Raises:
        GraphQLError: a limit is passed; `extensions.code` is TOO_COMPLEX.
    """
    if len(document.definitions) > limits.definitions:
        raise refusal(f"A document may have {limits.definitions} operations and fragments.")
    walk = _Measure(document, limits)
    walk.refuse_circles()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            is_operation = isinstance(definition, OperationDefinitionNode)
            walk.count_directives(len(definition.directives or ()))
            walk.walk([definition.selection_set], 1, is_operation)
