"""Ask the database for what was selected, as the viewer's eyes see it."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from database.reads.nouns import Paged
from database.reads.statement import Given, Slot, Statement, named
from database.reads.wanted import Page, Wanted
from resolvers.context import Context
from resolvers.objects import Answer, Build, builder, connection

Bound = tuple[object, str]
"""A value and its PostgreSQL type."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement, where its values come from, and what makes objects of its rows."""

    sql: str
    slots: tuple[Slot, ...]
    build: Build

    def values(self, context: Context, bound: dict[str, Bound], page: Page | None = None) -> list[object]:
        given = Given(context.sight, {name: value for name, (value, _) in bound.items()}, page)
        return [slot(given) for slot in self.slots]


def _prepared(wanted: Wanted, key: Hashable, prepare: Callable[[], _Prepared]) -> _Prepared:
    """Return what was prepared for a question, or prepare it; it is kept where the question is."""
    if wanted.kept is None:
        return prepare()
    known: _Prepared | None = wanted.kept.get(key)
    if known is None:
        known = wanted.kept[key] = prepare()
    return known


def _types(bound: dict[str, Bound]) -> tuple[tuple[str, str], ...]:
    return tuple((name, type_) for name, (_, type_) in bound.items())


def _names(statement: Statement, source: str, bound: dict[str, Bound]) -> dict[str, str]:
    return {
        name: statement.bind(named(name), type_)
        for name, (_, type_) in bound.items()
        if f"{{{name}}}" in source
    }


def _answer(context: Context) -> Answer:
    return Answer(
        context.viewer.workspace_id, context.sign, context.sign_image, context.settings.inbound_domain
    )


async def read_one(context: Context, noun: str, source: str, wanted: Wanted, **bound: Bound) -> Any:
    """Return the object of the one row of a source, or None."""

    def prepare() -> _Prepared:
        statement = Statement()
        filled = statement.fill(source, **_names(statement, source, bound))
        sql, layout = statement.single(noun, filled, wanted)
        return _Prepared(sql, tuple(statement.slots), builder(layout))

    one = _prepared(wanted, ("one", noun, source, _types(bound)), prepare)
    row = await context.db.fetchrow(context.viewer.workspace_id, one.sql, *one.values(context, bound))
    return None if row is None else one.build(row, {}, _answer(context))


async def read_many(
    context: Context, noun: str, source: str, order: str, wanted: Wanted, **bound: Bound
) -> list[Any]:
    """Return the objects of all rows of a source."""

    def prepare() -> _Prepared:
        statement = Statement()
        filled = statement.fill(source, **_names(statement, source, bound))
        sql, layout = statement.many(noun, filled, order, wanted)
        return _Prepared(sql, tuple(statement.slots), builder(layout))

    many = _prepared(wanted, ("many", noun, source, order, _types(bound)), prepare)
    rows = await context.db.fetch(context.viewer.workspace_id, many.sql, *many.values(context, bound))
    answer = _answer(context)
    return [many.build(row, {}, answer) for row in rows]


async def read_page(context: Context, paged: Paged, page: Page, wanted: Wanted, **bound: Bound) -> Any:
    """Return one page of a list, as its connection."""

    def prepare() -> _Prepared:
        statement = Statement()
        names = _names(statement, paged.source, bound)
        sql, layout = statement.paged(paged, page, wanted, **names)
        return _Prepared(sql, tuple(statement.slots), connection(layout))

    shape = (page.size, page.backward, page.after is not None, page.before is not None)
    found = _prepared(wanted, ("page", paged.name, paged.source, shape, _types(bound)), prepare)
    rows = await context.db.fetch(context.viewer.workspace_id, found.sql, *found.values(context, bound, page))
    return found.build(rows, {}, _answer(context))


def uuid(value: UUID | None) -> Bound:
    """Bind a key."""
    return value, "uuid"


def text(value: str | None) -> Bound:
    """Bind a text."""
    return value, "text"
