"""The plan's tables, number by number."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.cost.analysis.seed_tables import batch_table, chunk_frame, chunk_table, objects_of, request_prices
from l3kit.prices.price_book import load_prices

BOOK = load_prices()


@pytest.mark.parametrize(
    ("metric", "first", "second"),
    [
        ("objects", "100", "20"),
        ("PUT cost, cold", "0.001", "0.0002"),
        ("PUT cost, archive", "0.005", "0.001"),
        ("HTTP calls (cross-cloud)", "100", "20"),
        ("Lambda iterations", "100", "20"),
    ],
)
def test_100_mb_in_1_mb_and_5_mb_chunks(metric: str, first: str, second: str) -> None:
    (row,) = [row for row in chunk_table(BOOK) if row.metric == metric]
    assert (row.first, row.second) == (Decimal(first), Decimal(second))
    assert row.saving == Decimal("0.8")


def test_the_table_as_it_is_printed() -> None:
    frame = chunk_frame(BOOK)
    assert frame.loc["PUT cost, cold"].tolist() == ["0.001", "0.0002", "80 %"]
    assert frame.loc["PUT cost, archive"].tolist() == ["0.005", "0.001", "80 %"]
    assert frame.loc["objects"].tolist() == ["100", "20", "80 %"]


def test_a_rest_is_one_object_more() -> None:
    assert [objects_of(101, 5), objects_of(Decimal("0.1"), 5), objects_of(0, 5)] == [21, 1, 0]


def test_single_items_against_batches_are_80_to_99_per_cent_cheaper() -> None:
    table = batch_table(BOOK).set_index("items per object")
    assert table["objects"].to_dict() == {1: 100_000, 5: 20_000, 100: 1_000, 500: 200}
    assert table["PUT USD"].to_dict() == {
        1: Decimal("0.5"),
        5: Decimal("0.1"),
        100: Decimal("0.005"),
        500: Decimal("0.001"),
    }
    assert table["saving"].to_dict() == {1: 0.0, 5: 0.8, 100: 0.99, 500: 0.998}
    assert table["LIST USD"].tolist() == [Decimal(n) * 5 / 10**6 for n in (100, 20, 1, 1)]


def test_the_plans_request_prices_are_the_books() -> None:
    prices = request_prices(BOOK).set_index("storage class")
    assert prices["PUT per 1,000"].tolist() == [Decimal("0.005"), Decimal("0.01"), Decimal("0.05")]
    assert prices["GET per 1,000"].tolist() == [Decimal("0.0004"), Decimal("0.001"), Decimal("0.0004")]


def test_the_tables_follow_the_prices(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "provider: aws\nregions:\n  us-east-1:\n    s3:\n      standard_ia:\n"
        '        put: {value: 0.02, unit: "USD per 1,000 requests", source: mine}\n'
    )
    assert chunk_table(load_prices(path))[1].second == Decimal("0.0004")
