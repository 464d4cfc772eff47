"""What batching buys: requests that were made beside one for each reading, and what both cost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import l3kit
from l3kit.cost.analysis.batching import batching_gain
from l3kit.operate.movers import MoverRun
from l3kit.twin.config import Twin
from l3kit.twin.layout import MOVERS
from tests.unit.cost.bills import overlaid

TWINS = Path(__file__).parents[4] / "params" / "twins"
ONE_CLOUD, THREE_CLOUDS = (Twin.load(TWINS / name) for name in ("nyc-weather", "aws-azure-gcp"))
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def run_of(mover: str, items: int, requests: dict[str, int]) -> MoverRun:
    report: dict[str, Any] = {"verdict": "complete", "items": items, "requests": requests, "devices": []}
    return MoverRun(mover, (report,))


def one_run(hot: tuple[int, dict[str, int]], cold: tuple[int, dict[str, int]]) -> list[Any]:
    return [(DAY, run_of(MOVERS[0], *hot), run_of(MOVERS[1], *cold))]


YEAR = [
    *one_run((20_000, {"target.put": 30, "target.list": 6}), (10_000, {"target.copy": 20, "target.head": 20})),
    *one_run((3_953, {"target.put": 6, "hot.query": 9}), (9_675, {"target.copy": 10})),
]


def test_the_sentence_compares_what_was_asked_with_one_object_a_reading() -> None:
    said = batching_gain(YEAR, ONE_CLOUD).summary()
    assert said == (
        "23,953 readings reached the cold tier in 36 PUTs; "
        "one object a reading would have been 23,953: 665 times as many."
    )


def test_both_tiers_and_their_sum_are_priced_by_the_book() -> None:
    (table,) = batching_gain(YEAR, ONE_CLOUD).sheet().tables
    assert table.rows == (
        ("cold (aws)", "23,953", "36 PUTs", "665", "$0.24", "$0.00036"),
        ("archive (aws)", "19,675", "30 copies", "656", "$0.98", "$0.0015"),
        ("together", "43,628", "66 requests", "661", "$1.22", "$0.0019"),
    )


def test_another_cloud_is_reached_by_posts_and_bills_what_its_writer_stores() -> None:
    runs = one_run((1_000, {"target.post": 4}), (1_000, {"target.post": 4}))
    gain = batching_gain(runs, THREE_CLOUDS)
    assert gain.summary().startswith("1,000 readings reached the cold tier in 4 POSTs; one object a reading")
    assert [(s.provider, s.counts) for s in gain.tiers] == [("azure", {"post": 4}), ("gcp", {"post": 4})]
    for stored in gain.tiers:
        assert stored.by_one.known == 250 * stored.as_moved.known > 0


def test_a_single_reading_gains_nothing() -> None:
    gain = batching_gain(one_run((1, {"target.put": 1}), (0, {"cold.list": 1})), ONE_CLOUD)
    assert gain.summary() == (
        "1 reading reached the cold tier in 1 PUT; one object a reading would have been 1: 1.0 times as many."
    )


@pytest.mark.parametrize("runs", [[], one_run((0, {}), (0, {})), one_run((5, {"hot.query": 1}), (0, {}))])
def test_where_no_chunk_was_stored_nothing_is_compared(runs: list[Any]) -> None:
    gain = batching_gain(runs, ONE_CLOUD)
    assert gain.summary() == "No chunk was stored, so there is nothing to compare."
    assert [row[3] for row in gain.sheet().tables[0].rows] == ["-", "-", "-"]


def test_a_price_that_is_not_known_is_told(tmp_path: Path) -> None:
    text = (
        "provider: aws\nregions:\n  us-east-1:\n    s3:\n      deep_archive:\n"
        '        put: {value: null, unit: "USD per 1,000 requests", source: mine}\n'
    )
    *_, together = batching_gain(YEAR, ONE_CLOUD, book=overlaid(tmp_path, text)).sheet().tables[0].rows
    assert together[4:] == ("incomplete: $0.24 and 1 unknown", "incomplete: $0.00036 and 1 unknown")


def test_a_notebook_calls_it_by_the_package() -> None:
    assert l3kit.cost.batching_gain is batching_gain
