"""Compose one statement for everything wanted of a noun, and say where each value lies in its rows.

What is single lies in the same row, joined after the page was cut (so that a join never sees more rows than
the page has); what is many lies in it as an array of rows. Limits are literals: with a bound limit
PostgreSQL plans for a tenth of the table.

A statement holds no value: each bound place has a slot that finds its value in what a reading is given. So it
is composed once for a question that is asked again.
"""

# ruff: noqa: S608 - every piece of SQL is a literal of this package; values are bound.

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from database.reads.nouns import NOUNS, Many, Paged
from database.reads.wanted import Page, Position, Sight, Wanted


class Given(NamedTuple):
    """What one reading binds: whose eyes, the values by name, and the page of the list it begins at."""

    sight: Sight
    bound: Mapping[str, object] = {}
    page: Page | None = None


Slot: TypeAlias = Callable[[Given], object]
"""Finds the value of one bound place."""


def named(name: str) -> Slot:
    """Return the slot of a value that a reading binds by name."""
    return lambda given: given.bound[name]


@dataclass(slots=True)
class Layout:
    """Where the values of one noun lie in a row; `presence` is the key, null where the noun is not there."""

    noun: str
    presence: int
    columns: dict[str, int] = field(default_factory=dict)
    ones: dict[str, "Layout"] = field(default_factory=dict)
    lists: dict[str, "tuple[int, Layout]"] = field(default_factory=dict)
    pages: "list[tuple[str, int, PageLayout]]" = field(default_factory=list)
    parameters: list[tuple[str, object, int]] = field(default_factory=list)


@dataclass(slots=True)
class PageLayout:
    """Where the rows of a page lie, and where in each of them its position."""

    page: Page
    listed: str
    at: int
    layout: Layout


class _Level:
    """One list of expressions, with the joins they need."""

    __slots__ = ("expressions", "joins")

    def __init__(self) -> None:
        self.expressions: list[str] = []
        self.joins: list[str] = []

    def take(self, expression: str) -> int:
        self.expressions.append(expression)
        return len(self.expressions) - 1


_EYES: Final[Mapping[str, tuple[Slot, str]]] = {
    "workspace": (lambda given: given.sight.workspace_id, "uuid"),
    "viewer": (lambda given: given.sight.user_id, "uuid"),
    "governs": (lambda given: given.sight.governs, "boolean"),
    "now": (lambda given: given.sight.now, "timestamptz"),
}


def _fixed(value: object) -> Slot:
    return lambda given: value


def _of_page(end: str, part: str) -> Slot:
    """Return the slot of a position's part in the page that a reading is given."""

    def find(given: Given) -> object:
        position: Position = getattr(given.page, end)
        found: object = getattr(position, part)
        return found

    return find


