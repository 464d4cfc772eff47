"""In no span of time a bucket admits more than its rate allows and its depth holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rates.token_bucket import TokenBucket

RATES = st.floats(0.5, 5_000)
TRIES = st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2_000)), max_size=60)


def admitted(bucket: TokenBucket, tries: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The moments and units of what is admitted, of tries that are given with the pauses before them."""
    now, found = 1_000.0, []
    for pause, units in tries:
        now += pause
        if bucket.take(units, now):
            found.append((now, units))
    return found


@given(RATES, st.floats(0, 5_000), TRIES)
def test_no_window_has_more_units_than_capacity_and_burst(
    rate: float, depth: float, tries: list[tuple[float, float]]
) -> None:
    taken = admitted(TokenBucket(rate, depth), tries)
    for first, (start, _) in enumerate(taken):
        total = 0.0
        for moment, units in taken[first:]:
            total += units
            assert total <= depth + rate * (moment - start) + 1e-6 * (1 + total)


@given(RATES, st.floats(1, 5_000), TRIES, st.floats(0, 1))
def test_what_is_waited_for_is_there_and_not_much_sooner(
    rate: float, depth: float, tries: list[tuple[float, float]], share: float
) -> None:
    bucket, units = TokenBucket(rate, depth), share * depth
    admitted(bucket, tries)
    now = 1_000.0 + sum(pause for pause, _ in tries)
    wait = bucket.wait(units, now)
    assert 0 <= wait <= depth / rate + 1e-6
    if wait > 0.01:
        assert not bucket.has(units, now + wait * 0.9)
    assert bucket.has(units - 1e-6 * (1 + units), now + wait)


@given(RATES, st.floats(2, 5_000), TRIES)
def test_a_bucket_that_is_always_asked_for_one_unit_gives_all_of_its_rate(
    rate: float, depth: float, tries: list[tuple[float, float]]
) -> None:
    bucket = TokenBucket(rate, depth)
    admitted(bucket, tries)
    now = 20_000.0
    assert bucket.take(depth, now), "full after a pause"
    given_units = 0
    for _ in range(50):
        now += 1 / rate
        given_units += bucket.take(1, now)
    assert given_units >= 48


def test_a_refused_take_costs_nothing() -> None:
    bucket = TokenBucket(10, 5)
    assert not bucket.take(6, 0.0)
    assert bucket.take(5, 0.0)
    assert not bucket.take(0.5, 0.0)


def test_a_debt_is_refilled_first() -> None:
    bucket = TokenBucket(10, 5)
    bucket.charge(25, 0.0)
    assert bucket.wait(1, 0.0) == pytest.approx(2.1)
    assert not bucket.has(1, 2.0)
    assert bucket.has(1, 2.11)


def test_more_than_a_bucket_holds_never_comes() -> None:
    assert TokenBucket(10, 5).wait(5.1, 0.0) == float("inf")


def test_a_clock_that_goes_back_refills_nothing() -> None:
    bucket = TokenBucket(10, 5)
    assert bucket.take(5, 100.0)
    assert not bucket.take(1, 50.0)
    assert bucket.take(1, 100.11)
