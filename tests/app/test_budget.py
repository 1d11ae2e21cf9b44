"""A credential may spend so much a minute, and not a unit more; others do not pay for it (R22)."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.budget import Budget


@dataclass(frozen=True)
class Someone:
    credential: str


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.rule("R22")
async def test_what_is_spent_comes_back_by_the_minute() -> None:
    clock = Clock()
    budget = Budget(600, clock)
    ann = Someone("ann")

    assert await budget.charge(ann, 600) is None
    assert await budget.charge(ann, 50) == timedelta(seconds=5)
    clock.now += 5
    assert await budget.charge(ann, 50) is None
    assert await budget.charge(ann, 1) == timedelta(seconds=0.1)


@pytest.mark.rule("R22")
async def test_a_refusal_takes_nothing_and_others_do_not_pay() -> None:
    clock = Clock()
    budget = Budget(600, clock)

    assert await budget.charge(Someone("ann"), 601) == timedelta(seconds=0.1)
    assert await budget.charge(Someone("ann"), 600) is None
    assert await budget.charge(Someone("ben"), 600) is None
