"""The analyses: sweeps and their optimum, ranked layouts, the waterfall, break-evens, deletes, compression."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.cost.analysis.choices import break_even, compressions, delete_modes, per_gib
from l3kit.cost.analysis.compression import measure_weather
from l3kit.cost.analysis.ranking import rank_layouts, unconfirmed_share, waterfall
from l3kit.cost.analysis.sweeps import (
    CHUNK_SIZES,
    depends_on_objects,
    retention,
    sensitivity,
    size_text,
    sweep_chunk_size,
)
from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.workload import LAYOUTS
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import PriceBook, load_prices
from l3kit.twin.layout import Layout
from tests.unit.cost.analysis.test_compression import WEATHER
from tests.unit.cost.workloads import workload

BOOK = load_prices()
AWS, GCP = Layout("aws", "aws", "aws"), Layout("gcp", "gcp", "gcp")
UNKNOWN_REGION = {"gcp": "us-east1"}


def overlaid(folder: Path, text: str) -> PriceBook:
    path = folder / "mine.yaml"
    path.write_text(text)
    return load_prices(path)


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


def test_all_layouts_are_ranked_by_their_total() -> None:
    frame = rank_layouts(workload(), BOOK)
    assert sorted(frame["layout"]) == sorted(map(str, LAYOUTS))
    assert frame["total"].is_monotonic_increasing
    assert frame["times the cheapest"].iloc[0] == 1
    assert (frame.loc[frame["crossings"] == 0, "egress"] == 0).all()
    assert (frame.loc[frame["crossings"] > 0, "egress"] > 0).all()
    assert frame["unconfirmed"].between(0, 1).all()


def test_layouts_with_unknown_prices_come_last_and_have_no_total() -> None:
    frame = rank_layouts(workload(), BOOK, UNKNOWN_REGION)  # type: ignore[arg-type]
    assert frame["total"].isna().tolist() == [False] * 18 + [True] * 9
    assert frame["layout"].tail(9).str.startswith("gcp-").all()


def test_the_waterfall_ends_at_the_total() -> None:
    bill = monthly_bill(workload(), AWS, BOOK)
    frame = waterfall(bill, most=5)
    assert len(frame) == 6
    assert frame["item"].iloc[-1] == "all else"
    assert frame["USD"].iloc[:5].is_monotonic_decreasing
    assert frame["end"].iloc[-1] == bill.total.known
    assert frame["start"].tolist()[1:] == frame["end"].tolist()[:-1]
    assert frame["share"].sum() == pytest.approx(1)


def test_the_waterfall_shows_what_is_unknown_last() -> None:
    frame = waterfall(monthly_bill(workload(), GCP, BOOK, UNKNOWN_REGION))  # type: ignore[arg-type]
    assert frame["USD"].isna().tolist()[-1]
    assert "ingest: write items" in frame[frame["USD"].isna()]["item"].tolist()


def test_crossing_pays_after_egress_over_the_difference_of_storage() -> None:
    frame = break_even(BOOK, "cold").set_index(["from", "to"])
    assert frame.loc[("aws", "gcp"), "months"] == Decimal("0.09") / (Decimal("0.0125") - Decimal("0.004"))
    assert frame.loc[("gcp", "aws"), "months"] is None
    assert frame.loc[("gcp", "aws"), "verdict"].startswith("never")
    smaller = break_even(BOOK, "cold", sent_per_stored=Decimal("0.1")).set_index(["from", "to"])
    assert smaller.loc[("aws", "gcp"), "months"] * 10 == frame.loc[("aws", "gcp"), "months"]


def test_crossing_at_an_unknown_price_is_unknown(tmp_path: Path) -> None:
    text = """\
provider: gcp
regions:
  us-central1:
    gcs:
      archive:
        storage: {value: null, unit: USD per GiB-month, source: nobody}
"""
    frame = break_even(overlaid(tmp_path, text), "archive").set_index(["from", "to"])
    assert frame.loc[("aws", "gcp"), "verdict"].startswith("unknown")
    assert frame.loc[("aws", "gcp"), "storage to"] is None


def test_a_price_per_gb_is_brought_to_a_gib(tmp_path: Path) -> None:
    text = """\
provider: aws
bytes_per_gb: 1000000000
regions:
  us-east-1:
    s3:
      standard_ia:
        storage: {value: 0.0125, unit: USD per GB-month, source: mine}
"""
    figure = overlaid(tmp_path, text).figure("aws", "us-east-1", "s3", "standard_ia", "storage")
    assert per_gib(figure) == Decimal("0.0125") * 2**30 / 10**9


def test_only_dynamodb_saves_by_expiry() -> None:
    frame = delete_modes(workload(), BOOK).set_index("hot")
    assert frame.loc["aws", "saved"] == frame.loc["aws", "paid deletes"] > 0
    assert frame.loc["azure", "saved"] == frame.loc["gcp", "saved"] == 0
    assert 0 < frame.loc["aws", "share"] < 1


def test_compression_saves_storage_and_not_egress() -> None:
    measured = measure_weather(WEATHER)
    frame = compressions(workload(), Layout("aws", "gcp", "gcp"), BOOK, measured).set_index("compression")
    assert frame.loc["gzip", "storage"] < frame.loc["none", "storage"] / 5
    assert frame["egress"].nunique() == 1
    assert frame.loc["zstd", "total"] < frame.loc["none", "total"]


def test_the_share_of_unconfirmed_prices() -> None:
    assert unconfirmed_share(monthly_bill(workload(), GCP, BOOK, UNKNOWN_REGION)) is None  # type: ignore[arg-type]
    share = unconfirmed_share(monthly_bill(workload(), AWS, BOOK))
    assert share is not None
    assert 0 < share < 1


@pytest.mark.parametrize(
    ("size", "text"), [(100, "100 bytes"), (65_536, "64 KiB"), (5 * 2**20, "5 MiB"), (3 * 2**29, "1.5 GiB")]
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert size_text(size) == text
