"""What every mail provider of ours must do, written once; each case is a sentence.

A case gets a `World` and fails by assertion. docs/providers.md lists the cases by name, and
tests/providers/test_conformance_table.py compares the two. How a provider joins: tests/providers/README.md.
"""

from tests.providers import conformance_reading, conformance_sending, conformance_trust
from tests.providers.cases import Case

CASES: dict[str, Case] = {
    **conformance_reading.CASES,
    **conformance_sending.CASES,
    **conformance_trust.CASES,
}
