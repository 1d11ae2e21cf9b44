"""Cells of CSV files that spreadsheets open: what would be taken for a formula is shown as text.

Pure. Source: OWASP, "CSV Injection": a cell that begins with = + - @, a tab or a carriage return is run by
spreadsheets; an apostrophe before it makes it text.
"""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: str) -> str:
    """Return a cell that no spreadsheet runs; what begins harmlessly stays as it is."""
    return f"'{value}" if value.startswith(_FORMULA) else value
