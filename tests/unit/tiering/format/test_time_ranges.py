"""Bounds in text that miss no spelling, and keys that are compared by their moments."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError
from l3kit.tiering.format.item_times import DAY, movable_moment, read_moment
from l3kit.tiering.format.time_ranges import (
    MAX_SORT_KEY,
    TextRange,
    due,
    may_overlap,
    movable_range,
    order_of,
    read_bound,
    text_ranges,
    within,
)
from tests.support.spellings import MOMENTS, movably_spelled, spelled

BOUNDS = st.one_of(st.none(), MOMENTS)
CUTOFF = read_moment("2026-05-31T12:00:30Z")


def inside(key: str, one: TextRange) -> bool:
    return one.since <= key < one.before


@given(BOUNDS, BOUNDS, MOMENTS, st.data())
def test_the_ranges_in_text_hold_every_spelling_of_a_moment_between_the_bounds(
    start: int | None, end: int | None, moment: int, data: st.DataObject
) -> None:
    key = data.draw(spelled(moment))
    wanted = (start is None or start <= moment) and (end is None or moment <= end)
    assert within(key, start, end) == wanted
    if wanted:
        assert sum(inside(key, one) for one in text_ranges(start, end)) == 1


@pytest.mark.parametrize("key", ["2026-05-31 12:00:00Z", "2026-06-01t02:00:00+14:00", "2026-05-30 22:00-14:00"])
def test_a_blank_a_small_letter_and_the_furthest_offsets_stand_in_the_ranges(key: str) -> None:
    noon = read_moment("2026-05-31T12:00:00Z")
    assert read_moment(key) == noon
    assert any(inside(key, one) for one in text_ranges(noon, noon))


@given(BOUNDS, BOUNDS, MOMENTS, st.data())
def test_the_movers_range_holds_every_movable_spelling(
    start: int | None, end: int | None, moment: int, data: st.DataObject
) -> None:
    key = data.draw(movably_spelled(moment))
    assert movable_moment(key) == moment
    if within(key, start, end):
        assert inside(key, movable_range(start, end))


@given(BOUNDS, BOUNDS)
def test_the_ranges_are_apart_and_in_order(start: int | None, end: int | None) -> None:
    ranges = text_ranges(start, end)
    assert all(first.before < second.since for first, second in itertools.pairwise(ranges))


def test_a_closed_range_reads_little_more_than_itself() -> None:
    start, end = read_moment("2026-05-31T12:00:00Z"), read_moment("2026-05-31T12:05:00Z")
    assert movable_range(start, end) == TextRange("2026-05-31T12:00", "2026-05-31T12:05~")
    assert text_ranges(start, end) == [
        TextRange("1780228800", "1780229100~"),
        TextRange("2026-05-30", "2026-06-01~"),
        TextRange("20260531", "20260531~"),
    ]


def test_a_range_without_bounds_is_everything() -> None:
    assert text_ranges(None, None) == [TextRange("", MAX_SORT_KEY)]
    assert within("no time", None, None)
    assert not within("no time", 0, None)


@given(st.lists(MOMENTS, max_size=8), st.data())
def test_due_are_the_movable_keys_older_than_the_cutoff(moments: list[int], data: st.DataObject) -> None:
    ways = st.sampled_from([movably_spelled, spelled])
    keys = sorted({data.draw(data.draw(ways)(moment)) for moment in moments})
    cutoff = data.draw(MOMENTS)
    chosen = due(keys, cutoff)
    found = list(range(len(keys))) if chosen is None else chosen
    wanted = [n for n, key in enumerate(keys) if (moment := movable_moment(key)) is not None and moment < cutoff]
    assert found == wanted


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (["2026-05-31T12:00:00Z", "2026-05-31T12:00:29.999Z"], None),
        (["2026-05-31T12:00:29.999Z", "2026-05-31T12:00:30Z"], [0]),
        (["2026-05-31T12:00:30+00:00", "2026-05-31T12:00Z"], [1]),
        (["2024-02-29T00:00:00Z"], None),
        (["2025-02-29T00:00:00Z"], []),
        (["2026-01-01T00:00:00Z\n2026-01-01T00:00:01Z"], []),
        (["1780228800000"], []),
        ([], None),
    ],
)
def test_due_looks_at_the_moment_within_the_cutoffs_minute(keys: list[str], chosen: list[int] | None) -> None:
    assert due(keys, CUTOFF) == chosen


@given(st.lists(MOMENTS, min_size=1, max_size=5), BOUNDS, BOUNDS, st.data())
def test_a_chunk_that_holds_an_item_of_the_range_is_never_passed_over(
    moments: list[int], start: int | None, end: int | None, data: st.DataObject
) -> None:
    keys = sorted(data.draw(movably_spelled(moment)) for moment in moments)
    if any(within(key, start, end) for key in keys):
        assert may_overlap(keys[0], keys[-1], start, end)


def test_a_chunk_beside_the_range_is_passed_over_and_one_of_another_spelling_is_not() -> None:
    start, end = read_moment("2026-05-31T12:00:00Z"), read_moment("2026-05-31T13:00:00Z")
    assert not may_overlap("2026-05-31T11:00:00Z", "2026-05-31T11:59:59Z", start, end)
    assert not may_overlap("2026-05-31T13:01:00Z", "2026-05-31T14:00:00Z", start, end)
    assert may_overlap("1", "2", start, end)


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2026-05-31", "2026-05-31T00:00:00Z", "2026-05-31T23:59:59.999999999Z"),
        (date(2026, 5, 31), "2026-05-31T00:00:00Z", "2026-05-31T23:59:59.999999999Z"),
        ("2026-05-31T10:30+02:00", "2026-05-31T08:30:00Z", "2026-05-31T08:30:00Z"),
        ("1780216200", "2026-05-31T08:30:00Z", "2026-05-31T08:30:00Z"),
        (datetime(2026, 5, 31, 8, 30, tzinfo=UTC), "2026-05-31T08:30:00Z", "2026-05-31T08:30:00Z"),
    ],
)
def test_bounds_are_read_in_every_form(value: str | date, start: str, end: str) -> None:
    assert read_bound(value, is_end=False) == read_moment(start)
    assert read_bound(value, is_end=True) == read_moment(end)


@pytest.mark.parametrize("value", ["yesterday", "2026-02-30", "2026-05-31T12:00:00", datetime(2026, 5, 31)])
def test_a_bound_that_is_no_time_is_refused_by_name(value: str | datetime) -> None:
    with pytest.raises(ConfigurationError, match=r"^end .*Write it like 2026-05-31T08:30:00Z"):
        read_bound(value, is_end=True)


def test_items_are_shown_by_moment_and_what_is_no_time_last() -> None:
    keys = ["no time", "2026-05-31T14:00:00+02:00", "2026-05-31T12:00:00.250Z", "1780228799", "2026-05-31T12:00Z"]
    ordered = ["1780228799", "2026-05-31T12:00Z", "2026-05-31T14:00:00+02:00", "2026-05-31T12:00:00.250Z", "no time"]
    assert sorted(keys, key=order_of) == ordered
    assert DAY > 0
