"""docs/faults.md says which test injects which fault, and every one of them is there."""

import re

import pytest

from tests.test_complaints_table import TESTS, names_in

TABLE = TESTS.parent / "docs" / "faults.md"
_ROW = re.compile(r"\| F(\d+) \| (.+) \| (.+) \|")
ROWS = [found for line in TABLE.read_text(encoding="utf-8").splitlines() if (found := _ROW.fullmatch(line))]


def test_every_fault_stands_once() -> None:
    assert [int(row[1]) for row in ROWS] == list(range(1, 33))


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_the_tests_of_a_row_are_there(row: re.Match[str]) -> None:
    named = re.findall(r"`([^`]+)::([^`]+)`", row[3])

    assert named or "There is no" in row[3], f"fault {row[1]} has no test"
    for file, name in named:
        assert name in names_in(TESTS / file), f"{file} has no {name}"
