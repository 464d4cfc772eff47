"""Which chunks are due, at every border and in every spelling of a time, and the records of what went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.format.chunks import object_key
from l3kit.tiering.format.expiry import (
    EXPIRED_PREFIX,
    Batch,
    ExpiringChunk,
    chunks_named,
    deciding,
    has_age,
    is_due,
    record_names,
    records_prefix,
)
from l3kit.tiering.format.item_times import moment_of, shortest

CUTOFF = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 2, tzinfo=UTC)
CHUNKS = [
    ExpiringChunk("d/a-b/chunk-00001.json", "ab" * 32, 7, 100),
    ExpiringChunk("d/c-d/chunk-00002.json", None, None, 5),
]
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)).map(lambda when: when.replace(tzinfo=UTC))
shifts = st.timedeltas(timedelta(days=-3), timedelta(days=3))


def due(start: str, end: str, cutoff: datetime = CUTOFF) -> bool:
    return is_due(object_key("d", start, end, 1), moment_of(cutoff))


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        ("2026-03-01T11:59:59.999999999Z", True),
        ("2026-03-01T11:59Z", True),
        ("2026-03-01T12:00Z", False),
        ("2026-03-01T12:00:00Z", False),
        ("2026-03-01T11:59:00+00:00", True),
        ("2026-03-01T12:59:00+01:00", False),  # 11:59 in UTC; another item may have another offset
        ("2026-02-27T11:59:00+01:00", True),
        ("2026-03-01T11:59:00", False),  # somewhere it is not over
        ("2026-02-27T11:58:00", True),
        ("1772193540", True),  # 2026-02-27T11:59:00Z
        ("1772366340", False),  # 2026-03-01T11:59:00Z
    ],
)
def test_a_chunk_is_due_once_its_last_reading_is_older_than_the_cutoff_wherever_its_clock_is(
    end: str, wanted: bool
) -> None:
    assert due("2026-01-01T00:00:00Z" if end.startswith("2") else "1767225600", end) is wanted


def test_a_minute_that_the_cutoff_is_within_stays_whole() -> None:
    """`:00Z` sorts behind `:00.900Z` and `:00:30Z`, so the end of a key may be earlier than its last item."""
    assert not due("2026-03-01T11:00:00Z", "2026-03-01T11:59:10Z", CUTOFF - timedelta(seconds=20))
    assert due("2026-03-01T11:00:00Z", "2026-03-01T11:59:10Z", CUTOFF)


def test_the_later_of_both_ends_decides() -> None:
    assert not due("2026-03-01T13:00:00Z", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "key",
    [
        "exports/old.csv",
        "d/a-b/chunk-00001.json",
        "_l3kit/expired/d/x.json",
        "d/2020-01-01T00:00:00Z-x/chunk-00001.json",
    ],
)
def test_what_tells_no_time_is_never_due(key: str) -> None:
    assert not is_due(key, moment_of(datetime(9999, 1, 1, tzinfo=UTC)))
    assert not has_age(key)


@given(cutoff=moments, shift=shifts, length=st.timedeltas(timedelta(0), timedelta(days=400)), form=st.integers(0, 3))
def test_no_chunk_with_an_item_at_or_after_the_cutoff_is_ever_due(
    cutoff: datetime, shift: timedelta, length: timedelta, form: int
) -> None:
    last = max(cutoff + shift, datetime(1970, 1, 2, tzinfo=UTC))
    first = max(last - length, datetime(1970, 1, 1, tzinfo=UTC))
    spell = [
        lambda when: shortest(moment_of(when)),
        lambda when: f"{when:%Y-%m-%dT%H:%MZ}",
        lambda when: f"{when + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}+02:00",
        lambda when: f"{when:%Y-%m-%dT%H:%M:%S+00:00}",
    ][form]
    found = due(spell(first), spell(last), cutoff)
    if last >= cutoff:
        assert not found
    elif form != 2 and cutoff - last >= timedelta(minutes=1):
        assert found


def test_records_are_named_by_device_cutoff_run_and_batch() -> None:
    batch = Batch("a/b", "2026-03-01T12:00:00Z", "request_1-0a", 2)
    assert batch.key("due") == "_l3kit/expired/a%2Fb/2026-03-01T12:00:00Z_request_1-0a_00002-due.json"
    assert records_prefix("a/b") == f"{EXPIRED_PREFIX}a%2Fb/"
    (name,) = record_names([batch.key("due"), "_l3kit/expired/a%2Fb/x.json", "_l3kit/expired/readme"])
    assert (name.cutoff, name.kind, name.key) == ("2026-03-01T12:00:00Z", "due", batch.key("due"))


def test_the_record_of_what_went_decides_and_without_it_the_one_of_what_was_due() -> None:
    ended, died = Batch("d", "2026-03-01T12:00:00Z", "r-1", 1), Batch("d", "2026-03-01T12:00:00Z", "r-2", 1)
    keys = [ended.key("due"), ended.key("gone"), died.key("due")]
    assert [name.key for name in deciding(record_names(keys))] == [ended.key("gone"), died.key("due")]
    assert chunks_named(died.due_record(CHUNKS, NOW)) == CHUNKS


def test_what_was_left_has_not_gone_and_what_is_unsettled_may_have() -> None:
    batch = Batch("d", "2026-03-01T12:00:00Z", "r-1", 1)
    record = batch.gone_record(CHUNKS[:1], {"d/e-f/chunk-00003.json": "changed"}, CHUNKS[1:], NOW)
    assert chunks_named(record) == CHUNKS
    assert b'"left"' in record


@pytest.mark.parametrize("record", [b"[]", b"{}", b'{"due": [{"key": "x"}]}', b"not json"])
def test_a_record_that_another_program_changed_is_refused(record: bytes) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        chunks_named(record)
