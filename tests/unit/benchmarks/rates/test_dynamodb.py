"""Partitions and tables admit what DynamoDB documents, and a refusal names the limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rates.dynamodb import EXCEEDED, ON_DEMAND, QUOTA, Direction, DynamoBudget, limits_of, provisioned

DEVICES = [f"device-{number}" for number in range(12)]


def spent(budget: DynamoBudget, keys: list[str], seconds: int, direction: Direction = "write") -> float:
    """Units that go through if each key is asked for one unit every half millisecond in turn."""
    total = 0.0
    for step in range(seconds * 2_000):
        for key in keys:
            total += budget.take(direction, "hot", key, 1, step / 2_000) is None
    return total


def test_a_partition_gives_a_thousand_write_units_a_second_after_one_second_of_burst() -> None:
    assert spent(DynamoBudget(ON_DEMAND), DEVICES[:1], 4) == pytest.approx(5_000, abs=2)


def test_a_new_on_demand_table_gives_four_thousand_however_many_devices() -> None:
    assert spent(DynamoBudget(ON_DEMAND), DEVICES, 2) == pytest.approx(12_000, abs=4)
    assert spent(DynamoBudget(QUOTA), DEVICES, 2) == pytest.approx(12 * 3_000, abs=24)


def test_reads_have_a_budget_of_their_own() -> None:
    budget = DynamoBudget(ON_DEMAND)
    for _ in range(1_000):
        assert budget.take("write", "hot", "a", 1, 0.0) is None
    assert budget.take("read", "hot", "a", 3_000, 0.0) is None
    assert budget.take("read", "hot", "a", 0.5, 0.0) is not None


def test_tables_share_nothing() -> None:
    budget = DynamoBudget(ON_DEMAND)
    assert budget.take("write", "hot", "a", 1_000, 0.0) is None
    assert budget.take("write", "journal", "a", 1_000, 0.0) is None


def test_a_provisioned_table_spends_five_idle_minutes_at_the_partitions_rate() -> None:
    budget = DynamoBudget(provisioned(100, 10))
    assert [budget.take("write", "hot", "a", 1_000, second) is None for second in range(5)] == [True] * 3 + [False] * 2


@pytest.mark.parametrize(
    ("limits", "key", "exception", "reason", "code"),
    [
        (ON_DEMAND, "a", EXCEEDED, "TableWriteKeyRangeThroughputExceeded", "ProvisionedThroughputExceeded"),
        (ON_DEMAND, "z", "ThrottlingException", "TableWriteKeyRangeThroughputExceeded", "ThrottlingError"),
        (QUOTA, "z", "RequestLimitExceeded", "TableWriteAccountLimitExceeded", "RequestLimitExceeded"),
        (
            provisioned(1_000, 2_000, 1),
            "z",
            EXCEEDED,
            "TableWriteProvisionedThroughputExceeded",
            "ProvisionedThroughputExceeded",
        ),
    ],
)
def test_a_refusal_names_the_limit(limits: object, key: str, exception: str, reason: str, code: str) -> None:
    budget = DynamoBudget(limits)  # type: ignore[arg-type]
    for number in range(40):
        budget.take("write", "hot", "a" if number == 0 else f"b{number}", 1_000, 0.0)
    throttled = budget.take("write", "hot", key, 1, 0.0)
    assert throttled is not None
    assert (throttled.exception, throttled.reason, throttled.statement_code) == (exception, reason, code)
    assert throttled.message


def test_a_page_that_exceeds_a_whole_second_is_given_by_a_full_table_which_then_owes() -> None:
    budget = DynamoBudget(provisioned(100, 100, 1))
    assert budget.take("read", "hot", "a", 257, 0.0) is None
    assert budget.take("read", "hot", "a", 1, 1.5) is not None
    assert budget.take("read", "hot", "a", 1, 1.6) is None


@given(st.lists(st.tuples(st.sampled_from(DEVICES), st.integers(1, 400), st.floats(0, 0.2)), max_size=80))
def test_no_run_is_faster_than_its_least_time(asked: list[tuple[str, int, float]]) -> None:
    budget, now, taken = DynamoBudget(ON_DEMAND), 0.0, {}
    for key, units, pause in asked:
        now += pause
        if budget.take("write", "hot", key, units, now) is None:
            taken["write", "hot", key] = taken.get(("write", "hot", key), 0.0) + units
    assert ON_DEMAND.seconds(taken) <= now + 1e-6


def test_the_least_time_is_that_of_the_scarcest_limit() -> None:
    one = {("write", "hot", "a"): 30_000.0, ("read", "hot", "a"): 300.0}
    assert ON_DEMAND.seconds(one) == 29.0
    many = {("write", "hot", str(number)): 3_000.0 for number in range(10)}
    assert ON_DEMAND.seconds(many) == 6.5
    assert ON_DEMAND.seconds({}) == 0.0


@pytest.mark.parametrize(
    "text", ["", "on", "provisioned", "provisioned:5", "provisioned:0:5", "provisioned:5:x", "provisioned:5:5:301"]
)
def test_unknown_limits_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="on-demand, quota, provisioned:READ:WRITE"):
        limits_of(text)


def test_limits_are_read_by_the_name_that_they_have() -> None:
    assert limits_of("off") is None
    for limits in (ON_DEMAND, QUOTA, provisioned(5, 10), provisioned(5, 10, 2)):
        assert limits_of(limits.name) == limits
