"""A record of the journal: it reads back as it was written, and one that was edited is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import StoreError
from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.format.chunks import ChunkKey, checksums, encode_sort_keys
from l3kit.tiering.journal_record import DeviceRecord, Entry, from_row, to_row
from l3kit.tiering.ports import JournalRow, Page

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

words = st.text(max_size=20)


@given(
    version=st.integers(min_value=1, max_value=2**53),
    owner=words,
    number=st.integers(min_value=1, max_value=10**9),
    keys=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=20),
    state=st.sampled_from(["writing", "stored", None]),
)
def test_a_record_reads_back_as_it_was_written(
    version: int, owner: str, number: int, keys: list[str], state: str | None
) -> None:
    filler = ChunkFiller()
    filler.add(Page(keys, [key.encode() for key in keys], None))
    made, body = filler.draft()
    chunk = made.chunk("d/1", number, "gzip", body)
    entry = None
    if state:
        entry = Entry(
            state,  # type: ignore[arg-type]
            chunk.key,
            chunk.sha256,
            len(chunk.body),
            chunk.count,
            made.encoded_sort_keys,
            made.encoded_crcs,
        )
        assert entry.sort_keys() == keys
    record = DeviceRecord(version, owner, NOON, number + 1, entry, 1, 2, 3, "last")
    assert from_row(to_row(record)) == record


@pytest.mark.parametrize("damage", [{"entry_state": "odd"}, {"next_number": "x"}, {"lease_until": "never"}])
def test_a_record_that_somebody_edited_is_an_error_that_says_so(damage: dict[str, str]) -> None:
    row = to_row(DeviceRecord(version=3))
    with pytest.raises(StoreError, match="cannot be read"):
        from_row(JournalRow(3, {**row.attributes, **damage}))


@given(st.integers(1, 50), st.integers(0, 50))
def test_a_number_that_the_record_shows_to_be_spent_is_not_used_again(next_number: int, last: int) -> None:
    key = str(ChunkKey("d", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", last)) if last else ""
    read = from_row(to_row(DeviceRecord(version=1, next_number=next_number, last_key=key)))
    assert read.next_number == max(next_number, last + 1)


@pytest.mark.parametrize(
    ("owner", "seconds", "held"), [("other", 1, True), ("other", -1, False), ("mine", 1, False), ("", 1, False)]
)
def test_a_device_is_taken_while_another_run_has_its_lease(owner: str, seconds: int, held: bool) -> None:
    record = DeviceRecord(version=1, owner=owner, lease_until=NOON + timedelta(seconds=seconds))
    assert record.held_by_other("mine", NOON) is held


@pytest.mark.parametrize(
    ("keys", "count"),
    [(("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"), 2), (("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), 3)],
)
def test_a_list_of_items_that_does_not_fit_its_chunk_is_refused(keys: tuple[str, str], count: int) -> None:
    key = ChunkKey("d", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 1)
    entry = Entry("stored", key, "0" * 64, 10, count, encode_sort_keys(list(keys)), checksums([b"a", b"b"]))
    with pytest.raises(StoreError, match="its item list cannot be read"):
        entry.items()
