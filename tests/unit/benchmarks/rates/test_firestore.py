"""Traffic to a new collection grows as Firestore documents, and a document takes one write a second."""

from __future__ import annotations

import pytest

from benchmarks.rates.firestore import FirestoreBudget, ramp, seconds_for


def test_traffic_starts_at_five_hundred_and_grows_by_half_every_five_minutes() -> None:
    assert [ramp(minute * 60) for minute in (0, 4.9, 5, 9.9, 10)] == [500, 500, 750, 750, 1_125]


def test_a_second_of_operations_is_there_at_once() -> None:
    budget = FirestoreBudget()
    assert [budget.admits(250, 100.0) for _ in range(3)] == [True, True, False]
    assert budget.admits(250, 100.5)


def test_the_ramp_begins_with_the_first_call() -> None:
    budget = FirestoreBudget()
    assert budget.admits(1, 1_000_000.0)
    assert [budget.admits(750, 1_000_301.0), budget.admits(1, 1_000_301.0)] == [True, False]


def test_a_large_call_is_admitted_by_a_full_second_and_owed_for() -> None:
    budget = FirestoreBudget()
    assert budget.admits(1_000, 0.0)
    assert not budget.admits(1, 1.0)
    assert budget.admits(1, 1.01)


def test_a_document_is_written_once_a_second() -> None:
    budget = FirestoreBudget()
    assert [budget.writes("a", 0.0), budget.writes("a", 0.9), budget.writes("b", 0.9), budget.writes("a", 1.0)] == [
        True,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("operations", "seconds"), [(0, 0), (500, 0), (1_000, 1), (150_500, 300), (150_500 + 225_000 + 1_125, 601)]
)
def test_the_least_time_follows_the_ramp(operations: int, seconds: float) -> None:
    assert seconds_for(operations) == pytest.approx(seconds)
