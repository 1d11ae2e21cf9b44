"""docs/providers.md lists every conformance case, in order, and none that does not exist."""

import re
from pathlib import Path

from tests.providers.conformance import PARTS

PAGE = Path(__file__).parents[2] / "docs" / "providers.md"
ROW = re.compile(r"^\| `([a-z_]+)` \|", re.MULTILINE)


def test_every_case_is_a_row_and_every_row_a_case() -> None:
    written = [name for part in PARTS for name in part.CASES]
    assert ROW.findall(PAGE.read_text()) == written
    assert len(written) == len(set(written))
