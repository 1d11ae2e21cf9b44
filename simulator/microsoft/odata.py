"""The part of OData that mail clients use: $select, $filter, $orderby, $expand.

Source: https://learn.microsoft.com/en-us/graph/query-parameters, /filter-query-parameter; the rule that
orders and filters must agree is that of /api/user-list-messages.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from simulator.microsoft import errors

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))|(?P<number>-?\d+)"
    r"|(?P<word>[A-Za-z_][\w./@]*)|(?P<mark>[(),:]))"
)
COMPARED: dict[str, Callable[[int], bool]] = {
    "eq": lambda order: order == 0,
    "ne": lambda order: order != 0,
    "gt": lambda order: order > 0,
    "ge": lambda order: order >= 0,
    "lt": lambda order: order < 0,
    "le": lambda order: order <= 0,
}
MATCHED: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}
MOST_TOKENS, DEEPEST, LONGEST_NUMBER = 400, 20, 18
Value = str | int | bool | datetime | None
Look = Callable[[str], object]
Test = Callable[[Look], bool]


@dataclass
class Filter:
    """A parsed filter: the test, and the properties in the order in which they are named."""

    test: Test
    properties: list[str] = field(default_factory=list)


def selected(text: str) -> list[str]:
    """Return the names of $select."""
    return [name.strip() for name in text.split(",") if name.strip()]


def ordered(text: str) -> list[tuple[str, bool]]:
    """Return the properties of $orderby and whether each descends.

    Raises:
        GraphError: 400 for another direction.
    """
    found = []
    for one in selected(text):
        name, _, direction = one.partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise errors.bad_request(f"Could not parse $orderby: {one[:80]!r}", "BadRequest")
        found.append((name, direction.strip().lower() == "desc"))
    return found


def check_agreement(found: Filter, orders: list[tuple[str, bool]]) -> None:
    """Refuse an order whose properties do not come first, and in the same order, in the filter.

    Raises:
        GraphError: 400 InefficientFilter.
    """
    names = [name for name, _descending in orders]
    if list(dict.fromkeys(found.properties))[: len(names)] != names:
        raise errors.known("InefficientFilter")


def parsed(text: str) -> Filter:
    """Parse a $filter.

    Raises:
        GraphError: 400 for what is no filter, or one beyond this subset.
    """
    reader = _Reader(_tokens(text))
    found = Filter(reader.either(0), reader.properties)
    if reader.peek() is not None:
        raise _wrong(text)
    return found


def _wrong(text: str) -> errors.GraphError:
    return errors.bad_request(f"Invalid filter clause: {text[:200]!r}", "BadRequest")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place, rest = 0, text.rstrip()
    while place < len(rest):
        token = TOKEN.match(rest, place)
        if token is None or len(found) > MOST_TOKENS:
            raise _wrong(text)
        found.append((str(token.lastgroup), token[str(token.lastgroup)]))
        place = token.end()
    if not found:
        raise _wrong(text)
    return found


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.place = tokens, 0
        self.properties: list[str] = []

    def peek(self) -> str | None:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else None

    def take(self, *wanted: str) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise _wrong("unexpected end")
        token = self.tokens[self.place]
        if wanted and token[1].lower() not in wanted:
            raise _wrong(token[1])
        self.place += 1
        return token

    def either(self, depth: int) -> Test:
        tests = [self.every(depth)]
        while (self.peek() or "").lower() == "or":
            self.take()
            tests.append(self.every(depth))
        return tests[0] if len(tests) == 1 else lambda look: any(test(look) for test in tests)

    def every(self, depth: int) -> Test:
        tests = [self.single(depth)]
        while (self.peek() or "").lower() == "and":
            self.take()
            tests.append(self.single(depth))
        return tests[0] if len(tests) == 1 else lambda look: all(test(look) for test in tests)

    def single(self, depth: int) -> Test:
        if depth > DEEPEST:
            raise _wrong("nested too deep")
        kind, text = self.take()
        if text == "(":
            inner = self.either(depth + 1)
            self.take(")")
            return inner
        if kind != "word":
            raise _wrong(text)
        if text.lower() == "not":
            negated = self.single(depth + 1)
            return lambda look: not negated(look)
        if text.lower() in MATCHED and self.peek() == "(":
            return self.matching(MATCHED[text.lower()])
        if text.lower().endswith("/any") and self.peek() == "(":
            return self.any_of(text[:-4], depth)
        return self.comparison(text)

    def matching(self, test: Callable[[str, str], bool]) -> Test:
        self.take("(")
        name = self.named(self.take()[1])
        self.take(",")
        part = str(self.value()).lower()
        self.take(")")
        if (self.peek() or "").lower() == "eq":
            self.take()
            self.take("true")
        return lambda look: test(str(look(name) or "").lower(), part)

    def any_of(self, name: str, depth: int) -> Test:
        self.take("(")
        variable = self.take()[1].rstrip(":")
        if self.peek() == ":":
            self.take()
        inner_reader_start = len(self.properties)
        inner = self.either(depth + 1)
        foreign = [one for one in self.properties[inner_reader_start:] if one.partition("/")[0] != variable]
        if foreign:
            raise _wrong(foreign[0])
        del self.properties[inner_reader_start:]
        self.take(")")
        self.named(name)

        def test(look: Look) -> bool:
            entries = look(name)
            return any(
                inner(_looking(entry, variable)) for entry in (entries if isinstance(entries, list) else [])
            )

        return test

    def comparison(self, name: str) -> Test:
        self.named(name)
        operator = self.take(*COMPARED)[1].lower()
        wanted = self.value()
        return lambda look: _compare(look(name), operator, wanted)

    def named(self, name: str) -> str:
        self.properties.append(name)
        return name

    def value(self) -> Value:
        kind, text = self.take()
        match kind:
            case "text":
                return text[1:-1].replace("''", "'")
            case "time":
                instant = _instant(text)
                if instant is None:
                    raise _wrong(text)
                return instant
            case "number" if len(text) <= LONGEST_NUMBER:
                return int(text)
            case "word" if text.lower() in ("true", "false", "null"):
                return {"true": True, "false": False, "null": None}[text.lower()]
            case _:
                raise _wrong(text)


def _looking(entry: object, variable: str) -> Look:
    """Return how the variable of `any` sees one entry: itself, or its properties."""

    def look(name: str) -> object:
        head, _, path = name.partition("/")
        if head != variable:
            raise _wrong(name)
        found = entry
        for step in filter(None, path.split("/")):
            found = found.get(step) if isinstance(found, dict) else None
        return found

    return look


def _instant(text: str) -> datetime | None:
    """Return an aware instant, or None for what is none."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None


