"""Write the sample mails: `python -m tests.samples.mail`. Each is one shape that real programs send.

The bytes are written by hand, not by our own writer nor by the interpreter's: a parser must be held against
what other programs make. The same run gives the same bytes. `expected.json` says what a reader should find.
"""

import json
from pathlib import Path

from tests.samples.mail.shapes import SHAPES

if __name__ == "__main__":
    folder = Path(__file__).parent
    expected = {}
    for shape in SHAPES:
        (folder / f"{shape.name}.eml").write_bytes(shape.raw)
        expected[shape.name] = shape.expected
    text = json.dumps(expected, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")
