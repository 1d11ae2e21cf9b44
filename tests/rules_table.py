"""The tables of docs/rules.md and docs/security.md, and the marks of the tests: read, brought up to date.

`python -m tests.rules_table` rewrites the last column of both tables from the `rule` marks in the tests; the
other columns are written by people. `tests/test_rules_table.py` holds that nothing is out of date.
"""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLES = (ROOT / "docs" / "rules.md", ROOT / "docs" / "security.md")
NOT_BUILT = "not built yet"
_ROW = re.compile(r"\| ([A-Z]\d{1,2}) \| (.*) \| (.*) \| (.*) \|")


@dataclass(frozen=True)
class Row:
    """A row: its number, its sentence, the modules that hold it, and the tests that hold them to it."""

    number: str
    sentence: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


def _names(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def rows(table: Path) -> list[Row]:
    """Return a table's rows."""
    found = (_ROW.fullmatch(line) for line in table.read_text(encoding="utf-8").splitlines())
    return [Row(row[1], row[2], _names(row[3]), _names(row[4])) for row in found if row]


def _mark_of(decorator: ast.expr) -> str | None:
    """Return the number of `@pytest.mark.rule("D7")`."""
    if not isinstance(decorator, ast.Call) or not decorator.args:
        return None
    function, argument = decorator.func, decorator.args[0]
    if isinstance(function, ast.Attribute) and function.attr == "rule" and isinstance(argument, ast.Constant):
        return str(argument.value)
    return None


def _marks_in(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.update(mark for decorator in node.decorator_list if (mark := _mark_of(decorator)))
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            marks = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            found.update(mark for one in marks if (mark := _mark_of(one)))
        elif isinstance(node, ast.keyword) and node.arg == "marks":
            found.update(
                mark for one in ast.walk(node.value) if isinstance(one, ast.expr) and (mark := _mark_of(one))
            )
    return found


def marks() -> dict[str, tuple[str, ...]]:
    """Return, for every number, the test files that carry its mark."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for mark in _marks_in(ast.parse(path.read_text(encoding="utf-8"))):
            found[mark].add(path.relative_to(ROOT / "tests").as_posix())
    return {number: tuple(sorted(files)) for number, files in found.items()}


def brought_up_to_date(text: str, marked: dict[str, tuple[str, ...]]) -> str:
    """Return a table with its last column as the tests say."""

    def line(row: re.Match[str]) -> str:
        tests = ", ".join(f"`{name}`" for name in marked.get(row[1], ())) or NOT_BUILT
        return f"| {row[1]} | {row[2]} | {row[3]} | {tests} |"

    return "".join(
        _ROW.sub(line, one.rstrip("\n")) + "\n" if _ROW.fullmatch(one.rstrip("\n")) else one
        for one in text.splitlines(keepends=True)
    )


if __name__ == "__main__":
    for path in TABLES:
        path.write_text(brought_up_to_date(path.read_text(encoding="utf-8"), marks()), encoding="utf-8")
