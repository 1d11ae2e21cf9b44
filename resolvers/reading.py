"""Read objects for a viewer: compose, ask the database once, make.

Belongs here: the way from what is wanted to objects, the same for every noun. Each function is one statement.
"""

from typing import Any
from uuid import UUID

from database.reads.nouns import Paged
from database.reads.statement import Statement
from database.reads.wanted import Page, Wanted
from resolvers.context import Context
from resolvers.objects import Maker

Bound = tuple[object, str]
"""A value and its PostgreSQL type."""


def _names(statement: Statement, source: str, bound: dict[str, Bound]) -> dict[str, str]:
    return {name: statement.bind(*value) for name, value in bound.items() if f"{{{name}}}" in source}


def _maker(context: Context) -> Maker:
    return Maker(
        context.viewer.workspace_id, context.sign, context.sign_image, context.settings.inbound_domain
    )


async def read_one(context: Context, noun: str, source: str, wanted: Wanted, **bound: Bound) -> Any:
    """Return the object of the one row of a source, or None."""
    statement = Statement(context.sight)
    filled = statement.fill(source, **_names(statement, source, bound))
    sql, layout = statement.single(noun, filled, wanted)
    row = await context.db.fetchrow(context.viewer.workspace_id, sql, *statement.values)
    if row is None:
        return None
    return _maker(context).builder(layout)(row, {})


async def read_many(
    context: Context, noun: str, source: str, order: str, wanted: Wanted, **bound: Bound
) -> list[Any]:
    """Return the objects of all rows of a source."""
    statement = Statement(context.sight)
    filled = statement.fill(source, **_names(statement, source, bound))
    sql, layout = statement.many(noun, filled, order, wanted)
    rows = await context.db.fetch(context.viewer.workspace_id, sql, *statement.values)
    build = _maker(context).builder(layout)
    return [build(row, {}) for row in rows]


async def read_page(context: Context, paged: Paged, page: Page, wanted: Wanted, **bound: Bound) -> Any:
    """Return one page of a list, as its connection."""
    statement = Statement(context.sight)
    names = _names(statement, paged.source, bound)
    sql, layout = statement.paged(paged, page, wanted, **names)
    rows = await context.db.fetch(context.viewer.workspace_id, sql, *statement.values)
    return _maker(context).connection(layout)(rows, {})


def uuid(value: UUID | None) -> Bound:
    """Bind a key."""
    return value, "uuid"


def text(value: str | None) -> Bound:
    """Bind a text."""
    return value, "text"