def _compare(found: object, operator: str, wanted: Value) -> bool:
    if isinstance(wanted, datetime) and isinstance(found, str):
        there = _instant(found)
        return there is not None and COMPARED[operator]((there > wanted) - (there < wanted))
    if isinstance(wanted, bool) or wanted is None or isinstance(found, bool) or found is None:
        return COMPARED[operator](0 if found == wanted else 1) if operator in ("eq", "ne") else False
    if isinstance(found, str) and isinstance(wanted, str):
        return COMPARED[operator]((found.lower() > wanted.lower()) - (found.lower() < wanted.lower()))
    if isinstance(found, int) and isinstance(wanted, int):
        return COMPARED[operator]((found > wanted) - (found < wanted))
    return False


EXPANDED = re.compile(r"(?P<name>\w[\w./]*)(?:\((?P<inner>.*)\))?")
PROPERTY_ID = re.compile(r"id\s+eq\s+'((?:[^']|'')*)'")


def expanded(text: str) -> dict[str, str]:
    """Return the names of $expand with what stands in their brackets.

    Raises:
        GraphError: 400 for what is no expansion.
    """
    found: dict[str, str] = {}
    depth, piece = 0, ""
    for sign in f"{text},":
        depth += (sign == "(") - (sign == ")")
        if sign != "," or depth:
            piece += sign
            continue
        if piece.strip():
            whole = EXPANDED.fullmatch(piece.strip())
            if whole is None:
                raise errors.bad_request(f"Could not parse $expand: {piece[:80]!r}", "BadRequest")
            found[whole["name"]] = whole["inner"] or ""
        piece = ""
    if depth:
        raise errors.bad_request(f"Could not parse $expand: {text[:80]!r}", "BadRequest")
    return found


def property_ids(inner: str) -> list[str]:
    """Return the ids that an expansion of extended properties asks for."""
    return [one.replace("''", "'") for one in PROPERTY_ID.findall(inner)]
