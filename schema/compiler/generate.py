"""Write an operation as Python functions, one for each object type and group of field nodes.

Collecting fields, merging selections and coercing arguments are graphql-core's own functions, run when
the operation is compiled. Into the source go only names that graphql-core has parsed, each as a
literal; everything else is reached through the namespace.

A function takes the source object alone where nothing below it has a resolver. Where something has, it
also takes the execution, the response path and the list of pending awaitables.
"""

import keyword
from collections.abc import Callable
from datetime import datetime
from types import CoroutineType
from typing import Any, Final, NamedTuple

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    default_field_resolver,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import VariableNode
from graphql.pyutils import Path
from graphql.type import TypeNameMetaFieldDef
from strawberry.types.field import StrawberryField

from schema.compiler.abstract import TypedCompletion
from schema.compiler.direct_calls import DirectCall, direct_call
from schema.compiler.execution import Execution, FieldPlan, is_shareable
from schema.compiler.leaves import leaf_of
from schema.compiler.regularity import Irregular, read, regular_kinds, sequence, vet
from schema.scalars import write_instant


class Uncompilable(Exception):
    """The operation asks for something that only graphql-core executes."""


_MOST_FUNCTIONS: Final = 400
_INTROSPECTION: Final = frozenset({"__schema", "__type"})

Completion = Callable[[Any, Execution, Path, list[Any]], Any]


class Root(NamedTuple):
    """A root field: how to resolve it and how to complete what it answers."""

    plan: FieldPlan
    complete: Completion


class _ObjectCode(NamedTuple):
    name: str
    is_pure: bool


class _FieldCode(NamedTuple):
    """`value` goes into the dict display; `later`, if any, are statements that replace it."""

    value: str
    later: tuple[str, ...] = ()


def _nullable(type_: GraphQLOutputType) -> tuple[GraphQLOutputType, bool]:
    if isinstance(type_, GraphQLNonNull):
        return type_.of_type, False
    return type_, True


def _fail() -> None:
    raise Irregular


