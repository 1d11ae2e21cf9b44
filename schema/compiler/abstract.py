"""Complete a value whose object type is only known when it is there, or which its type must accept."""

from collections.abc import Callable
from types import CoroutineType
from typing import Any, NamedTuple, Protocol

from graphql import GraphQLAbstractType, GraphQLObjectType, default_type_resolver
from graphql.pyutils import Path

from schema.compiler.execution import Execution, FieldPlan
from schema.compiler.regularity import Irregular, regular_kinds, vet


class ObjectCode(Protocol):
    """The function that executes the selections on an object; a pure one takes the object alone."""

    @property
    def name(self) -> str: ...
    @property
    def is_pure(self) -> bool: ...


class _Case(NamedTuple):
    is_type_of: Callable[..., Any] | None
    execute: Callable[..., Any]
    is_pure: bool


class TypedCompletion:
    """Finds the object type of a value as graphql-core does, then calls what was compiled for it."""

    __slots__ = ("_cases", "_codes", "_only", "_plan", "_resolve_type", "_type", "_types")

    def __init__(
        self,
        type_: GraphQLAbstractType | GraphQLObjectType,
        plan: FieldPlan,
        types: dict[str, GraphQLObjectType],
        codes: "dict[str, Any]",
    ) -> None:
        self._type = type_
        self._plan = plan
        self._types = types
        self._codes: dict[str, ObjectCode] = codes
        self._only = type_.name if isinstance(type_, GraphQLObjectType) else None
        self._resolve_type: Callable[..., Any] = (
            default_type_resolver
            if isinstance(type_, GraphQLObjectType)
            else type_.resolve_type or default_type_resolver
        )
        self._cases: dict[Any, _Case] = {}

    def bind(self, namespace: dict[str, Any]) -> None:
        """Take the compiled functions, once they are there."""
        self._cases = {
            name: _Case(self._types[name].is_type_of, namespace[code.name], code.is_pure)
            for name, code in self._codes.items()
        }

    def __call__(
        self, value: Any, execution: Execution, path: Path, pending: list[Any], field_path: Path
    ) -> dict[str, Any]:
        """Complete a value at a path, for the field at `field_path`.

        Raises:
            Irregular: there is no such type, or it does not accept the value, or it needs to wait.
        """
        if type(value) not in regular_kinds:
            vet(value)
        info = execution.info(self._plan, field_path)
        name = self._only or _now(self._resolve_type(value, info, self._type))
        case = self._cases.get(name)
        if case is None:
            raise Irregular
        if case.is_type_of is not None and _now(case.is_type_of(value, info)) is not True:
            raise Irregular
        answer: dict[str, Any] = (
            case.execute(value) if case.is_pure else case.execute(value, execution, path, pending)
        )
        return answer


def _now(answer: Any) -> Any:
    """Return an answer that is there.

    Raises:
        Irregular: it would have to be awaited.
    """
    if isinstance(answer, CoroutineType):
        answer.close()
        raise Irregular
    return answer
