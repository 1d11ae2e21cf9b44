"""docs/complaints.md says which test answers which complaint, and every one of them is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TABLE = TESTS.parent / "docs" / "complaints.md"
_ROW = re.compile(r"\| (\d+) \| (.+) \| (.+) \| (.+) \|")
ROWS = [found for line in TABLE.read_text(encoding="utf-8").splitlines() if (found := _ROW.fullmatch(line))]


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_every_complaint_stands_once() -> None:
    assert [int(row[1]) for row in ROWS] == list(range(1, 26))


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_the_tests_of_a_row_are_there(row: re.Match[str]) -> None:
    named = re.findall(r"`([^`]+)::([^`]+)`", row[4])

    assert named, f"complaint {row[1]} has no test"
    for file, name in named:
        assert name in names_in(TESTS / file), f"{file} has no {name}"


def test_a_test_that_is_named_after_a_complaint_stands_in_its_row() -> None:
    for path in TESTS.rglob("test_*.py"):
        for name in names_in(path):
            found = re.match(r"test_complaint_(\d+)_", name)
            if found is not None:
                assert f"{path.relative_to(TESTS).as_posix()}::{name}" in ROWS[int(found[1]) - 1][4]