class Generator:
    """Compiles one operation for one outcome of its @skip and @include directives."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDetails],
        operation: OperationDefinitionNode,
        variable_values: VariableValues,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._operation = operation
        self._variable_values = variable_values
        self._source: list[str] = []
        self._objects: dict[tuple[str, tuple[int, ...]], _ObjectCode] = {}
        self._typed: list[TypedCompletion] = []
        self._counted = 0
        self._namespace: dict[str, Any] = {
            "CoroutineType": CoroutineType,
            "datetime": datetime,
            "Path": Path,
            "fail": _fail,
            "read": read,
            "regular": regular_kinds,
            "sequence": sequence,
            "vet": vet,
            "write_instant": write_instant,
        }

    def generate(self) -> tuple[Root, ...]:
        """Return the root fields in the order of the answer.

        Raises:
            Uncompilable: graphql-core has to execute this one.
        """
        root_type = self._schema.get_root_type(self._operation.operation)
        if root_type is None:
            raise Uncompilable
        collected = collect_fields(
            self._schema, self._fragments, self._variable_values, root_type, self._operation
        )
        roots: list[tuple[FieldPlan, str]] = []
        for response_key, details in self._groups(collected):
            field_name = details[0].node.name.value
            definition = self._schema.get_field(root_type, field_name)
            if definition is None or field_name in _INTROSPECTION:
                raise Uncompilable
            plan = self._plan(response_key, details, definition, root_type)
            roots.append((plan, self._completion(plan, details)))
        exec(compile("\n".join(self._source), "<operation>", "exec"), self._namespace)  # noqa: S102 - see above
        for typed in self._typed:
            typed.bind(self._namespace)
        return tuple(Root(plan, self._namespace[name]) for plan, name in roots)

    def _groups(self, collected: CollectedFields) -> list[tuple[str, list[FieldDetails]]]:
        if collected.new_defer_usages:
            raise Uncompilable
        groups = list(collected.grouped_field_set.items())
        if any(detail.fragment_variable_values for _, details in groups for detail in details):
            raise Uncompilable
        return groups

    def _name(self, prefix: str, value: Any = None) -> str:
        """Return a new name, bound to a value of the namespace if one is given."""
        self._counted += 1
        name = f"{prefix}{self._counted}"
        if value is not None:
            self._namespace[name] = value
        return name

    def _plan(
        self,
        response_key: str,
        details: list[FieldDetails],
        definition: GraphQLField,
        parent_type: GraphQLObjectType,
    ) -> FieldPlan:
        nodes = [detail.node for detail in details]
        constant: dict[str, Any] | None = None
        if not definition.args and not nodes[0].arguments:
            constant = {}
        elif not _mentions_variable(nodes[0].arguments):
            try:
                coerced = get_argument_values(definition, nodes[0])
            except GraphQLError:
                coerced = None  # raised again when the field is executed
            if coerced is not None and is_shareable(coerced):
                constant = coerced
        call = direct_call(self._schema, definition) or DirectCall(
            definition.resolve or default_field_resolver, needs_info=True
        )
        return FieldPlan(response_key, nodes, definition, parent_type, *call, constant)

    def _completion(self, plan: FieldPlan, details: list[FieldDetails]) -> str:
        """Write the function that completes a resolver's answer; return its name."""
        expression, _ = self._complete(plan.definition.type, plan, details, "value", "value", "path", "path")
        name = self._name("complete")
        self._source += [f"def {name}(value, execution, path, pending):", f"    return {expression}"]
        return name

    def _complete(
        self,
        type_: GraphQLOutputType,
        plan: FieldPlan,
        details: list[FieldDetails],
        first: str,
        v: str,
        path: str,
        field_path: str,
    ) -> tuple[str, bool]:
        """Return the expression that completes a value, and whether it needs the value alone.

        `first` is evaluated before anything else and binds the name `v`.
        """
        inner, nullable = _nullable(type_)
        if is_leaf_type(inner):
            return self._leaf(inner, nullable, first, v), True
        null = "None" if nullable else "fail()"
        if isinstance(inner, GraphQLList):
            item = self._name("item")
            index = self._name("index")
            item_expression, is_pure = self._complete(
                inner.of_type, plan, details, item, item, f"Path({path}, {index}, None)", field_path
            )
            items = f"({v} if type({v}) is list else sequence({v}))"
            loop = f"for {item} in {items}" if is_pure else f"for {index}, {item} in enumerate({items})"
            return f"({null} if {first} is None else [{item_expression} {loop}])", is_pure
        if is_abstract_type(inner) or isinstance(inner, GraphQLObjectType):
            return self._composite(inner, nullable, plan, details, first, v, path, field_path)
        raise Uncompilable

    def _leaf(self, leaf_type: GraphQLLeafType, nullable: bool, first: str, v: str) -> str:
        leaf = leaf_of(leaf_type, nullable)
        slow = self._name("slow", leaf.slow)
        names = self._name("names", leaf.names) if "{names}" in leaf.expression else ""
        return leaf.expression.format(first=first, v=v, slow=slow, names=names)

    def _composite(
        self,
        type_: GraphQLAbstractType | GraphQLObjectType,
        nullable: bool,
        plan: FieldPlan,
        details: list[FieldDetails],
        first: str,
        v: str,
        path: str,
        field_path: str,
    ) -> tuple[str, bool]:
        null = f"None if {first} is None else " if nullable else ""
        value = v if nullable else first
        if isinstance(type_, GraphQLObjectType) and _checks_without_info(type_):
            code = self._object(type_, details)
            if code.is_pure:
                return f"({null}{code.name}({value}))", True
            return f"({null}{code.name}({value}, execution, {path}, pending))", False
        possible = [type_] if isinstance(type_, GraphQLObjectType) else self._schema.get_possible_types(type_)
        codes = {one.name: self._object(one, details) for one in possible}
        typed = TypedCompletion(type_, plan, {one.name: one for one in possible}, codes)
        self._typed.append(typed)
        name = self._name("typed", typed)
        return f"({null}{name}({value}, execution, {path}, pending, {field_path}))", False

    def _object(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> _ObjectCode:
        """Write the function that executes the selections on an object, once for all its places."""
        key = (type_.name, tuple(id(detail.node) for detail in details))
        known = self._objects.get(key)
        if known is not None:
            return known
        if len(self._objects) >= _MOST_FUNCTIONS:
            raise Uncompilable
        collected = collect_subfields(
            self._schema, self._fragments, self._variable_values, self._operation, type_, details
        )
        fields = [
            (response_key, self._field(type_, response_key, group))
            for response_key, group in self._groups(collected)
        ]
        code = _ObjectCode(self._name("execute"), not any(field.later for _, field in fields))
        display = "{" + ", ".join(f"{key!r}: {field.value}" for key, field in fields) + "}"
        body = ["if type(source) not in regular: vet(source)"]
        if type_.is_type_of is not None and _checks_without_info(type_):
            body.append(f"if {self._name('is_type_of', type_.is_type_of)}(source, None) is not True: fail()")
        if code.is_pure:
            body.append(f"return {display}")
        else:
            body += [f"answer = {display}", *(line for _, field in fields for line in field.later)]
            body.append("return answer")
        more = "" if code.is_pure else ", execution, path, pending"
        self._source += [f"def {code.name}(source{more}):", *(f"    {line}" for line in body)]
        self._objects[key] = code
        return code

    def _field(self, parent: GraphQLObjectType, key: str, details: list[FieldDetails]) -> _FieldCode:
        field_name = details[0].node.name.value
        definition = self._schema.get_field(parent, field_name)
        if definition is None:
            raise Uncompilable
        if definition is TypeNameMetaFieldDef:
            return _FieldCode(repr(parent.name))
        plan = self._plan(key, details, definition, parent)
        access = self._access(definition, field_name)
        path = f"Path(path, {key!r}, {parent.name!r})"
        if access is not None:
            v = self._name("value")
            expression, is_pure = self._complete(
                definition.type, plan, details, f"({v} := {access})", v, "field_path", "field_path"
            )
            if is_pure:
                return _FieldCode(expression)
            return _FieldCode("None", (f"field_path = {path}", f"answer[{key!r}] = {expression}"))
        return self._resolved(plan, details, path)

    def _resolved(self, plan: FieldPlan, details: list[FieldDetails], path: str) -> _FieldCode:
        """Write the call of a resolver, whose answer may have to be awaited."""
        key = plan.response_key
        resolve = self._name("resolve", plan.resolve)
        planned = self._name("plan", plan)
        complete = self._completion(plan, details)
        arguments = "" if plan.constant_arguments == {} else f", **execution.arguments({planned})"
        info = f"execution.info({planned}, field_path)" if plan.needs_info else "None"
        return _FieldCode(
            "None",
            (
                f"field_path = {path}",
                f"value = {resolve}(source, {info}{arguments})",
                "if type(value) is CoroutineType or hasattr(value, '__await__'):",
                f"    pending.append((value, {complete}, field_path, answer, {key!r}))",
                "else:",
                f"    answer[{key!r}] = {complete}(value, execution, field_path, pending)",
            ),
        )

    def _access(self, definition: GraphQLField, field_name: str) -> str | None:
        """Return the expression that reads a field without a resolver, or None if it has one."""
        if definition.resolve is None:
            return f"read(source, {field_name!r})"
        field = definition.extensions.get("strawberry-definition")
        if (
            isinstance(field, StrawberryField)
            and field.is_basic_field
            and getattr(definition.resolve, "_is_default", False)
        ):
            name = field.python_name
            if field.default_resolver is not getattr:
                return f"{self._name('default', field.default_resolver)}(source, {name!r})"
            if name.isidentifier() and not keyword.iskeyword(name):
                return f"source.{name}"
            return f"getattr(source, {name!r})"
        return None


def _checks_without_info(type_: GraphQLObjectType) -> bool:
    """Tell whether the type checks its values by themselves, as Strawberry's own check does."""
    check = type_.is_type_of
    return check is None or check.__module__ == "strawberry.schema.schema_converter"


def _mentions_variable(node: object) -> bool:
    """Tell whether a variable stands anywhere in an argument or value."""
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, tuple | list):
        return any(_mentions_variable(one) for one in node)
    return any(
        _mentions_variable(getattr(node, part))
        for part in ("value", "values", "fields")
        if hasattr(node, part)
    )
