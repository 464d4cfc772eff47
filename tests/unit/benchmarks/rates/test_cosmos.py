"""A container's physical partitions give their share of its request units, and say how long to wait."""

from __future__ import annotations

import pytest

from benchmarks.rates.cosmos import CosmosBudget, CosmosLimits


@pytest.mark.parametrize(
    ("units", "partitions", "share"), [(400, 1, 400), (10_000, 1, 10_000), (25_000, 3, 25_000 / 3)]
)
def test_no_physical_partition_has_more_than_ten_thousand_units(units: float, partitions: int, share: float) -> None:
    limits = CosmosLimits(units)
    assert (limits.partitions, limits.partition_units) == (partitions, share)
    assert {limits.partition_of(f"device-{number}") for number in range(100)} == set(range(partitions))


def test_a_request_that_was_begun_is_finished_and_owed_for() -> None:
    budget = CosmosBudget(CosmosLimits(400))
    assert budget.retry_after_ms("a", 0.0) == 0
    budget.charge("a", 800, 0.0)
    assert budget.retry_after_ms("a", 0.0) == 1003
    assert budget.retry_after_ms("b", 0.0) == 1003, "the same physical partition"
    assert budget.retry_after_ms("a", 1.0) == 3
    assert budget.retry_after_ms("a", 1.003) == 0


def test_physical_partitions_share_nothing() -> None:
    limits = CosmosLimits(20_000)
    keys = {limits.partition_of(key): key for key in map(str, range(20))}
    budget = CosmosBudget(limits)
    budget.charge(keys[0], 30_000, 0.0)
    assert budget.retry_after_ms(keys[0], 0.0) > 0
    assert budget.retry_after_ms(keys[1], 0.0) == 0


def test_the_least_time_is_that_of_the_busiest_partition() -> None:
    assert CosmosLimits(400).seconds({"a": 1_000.0, "b": 1_000.0}) == 4.0
    assert CosmosLimits(400).seconds({}) == 0.0
