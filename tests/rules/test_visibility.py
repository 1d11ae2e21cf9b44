"""Of several choices the narrowest counts."""

import itertools

import pytest

from rules.verification import DECISIONS_KEPT, begins_at
from rules.visibility import narrowest, wider_than
from rules.words import Visibility
from tests.rules.people import NOW

PAIRS = list(itertools.product(Visibility, Visibility))


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=[f"{a}-{b}" for a, b in PAIRS])
def test_the_narrowest_is_one_of_the_two_and_none_shows_less(first: Visibility, second: Visibility) -> None:
    found = narrowest(first, second)

    assert found in (first, second)
    assert found == narrowest(second, first)
    assert {first, second} - {found} <= set(wider_than(found))


def test_wider_is_everything_before() -> None:
    assert wider_than(Visibility.EVERYTHING) == ()
    assert wider_than(Visibility.METADATA) == (Visibility.EVERYTHING, Visibility.SUBJECT)


def test_a_verification_looks_no_further_back_than_decisions_are_remembered() -> None:
    assert begins_at(NOW - 2 * DECISIONS_KEPT, NOW) > NOW - DECISIONS_KEPT
    assert begins_at(NOW, NOW) == NOW
