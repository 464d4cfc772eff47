"""Workloads for the cost tests: one plain one, and any that hypothesis makes up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from l3kit.cost.model.workload import Workload, all_layouts

PLAIN: dict[str, Any] = {
    "devices": 10,
    "items_per_device_per_day": 1_440,
    "item_bytes": 1_000,
    "hot_days": 30,
    "cold_days": 60,
    "archive_days": 365,
}


def workload(**other: Any) -> Workload:
    return Workload.of({**PLAIN, **other})


def _decimal(low: str, high: str, places: int = 3) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False)


WORKLOADS = st.builds(
    Workload,
    devices=st.integers(1, 100_000),
    items_per_device_per_day=_decimal("0", "100000"),
    item_bytes=st.integers(1, 400_000),
    hot_item_bytes=st.one_of(st.just(0), st.integers(1, 400_000)),
    hot_days=_decimal("0", "400"),
    cold_days=_decimal("0", "400"),
    archive_days=_decimal("0", "4000"),
    days_between_runs=_decimal("0.01", "60", 2),
    chunk_bytes=st.integers(1_024, 200 * 2**20),
    page_by_page=st.booleans(),
    at_rest_ratio=_decimal("0.01", "1"),
    wire_ratio=_decimal("0.01", "1.1"),
    ttl_deletes=st.booleans(),
    hot_reads_per_device_per_day=_decimal("0", "100"),
    cold_read_share=_decimal("0", "2"),
    archive_read_share=_decimal("0", "2"),
    cold_lookups_per_month=_decimal("0", "100000"),
    archive_lookups_per_month=_decimal("0", "100000"),
    bulk_restores=st.booleans(),
    restore_days=st.integers(1, 30),
    reads_leave_cloud=st.booleans(),
    alarms=st.booleans(),
    free_tiers=st.booleans(),
)
ANY_LAYOUT = st.sampled_from(all_layouts())
