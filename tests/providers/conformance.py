"""What every mail provider of ours must do, written once; each case is a sentence.

A case gets a `World` and fails by assertion. docs/providers.md lists the cases by name, and
tests/providers/test_conformance_table.py compares the two. How a provider joins: tests/providers/README.md.
"""

from tests.providers import conformance_drafting, conformance_reading, conformance_sending, conformance_trust
from tests.providers.cases import Case

PARTS = (conformance_reading, conformance_drafting, conformance_sending, conformance_trust)
CASES: dict[str, Case] = {name: case for part in PARTS for name, case in part.CASES.items()}
