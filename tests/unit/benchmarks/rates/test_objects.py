"""Buckets admit the requests a second that their services document."""

from __future__ import annotations

import pytest

from benchmarks.rates.objects import BLOB_STORAGE, CLOUD_STORAGE, OBJECT_STORES, S3, ObjectBudget, ObjectRates


def admitted(budget: ObjectBudget, method: str, count: int, now: float = 0.0) -> int:
    return sum(budget.take(method, "cold", f"key-{number}", now) for number in range(count))


@pytest.mark.parametrize(
    ("rates", "writes", "reads"), [(S3, 3_500, 5_500), (CLOUD_STORAGE, 1_000, 5_000), (BLOB_STORAGE, 20_000, 20_000)]
)
def test_a_bucket_admits_a_seconds_requests_at_once(rates: ObjectRates, writes: int, reads: int) -> None:
    assert admitted(ObjectBudget(rates), "PUT", 21_000) == writes
    assert admitted(ObjectBudget(rates), "GET", 21_000) == reads
    assert OBJECT_STORES[rates.name] is rates


def test_reads_and_writes_share_an_account_of_blob_storage_only() -> None:
    for rates, left in ((BLOB_STORAGE, 0), (S3, 5_500)):
        budget = ObjectBudget(rates)
        admitted(budget, "PUT", 20_000)
        assert admitted(budget, "GET", 20_000) == left


def test_an_object_of_cloud_storage_is_written_once_a_second() -> None:
    budget = ObjectBudget(CLOUD_STORAGE)
    assert [budget.take("PUT", "cold", "key", second) for second in (0.0, 0.5, 1.0)] == [True, False, True]
    assert all(budget.take("GET", "cold", "key", 1.0) for _ in range(100))


def test_a_list_concerns_no_object() -> None:
    budget = ObjectBudget(BLOB_STORAGE)
    assert all(budget.take("GET", "cold", "", 0.0) for _ in range(600))
    assert [budget.take("GET", "cold", "key", 0.0) for _ in range(501)] == [True] * 500 + [False]


def test_buckets_share_nothing() -> None:
    budget = ObjectBudget(S3)
    admitted(budget, "PUT", 3_500)
    assert not budget.take("PUT", "cold", "another", 0.0)
    assert budget.take("PUT", "archive", "another", 0.0)
