"""Choices that a bill decides: crossing to another cloud, deleting or expiring, compressing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from l3kit.cost.analysis.choices import break_even, compressions, delete_modes, per_gib
from l3kit.cost.analysis.compression import measure_weather
from l3kit.twin.layout import Layout
from tests.unit.cost.analysis.test_compression import WEATHER
from tests.unit.cost.bills import BOOK, overlaid
from tests.unit.cost.workloads import workload


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
