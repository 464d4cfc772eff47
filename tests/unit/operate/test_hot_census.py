"""A census of the hot tier counts every key once, and a sample ends at its budget."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from l3kit.operate.hot_census import Budget, count_device, sample_device
from l3kit.tiering.format.item_times import moment_or_none, movable_moment
from tests.support.spellings import MOMENTS, spelled
from tests.unit.operate.counted_tiers import NOW, hot


@given(st.lists(MOMENTS.flatmap(spelled) | st.text(max_size=12), unique=True, max_size=12))
def test_the_census_is_a_plain_count_of_the_keys(keys: list[str]) -> None:
    store = hot(JFK=keys)
    census = asyncio.run(count_device(store, "JFK", NOW, Budget()))
    moments = [moment for key in keys if (moment := moment_or_none(key)) is not None]
    assert census.items == census.forms.total() == len(keys)
    assert census.never_moved == sum(movable_moment(key) is None for key in keys)
    assert census.ahead == sum(moment > NOW for moment in moments)
    assert moment_or_none(census.first) == min(moments, default=None)
    assert moment_or_none(census.last) == max(moments, default=None)


def test_a_sample_ends_at_its_budget_and_still_looks_behind_the_present() -> None:
    times = [f"2026-05-01T00:{minute:02}:00Z" for minute in range(60)]
    store = hot(JFK=[*times, "2099-01-01T00:00:00Z", "zzz"])
    census = asyncio.run(sample_device(store, "JFK", NOW, Budget(bytes=200)))
    assert not census.whole
    assert census.items < len(times)
    assert (census.ahead, census.unmovable) == (1, ["zzz"])
    assert store.usage.requests["query"] < 5


def test_a_sample_counts_no_key_twice() -> None:
    store = hot(JFK=[f"2099-01-01T00:{minute:02}:00Z" for minute in range(10)])
    census = asyncio.run(sample_device(store, "JFK", NOW, Budget(bytes=1)))
    assert census.items == census.ahead == 6
