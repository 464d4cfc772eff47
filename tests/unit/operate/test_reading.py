"""Items of a device from all tiers, merged: each once, in the order of time, every version kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from l3kit.operate.reading import merged
from l3kit.tiering.format.exact_numbers import exact_loads
from tests.unit.operate.test_query import item, items, raw, result

TIERS = ("hot", "cold", "archive")


@given(st.lists(st.tuples(st.sampled_from(TIERS), items), max_size=30))
def test_every_item_is_there_once_in_time_order(found: list[tuple[str, dict[str, Any]]]) -> None:
    rows, duplicates, versions = merged([(tier, exact_loads(raw(entry))) for tier, entry in found])
    wanted = [raw(entry) for _, entry in found]
    assert len(rows) == len(set(wanted))
    assert duplicates == len(wanted) - len(rows)
    assert versions == len(rows) - len({row["id"] for row in rows})
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


def test_an_item_on_its_way_is_counted_in_the_warmest_tier() -> None:
    rows, duplicates, _ = merged([(tier, exact_loads(raw(item(1, v=1.5)))) for tier in TIERS])
    assert [(row["tier"], row["v"]) for row in rows] == [("hot", Decimal("1.5"))]
    assert duplicates == 2


def test_a_number_and_the_same_digits_as_text_are_two_versions() -> None:
    found = result(item(1, v=1.5), item(1, v="1.5"))
    assert (len(found.rows), found.duplicates, found.versions) == (2, 0, 1)
