"""The numbers of any device's page add up, and it fits a screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from l3kit.operate.explain.facts import EntryCheck, StoredChunk
from l3kit.tiering.journal_record import Entry
from tests.unit.operate.explain.pages import NOW, chunk, entry, hot, page, record, stamp

days = st.integers(0, 400)
chunks = st.builds(
    lambda span, number, items, size, sealed: chunk(
        min(span), max(span), number, items=0 if sealed else items, bytes=size, sealed=sealed
    ),
    st.tuples(days, days),
    st.integers(1, 99_999),
    st.integers(0, 10**7),
    st.integers(2, 10**8),
    st.booleans(),
)
entries = st.builds(
    lambda state, span, number: entry(state, min(span), max(span), number),
    st.sampled_from(["writing", "stored"]),
    st.tuples(days, days),
    st.integers(1, 99_999),
)


@given(
    st.sets(days),
    st.lists(chunks, max_size=5),
    st.lists(chunks, max_size=5),
    st.none() | entries,
    st.integers(-100, 100),
    st.booleans(),
)
def test_ranges_and_counts_sum_up_and_the_page_fits_a_screen(
    ages: set[int],
    cold: list[StoredChunk],
    archive: list[StoredChunk],
    under_way: Entry | None,
    seconds: int,
    configured: bool,
) -> None:
    keys = sorted(stamp(age) for age in ages)
    noted = set(under_way.sort_keys()) if under_way else set()
    check = EntryCheck(sum(key in noted for key in keys), 0)
    shown = page(
        hot=hot(keys),
        cold=tuple(cold),
        archive=tuple(archive),
        record=record(under_way, owner="run", seconds=seconds, moved_chunks=3, last_key="K" * 90),
        entry=check if under_way else None,
        configured=configured,
    )
    held = {"cold": [c for c in cold if not c.sealed], "archive": [c for c in archive if not c.sealed]}
    for tier in shown.tiers[1:]:
        found = held[tier.tier]
        assert (tier.items, tier.objects) == (sum(c.items or 0 for c in found), len(found))
        assert tier.bytes == sum(c.bytes for c in found)
        assert all(tier.first <= c.key.start <= c.key.end <= tier.last for c in found)
        assert not found or (tier.first in {c.key.start for c in found} and tier.last in {c.key.end for c in found})
    assert (shown.tiers[0].items, shown.tiers[0].first, shown.tiers[0].last) == (
        len(keys),
        min(keys, default=""),
        max(keys, default=""),
    )
    outside = [key for key in keys if key not in noted]
    moments = [NOW + timedelta(days=n) for n in (-50, 0, 1, 500)]
    dues = [shown.due(moment) for moment in moments]
    assert dues == sorted(dues)
    if configured:
        assert dues == [sum(key < stamp(30 - n) for key in outside) for n in (-50, 0, 1, 500)]
    assert shown.late == sum(key <= max(tier.last for tier in shown.tiers[1:]) for key in outside)
    assert shown.due_chunks(NOW) == sum(c.key.end < stamp(90) for c in held["cold"])
    assert len(str(shown).splitlines()) <= 40
    assert str(shown) == str(replace(shown))
