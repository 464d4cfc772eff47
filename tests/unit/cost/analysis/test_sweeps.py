"""Bills over one parameter: chunk size, item size, days kept."""

from __future__ import annotations

import pytest

from l3kit.cost.analysis.sweeps import (
    CHUNK_SIZES,
    depends_on_objects,
    retention,
    sensitivity,
    size_text,
    sweep_chunk_size,
)
from l3kit.cost.model.monthly import monthly_bill
from l3kit.errors import ConfigurationError
from tests.unit.cost.bills import AWS, BOOK, GCP, UNKNOWN_REGION
from tests.unit.cost.workloads import workload


def test_the_sweep_goes_from_64_kib_to_200_mib_past_1_and_5_mib() -> None:
    assert CHUNK_SIZES[0] == 64 * 1024
    assert CHUNK_SIZES[-1] == 200 * 2**20
    assert {2**20, 5 * 2**20} <= set(CHUNK_SIZES)


def test_larger_chunks_mean_fewer_objects_and_a_smaller_bill_until_it_is_flat() -> None:
    sweep = sweep_chunk_size(workload(items_per_device_per_day=50_000), AWS, BOOK)
    frame = sweep.to_frame()
    assert frame["objects"].is_monotonic_decreasing
    assert frame["per object USD"].is_monotonic_decreasing
    assert sweep.optimum is not None
    assert sweep.flat is not None
    assert sweep.flat[0] <= sweep.optimum <= sweep.flat[1]
    least = min(frame["total USD"])
    assert frame.set_index("chunk bytes").loc[sweep.optimum, "total USD"] == least
    assert (frame["per object USD"] + frame["rest USD"]).tolist() == frame["total USD"].tolist()
    assert f"chunks of {size_text(sweep.optimum)}" in sweep.summary()
    assert "of it depends on the number of objects" in sweep.summary()


def test_looking_for_single_items_makes_the_largest_chunks_dear() -> None:
    quiet = workload(items_per_device_per_day=50_000)
    busy = workload(items_per_device_per_day=50_000, cold_lookups_per_month=100_000)
    best_quiet, best_busy = (sweep_chunk_size(w, AWS, BOOK).optimum for w in (quiet, busy))
    assert best_quiet is not None
    assert best_busy is not None
    assert best_busy < best_quiet


def test_page_by_page_nothing_is_gained_above_a_page() -> None:
    frame = sweep_chunk_size(workload(items_per_device_per_day=50_000, page_by_page=True), AWS, BOOK).to_frame()
    large = frame[frame["chunk bytes"] >= 2 * 2**20]
    assert large["objects"].nunique() == 1
    assert (large["mean bytes"] < 1.1 * 2**20).all()


def test_what_a_chunk_really_holds_is_told_beside_what_was_asked_for() -> None:
    sweep = sweep_chunk_size(workload(items_per_device_per_day=24), AWS, BOOK)
    assert set(sweep.mean_bytes) == {24 * 1001 + 1}
    assert "does not bring enough items to fill them" in sweep.summary()
    assert "really holds 23.5 KiB" in sweep.summary()


def test_an_incomplete_bill_has_no_optimum() -> None:
    sweep = sweep_chunk_size(workload(), GCP, BOOK, UNKNOWN_REGION)  # type: ignore[arg-type]
    assert (sweep.optimum, sweep.flat) == (None, None)
    assert "is unknown" in sweep.summary()
    assert sweep.to_frame()["total USD"].tolist() == [None] * len(CHUNK_SIZES)


def test_requests_and_overheads_depend_on_objects_and_bytes_do_not() -> None:
    rows = monthly_bill(workload(archive_read_share=1), AWS, BOOK).rows
    dependent = {row.item for row in rows if depends_on_objects(row)}
    assert {"store chunks", "copy into the archive", "overhead per object", "standard restores"} <= dependent
    assert not dependent & {"objects", "write items", "delete moved items", "run time of hot-to-cold-mover"}


def test_sensitivity_shows_the_jump_of_a_write_unit() -> None:
    frame = sensitivity(workload(), AWS, BOOK, "item_bytes", [1000, 1024, 1025]).set_index("item_bytes")
    assert frame.loc[1000, "ingest"] == frame.loc[1024, "ingest"]
    assert frame.loc[1025, "ingest"] == 2 * frame.loc[1024, "ingest"]
    with pytest.raises(ConfigurationError, match="'colour' is not a numeric workload field"):
        sensitivity(workload(), AWS, BOOK, "colour", [1])
    with pytest.raises(ConfigurationError, match="item_bytes = -1"):
        sensitivity(workload(), AWS, BOOK, "item_bytes", [-1])


def test_a_day_in_hot_costs_more_than_one_in_cold_and_that_more_than_one_in_the_archive() -> None:
    frame = retention(workload(), AWS, BOOK, [400, 500]).set_index("days")
    grown = frame.loc[500] - frame.loc[400]
    assert grown["hot_days"] > grown["cold_days"] > grown["archive_days"] > 0


@pytest.mark.parametrize(
    ("size", "text"), [(100, "100 bytes"), (65_536, "64 KiB"), (5 * 2**20, "5 MiB"), (3 * 2**29, "1.5 GiB")]
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert size_text(size) == text