class Statement:
    """A statement being written: aliases, and the slots of its bound values in their order."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self._bound: dict[str, str] = {}
        self._aliases = 0

    def bind(self, slot: Slot, type_: str) -> str:
        """Bind a value and return how to name it."""
        self.slots.append(slot)
        return f"${len(self.slots)}::{type_}"

    def fill(self, template: str, **names: str) -> str:
        """Write a template with these names, and bind what it needs of the reader."""
        for name in _EYES:
            mark = f"{{{name}}}"
            if mark in template:
                template = template.replace(mark, self._eyes(name))
        for name, written in names.items():
            template = template.replace(f"{{{name}}}", written)
        return template

    def _eyes(self, name: str) -> str:
        if name not in self._bound:
            self._bound[name] = self.bind(*_EYES[name])
        return self._bound[name]

    def _alias(self) -> str:
        self._aliases += 1
        return f"a{self._aliases}"

    def single(self, noun: str, source: str, wanted: Wanted) -> "tuple[str, Layout]":
        """Return a statement for the row of a source, a complete SELECT of the noun's table."""
        level, alias = _Level(), self._alias()
        layout = self._lay(noun, alias, wanted, level)
        return self._select(level, f"({source}) {alias}"), layout

    def many(self, noun: str, source: str, order: str, wanted: Wanted) -> "tuple[str, Layout]":
        """Return a statement for all rows of a source, in an order written with `{of}`."""
        level, alias = _Level(), self._alias()
        layout = self._lay(noun, alias, wanted, level)
        return f"{self._select(level, f'({source}) {alias}')} order by {self.fill(order, of=alias)}", layout

    def paged(self, paged: Paged, page: Page, wanted: Wanted, **names: str) -> "tuple[str, PageLayout]":
        """Return a statement for one page of a list; it reads one row more than the page has.

        The page's positions are those of the page that a reading is given, one of the same shape.
        """
        level, alias = _Level(), self._alias()
        layout = self._lay(paged.noun, alias, wanted, level)
        at = level.take(f"{alias}.{paged.at}")
        cut, order = self._cut(paged, page, alias, names, is_given=True)
        return f"{self._select(level, cut)} order by {order}", PageLayout(page, paged.name, at, layout)

    def _select(self, level: _Level, source: str) -> str:
        return f"select {', '.join(level.expressions)} from {source} {' '.join(level.joins)}"

    def _cut(
        self, paged: Paged, page: Page, alias: str, names: dict[str, str], *, is_given: bool = False
    ) -> tuple[str, str]:
        """Return the FROM item that holds one page, and the order to read it in."""
        descending = paged.newest_first != page.backward
        direction = "desc" if descending else "asc"
        conditions = []
        for end, earlier in (("after", paged.newest_first), ("before", not paged.newest_first)):
            position: Position | None = getattr(page, end)
            if position is not None:
                at = _of_page(end, "at") if is_given else _fixed(position.at)
                key = _of_page(end, "key") if is_given else _fixed(position.key)
                bound = f"{self.bind(at, 'timestamptz')}, {self.bind(key, 'uuid')}"
                conditions.append(f"(q.{paged.at}, q.id) {'<' if earlier else '>'} ({bound})")
        where = f" where {' and '.join(conditions)}" if conditions else ""
        order = f"{{0}}.{paged.at} {direction}, {{0}}.id {direction}"
        source = self.fill(paged.source, **names)
        cut = (
            f"(select * from ({source}) q{where} order by {order.format('q')} limit {page.size + 1}) {alias}"
        )
        return cut, order.format(alias)

    def _lay(self, name: str, alias: str, wanted: Wanted, level: _Level) -> Layout:
        noun = NOUNS[name]
        layout = Layout(name, level.take(f"{alias}.id"))
        for column in sorted(wanted.columns):
            layout.columns[column] = (
                layout.presence if column == "id" else level.take(self.fill(noun.columns[column], of=alias))
            )
        for parameter, argument in sorted(wanted.parameters, key=str):
            bound = self.bind(_fixed(argument), "timestamptz")
            expression = self.fill(noun.parameters[parameter], of=alias, argument=bound)
            layout.parameters.append((parameter, argument, level.take(expression)))
        for one, below in wanted.ones.items():
            beside = noun.ones[one]
            to = self._alias() if beside.join else alias
            if beside.join:
                level.joins.append(self.fill(beside.join, of=alias, to=to))
            layout.ones[one] = self._lay(beside.noun, to, below, level)
        for many, below in wanted.lists.items():
            layout.lists[many] = self._below(noun.lists[many], alias, below, level)
        for (paged, page), below in wanted.pages.items():
            layout.pages.append((paged, *self._page_below(noun.pages[paged], page, alias, below, level)))
        return layout

    def _below(self, many: Many, of: str, wanted: Wanted, level: _Level) -> tuple[int, Layout]:
        inner, alias = _Level(), self._alias()
        layout = self._lay(many.noun, alias, wanted, inner)
        order = self.fill(many.order, of=alias)
        source = (
            f"(select * from ({self.fill(many.source, of=of)}) {alias} order by {order} limit {many.most})"
        )
        return level.take(self._gathered(inner, f"{source} {alias}", order)), layout

    def _page_below(
        self, paged: Paged, page: Page, of: str, wanted: Wanted, level: _Level
    ) -> tuple[int, PageLayout]:
        inner, alias = _Level(), self._alias()
        layout = self._lay(paged.noun, alias, wanted, inner)
        at = inner.take(f"{alias}.{paged.at}")
        cut, order = self._cut(paged, page, alias, {"of": of})
        return level.take(self._gathered(inner, cut, order)), PageLayout(page, paged.name, at, layout)

    def _gathered(self, level: _Level, source: str, order: str) -> str:
        rows = f"array_agg(row({', '.join(level.expressions)}) order by {order})"
        return f"(select {rows} from {source} {' '.join(level.joins)})"
