"""The tables of rules say what is built and what holds it, and the tests say the same."""

from pathlib import Path

import pytest

from tests.rules_table import NOT_BUILT, ROOT, TABLES, Row, brought_up_to_date, marks, rows

ROWS = [row for table in TABLES for row in rows(table)]


def test_every_number_stands_once() -> None:
    numbers = [row.number for row in ROWS]

    assert len(numbers) == len(set(numbers))
    expected = {
        *(f"D{number}" for number in range(1, 15)),
        *(f"C{number}" for number in range(1, 8)),
        *(f"L{number}" for number in range(1, 10)),
        *(f"S{number}" for number in range(1, 12)),
        *(f"B{number}" for number in range(1, 8)),
        *(f"R{number}" for number in range(1, 71)),
    }
    assert set(numbers) == expected


@pytest.mark.parametrize("row", ROWS, ids=[row.number for row in ROWS])
def test_a_row_names_modules_that_exist(row: Row) -> None:
    assert row.sentence.strip()
    assert row.modules or not row.tests, f"{row.number} has tests, and no module is named"
    for module in row.modules:
        assert (ROOT / module).exists(), f"{row.number} names {module}, which is not there"


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_the_last_column_is_what_the_tests_carry(table: Path) -> None:
    """`python -m tests.rules_table` brings it up to date."""
    text = table.read_text(encoding="utf-8")

    assert text == brought_up_to_date(text, marks())


def test_every_mark_is_a_row() -> None:
    assert set(marks()) <= {row.number for row in ROWS}


def test_what_no_test_carries_is_not_called_built() -> None:
    text = "| D1 | a | `rules/decision.py` | `made_up.py` |\n| D2 | b | - | x |\nother\n"

    assert brought_up_to_date(text, {"D1": ("rules/test_a.py",)}) == (
        f"| D1 | a | `rules/decision.py` | `rules/test_a.py` |\n| D2 | b | - | {NOT_BUILT} |\nother\n"
    )
