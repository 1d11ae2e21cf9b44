"""Token buckets, prices and backoff."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.pacing import (
    BACKOFF_LIMIT,
    GMAIL_PROJECT_RATE,
    GMAIL_UNITS,
    GMAIL_USER_RATE,
    GRAPH_APP_RATE,
    GRAPH_MAILBOX_RATE,
    GRAPH_UPLOAD_RATE,
    UNKNOWN_METHOD_UNITS,
    Rate,
    backoff,
    block,
    full,
    gmail_units,
    take,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
RATE = Rate(capacity=100, per_second=10)


LIMITS = {
    "gmail user": (GMAIL_USER_RATE, 6_000, 60, 100),
    "gmail project": (GMAIL_PROJECT_RATE, 1_200_000, 60, 2_000),
    "graph mailbox": (GRAPH_MAILBOX_RATE, 10_000, 600, 20),
    "graph app": (GRAPH_APP_RATE, 130_000, 10, 1_000),
    "graph upload": (GRAPH_UPLOAD_RATE, 150_000_000, 300, 3_276_800),
}
"""The providers' own limits: so much in so many seconds, and what the dearest request costs."""


@pytest.mark.rule("R61")
@pytest.mark.parametrize("name", LIMITS)
@given(data=st.data())
def test_no_stretch_of_time_holds_more_than_the_provider_allows(name: str, data: st.DataObject) -> None:
    """Whatever is asked and whenever, wherever the stretch begins: after idling, in the middle of a rush."""
    rate, limit, seconds, dearest = LIMITS[name]
    rushes = data.draw(
        st.lists(
            st.tuples(
                st.floats(0, seconds * 1.5),  # idle before
                st.floats(0.02, 1),  # what one request costs, as a share of the dearest
                st.floats(0, 1.2),  # how much the rush wants, as a share of the limit
            ),
            min_size=1,
            max_size=5,
        )
    )
    bucket, now, made = full(rate, NOW), NOW, list[tuple[float, float]]()
    for idle, share, wants in rushes:
        now += timedelta(seconds=idle)
        cost = max(dearest * share, limit / 200)
        for _ in range(int(wants * limit / cost)):
            bucket, wait = take(bucket, rate, cost, now)
            made.append(((now + wait - NOW).total_seconds(), cost))
    made.sort()
    spent, first = 0.0, 0
    for at, cost in made:
        spent += cost
        while made[first][0] <= at - seconds:
            spent -= made[first][1]
            first += 1
        assert spent <= limit


@pytest.mark.rule("R61")
@pytest.mark.parametrize(("rate", "limit", "within_seconds", "cost"), LIMITS.values(), ids=LIMITS)
def test_a_rush_uses_most_of_what_the_provider_allows(
    rate: Rate, limit: float, within_seconds: int, cost: int
) -> None:
    """Whoever asks as fast as the bucket lets him, from a full one on."""
    bucket, now, taken = full(rate, NOW), NOW, 0
    while True:
        bucket, wait = take(bucket, rate, cost, now)
        now += wait
        if now >= NOW + timedelta(seconds=within_seconds):
            break
        taken += cost
    assert limit * 0.7 < taken <= limit


def test_a_full_bucket_gives_at_once_and_then_makes_wait() -> None:
    bucket, wait = take(full(RATE, NOW), RATE, 100, NOW)
    assert wait == timedelta()

    bucket, wait = take(bucket, RATE, 20, NOW)
    assert wait == timedelta(seconds=2)

    bucket, wait = take(bucket, RATE, 20, NOW)
    assert wait == timedelta(seconds=4)

    _, wait = take(bucket, RATE, 10, NOW + timedelta(seconds=5))
    assert wait == timedelta()


def test_a_clock_that_steps_back_fills_nothing() -> None:
    bucket, _ = take(full(RATE, NOW), RATE, 100, NOW)
    bucket, wait = take(bucket, RATE, 10, NOW - timedelta(hours=1))

    assert wait == timedelta(seconds=1)
    assert bucket.at == NOW


@pytest.mark.rule("R61")
def test_a_provider_s_pause_is_kept_to_and_only_grows() -> None:
    bucket = block(block(full(RATE, NOW), NOW + timedelta(seconds=30)), NOW + timedelta(seconds=5))
    bucket, wait = take(bucket, RATE, 1, NOW)
    assert wait == timedelta(seconds=30)

    _, wait = take(bucket, RATE, 1, NOW + timedelta(seconds=30))
    assert wait == timedelta()


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 5)), max_size=40))
def test_no_more_is_given_than_the_bucket_and_its_rate(requests: list[tuple[int, int]]) -> None:
    """Every request made at its allowed time: the units up to any moment keep to capacity plus rate."""
    bucket, now = full(RATE, NOW), NOW
    made: list[tuple[datetime, int]] = []
    for cost, pause in requests:
        now += timedelta(seconds=pause)
        bucket, wait = take(bucket, RATE, cost, now)
        made.append((now + wait, cost))
        spent = sum(price for at, price in made if at <= made[-1][0])
        allowed = RATE.capacity + (made[-1][0] - NOW).total_seconds() * RATE.per_second
        assert spent <= allowed + 0.001


def test_prices_are_gmail_s_and_the_unknown_is_dear() -> None:
    assert (gmail_units("gmail.users.messages.get"), gmail_units("gmail.users.drafts.send")) == (20, 100)
    assert gmail_units("gmail.users.new.method") == UNKNOWN_METHOD_UNITS
    assert all(units > 0 for units in GMAIL_UNITS.values())


@pytest.mark.parametrize(
    ("attempts", "dice", "seconds"),
    [(0, 0.0, 1), (0, 0.5, 1.5), (1, 0.0, 2), (3, 0.25, 8.25), (6, 0.9, 64), (99, 0.0, 64)],
)
def test_the_backoff_doubles_up_to_a_minute(attempts: int, dice: float, seconds: float) -> None:
    assert backoff(attempts, dice) == timedelta(seconds=seconds)


@given(st.integers(-5, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_backoff_is_never_less_than_a_second_nor_more_than_its_limit(attempts: int, dice: float) -> None:
    assert timedelta(seconds=1) <= backoff(attempts, dice) <= BACKOFF_LIMIT
