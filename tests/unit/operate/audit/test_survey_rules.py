"""Samples, overlaps, doubles and missing numbers, for any input."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.operate.audit.content import content_of, metadata_findings
from l3kit.operate.audit.doubles import Doubles, Span, overlapping, span_of
from l3kit.operate.audit.in_order import Job, in_order
from l3kit.operate.audit.settings import Sample, sample_of
from l3kit.operate.audit.totals import Counted, missing_findings, shortfall
from l3kit.tiering.format.chunks import RESERVED_NUMBERS, ChunkKey, object_key
from l3kit.tiering.ports import ObjectInfo

START, END = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
KEY = ChunkKey("d", START, END, 1)
SPANS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=12)


def key(number: int) -> str:
    return object_key("d", START, END, number)


@settings(max_examples=40)
@given(st.text(max_size=8), st.lists(st.text(), max_size=20), st.floats(0.001, 1), st.floats(0.001, 1))
def test_a_larger_sample_with_the_same_seed_has_all_of_a_smaller_one(
    seed: str, keys: list[str], one: float, other: float
) -> None:
    small, large = Sample(min(one, other), seed), Sample(max(one, other), seed)
    assert all(large.takes(key) for key in keys if small.takes(key))
    assert all(Sample(1.0, seed).takes(key) for key in keys)


def test_a_sample_is_about_the_part_that_was_asked_for_and_another_for_another_seed() -> None:
    keys = [key(number) for number in range(20_000)]
    first, second = ({one for one in keys if Sample(0.01, seed).takes(one)} for seed in "ab")
    assert len(first) == pytest.approx(200, rel=0.3)
    assert len(first & second) < 20


@pytest.mark.parametrize(("given", "part"), [("1%", 0.01), ("0.5 %", 0.005), ("100%", 1.0), (0.25, 0.25), (1, 1.0)])
def test_a_sample_is_a_percentage_or_a_part(given: str | float, part: float) -> None:
    assert sample_of(given) == part


@settings(max_examples=40)
@given(SPANS)
def test_overlaps_are_those_of_all_pairs(drawn: list[tuple[int, int]]) -> None:
    spans = sorted((Span(low, low + length) for low, length in drawn), key=lambda span: span.low)
    pairs = [
        any(one.low <= other.high and other.low <= one.high for at, other in enumerate(spans) if at != number)
        for number, one in enumerate(spans)
    ]
    assert overlapping(spans) == pairs


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6), st.sets(st.integers(0, 5))), max_size=10))
def test_doubles_are_those_of_all_pairs_that_overlap(drawn: list[tuple[int, int, set[int]]]) -> None:
    """Items of an object lie within its span: an item stands for a minute."""
    objects = [
        (Span(low, low + length), {low + item for item in items if item <= length})
        for low, length, items in sorted(drawn, key=lambda one: one[0])
    ]
    doubles = Doubles()
    found = 0
    for number, (span, items) in enumerate(objects):
        marks = {f"{item}".encode(): f"{item:02}" for item in items}
        found += len(list(doubles.add(f"k{number}", span, None, marks)))
    assert found == sum(bool(one & other) for at, (_, one) in enumerate(objects) for _, other in objects[:at])
    assert doubles.left_out == 0


def test_objects_that_are_dropped_for_want_of_memory_are_counted() -> None:
    doubles = Doubles(max_held=3)
    for number in range(4):
        marks = {f"{number}{item}".encode(): "" for item in range(2)}
        assert list(doubles.add(f"k{number}", Span(0, 9), None, marks)) == []
    assert doubles.left_out == 3


def test_objects_that_were_not_read_are_doubles_by_their_digest() -> None:
    doubles = Doubles()
    assert list(doubles.add("a", Span(0, 9), "digest", {})) == []
    (finding,) = doubles.add("b", Span(0, 9), "digest", {})
    assert finding.what == "its content is that of a, by their digests"
    assert list(doubles.add("b", Span(0, 9), "other", {})) == [], "the same key in the other tier"


def test_a_key_whose_ends_are_no_times_may_overlap_any_other() -> None:
    assert span_of(ChunkKey("d", "a", "b", 1)) == Span(float("-inf"), float("inf"))


@settings(max_examples=40)
@given(st.integers(1, 40), st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_as_many_chunks_are_missed_as_were_stored_and_are_gone(upto: int, spent: set[int], gone: set[int]) -> None:
    numbers = set(range(1, upto + 1))
    stored = numbers - spent
    here = stored - gone
    counted = Counted(next_number=upto + 1, chunks=len(stored))
    short = shortfall(counted, [key(number) for number in here], [])
    assert short.chunks == len(stored & gone)
    absent = {number for first, last in short.absent for number in range(first, last + 1)}
    assert absent == numbers - here
    assert bool(list(missing_findings("d", short))) == bool(stored & gone)


def test_seals_a_chunk_being_written_and_numbers_that_are_not_the_journals_are_not_missed() -> None:
    counted = Counted(next_number=5, chunks=2, writing_key=key(4))
    others = [key(RESERVED_NUMBERS + 7), key(99)]
    short = shortfall(counted, [key(1), key(2), key(4), *others], [key(3)])
    assert (short.chunks, short.absent) == (0, ())
    assert counted.unknown([key(1), key(4), *others]) == 2


def test_the_chunk_stored_last_is_missed_though_another_object_hides_that() -> None:
    counted = Counted(next_number=3, chunks=2, last_key=key(2))
    hiding = object_key("d", START, START, 1)
    ((missing, _),) = missing_findings("d", shortfall(counted, [key(1), hiding], []))
    assert missing == key(2)


def test_missing_chunks_among_numbers_given_up_are_told_with_the_numbers() -> None:
    short = shortfall(Counted(next_number=10, chunks=6), [key(number) for number in (1, 2, 5, 9)], [])
    ((where, finding),) = missing_findings("d", short)
    assert where == "d/"
    assert finding.what.startswith(
        "2 chunks that the journal counts are in no tier; no object has the numbers 3 to 4, 6"
    )


@pytest.mark.parametrize(
    ("items", "kinds"),
    [
        ([{"id": START}], {"unreadable"}),
        (["x"], {"unreadable"}),
        ({}, {"unreadable"}),
        ([{"id": START, "iotDeviceId": "d"}, {"id": END, "iotDeviceId": "e"}], {"device"}),
        ([{"id": START, "iotDeviceId": "d"}], {"count", "range"}),
        ([{"id": START, "iotDeviceId": "d"}, {"id": END, "iotDeviceId": "d"}], set()),
        ([{"id": START, "iotDeviceId": "d"}, *[{"id": END, "iotDeviceId": "d"}] * 2], {"count", "double"}),
    ],
)
def test_what_is_wrong_with_items_is_told_by_kind(items: object, kinds: set[str]) -> None:
    body = json.dumps(items).encode()
    for marked in (False, True):
        assert {finding.kind for finding in content_of(KEY, 2, body, marked=marked).findings} == kinds


def test_numbers_beyond_doubles_are_no_fault() -> None:
    items = b'[{"id":"%b","iotDeviceId":"d","v":1e400},{"id":"%b","iotDeviceId":"d"}]' % (START.encode(), END.encode())
    assert content_of(KEY, 2, items).findings == ()


@pytest.mark.parametrize(
    ("metadata", "encoding", "what"),
    [
        ({"sha256": "a" * 64, "items": "2"}, None, None),
        ({"items": "2"}, None, "no sha256"),
        ({"sha256": "abc", "items": "2"}, None, "not a digest"),
        ({"sha256": "a" * 64}, None, "do not have the number"),
        ({"sha256": "a" * 64, "items": "two"}, None, "'two'"),
        ({"sha256": "a" * 64, "items": "2"}, "gzip", "content encoding is gzip, not none"),
        ({"sha256": "a" * 64, "items": "20"}, None, "too few for 20 items"),
    ],
)
def test_what_metadata_and_size_tell(metadata: dict[str, str], encoding: str | None, what: str | None) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    info = ObjectInfo(str(KEY), 100, "e", at, metadata.get("sha256"), "cold", encoding, metadata)
    found = [finding.what for finding in metadata_findings(KEY, info)]
    assert len(found) == (what is not None)
    assert all(what in one for one in found if what)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 5))
def test_results_are_in_the_order_of_the_jobs_and_few_are_at_once(waits: list[int], at_once: int) -> None:
    busy = [0, 0]

    async def work(number: int, wait: int) -> int:
        busy[0] += 1
        busy[1] = max(busy)
        for _ in range(wait):
            await asyncio.sleep(0)
        busy[0] -= 1
        return number

    async def jobs() -> AsyncIterator[Job[int]]:
        for number, wait in enumerate(waits):
            yield partial(work, number, wait)

    async def collect() -> list[int]:
        return [found async for found in in_order(jobs(), at_once)]

    assert asyncio.run(collect()) == list(range(len(waits)))
    assert busy[1] <= at_once
