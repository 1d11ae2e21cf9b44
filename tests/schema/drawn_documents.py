"""Documents drawn from a schema, with the fragments and directives that hypothesis-graphql leaves out."""

import random
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.language import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    NonNullTypeNode,
    VariableDefinitionNode,
    VariableNode,
)
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes


def _name(value: str) -> NameNode:
    return NameNode(value=value)


def _directive(dice: random.Random) -> DirectiveNode:
    condition: Any = dice.choice(
        [
            VariableNode(name=_name("yes")),
            VariableNode(name=_name("maybe")),
            BooleanValueNode(value=dice.random() < 0.8),
        ]
    )
    return DirectiveNode(
        name=_name(dice.choice(["skip", "include", "include"])),
        arguments=(ArgumentNode(name=_name("if"), value=condition),),
    )


class _Dresser(Visitor):
    """Puts selections into fragments, and conditions on them."""

    def __init__(self, dice: random.Random, types: TypeInfo) -> None:
        super().__init__()
        self._dice = dice
        self._types = types
        self.fragments: list[FragmentDefinitionNode] = []

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        parent = self._types.get_parent_type()
        choice = self._dice.random()
        if parent is None or choice > 0.4:
            return None
        condition = NamedTypeNode(name=_name(parent.name))
        if choice < 0.15:
            name = f"part{len(self.fragments)}"
            self.fragments.append(
                FragmentDefinitionNode(
                    name=_name(name), type_condition=condition, selection_set=node, directives=()
                )
            )
            spread = FragmentSpreadNode(name=_name(name), directives=())
            return SelectionSetNode(selections=(*node.selections[:1], spread))
        inline = InlineFragmentNode(
            type_condition=condition if choice < 0.3 else None,
            selection_set=node,
            directives=(_directive(self._dice),) if self._dice.random() < 0.4 else (),
        )
        return SelectionSetNode(selections=(inline, *node.selections[-1:]))

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if self._dice.random() > 0.15:
            return None
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=node.arguments,
            selection_set=node.selection_set,
            directives=(*(node.directives or ()), _directive(self._dice)),
        )


def _declared(name: str) -> VariableDefinitionNode:
    boolean = NamedTypeNode(name=_name("Boolean"))
    is_required = name == "yes"
    return VariableDefinitionNode(
        variable=VariableNode(name=_name(name)),
        type=NonNullTypeNode(type=boolean) if is_required else boolean,
        default_value=None if is_required else BooleanValueNode(value=True),
        directives=(),
    )


def _dress(schema: GraphQLSchema, document: DocumentNode, dice: random.Random) -> DocumentNode:
    types = TypeInfo(schema)
    dresser = _Dresser(dice, types)
    dressed: DocumentNode = visit(document, TypeInfoVisitor(types, dresser))
    used = print_ast(dressed) + "".join(print_ast(one) for one in dresser.fragments)
    definitions = [
        OperationDefinitionNode(
            operation=one.operation,
            name=_name("drawn"),
            variable_definitions=tuple(_declared(name) for name in ("yes", "maybe") if f"${name}" in used),
            directives=one.directives,
            selection_set=one.selection_set,
        )
        for one in dressed.definitions
        if isinstance(one, OperationDefinitionNode)
    ]
    return DocumentNode(definitions=(*definitions, *dresser.fragments))


@st.composite
def documents(draw: st.DrawFn, schema: GraphQLSchema) -> DocumentNode:
    """Draw a valid document of one operation."""
    scalars = {"Stamp": st.just("2026").map(nodes.String)}
    custom = {
        name: st.just("a@b.example").map(nodes.String)
        for name, type_ in schema.type_map.items()
        if type_.__class__.__name__ == "GraphQLScalarType"
        and name not in ("Int", "String", "Float", "ID", "Boolean", "Stamp")
    }
    text = str(draw(from_schema(schema, custom_scalars={**scalars, **custom}, allow_x00=False)))
    plain = parse(text)
    dressed = parse(print_ast(_dress(schema, plain, random.Random(draw(st.integers(0, 2**32))))))
    document = plain if validate(schema, dressed) else dressed
    assume(not validate(schema, document))
    return document
