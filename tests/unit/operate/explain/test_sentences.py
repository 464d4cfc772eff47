"""A device's page in words: what is under way, what is late, and what happens next and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from l3kit.operate.explain.facts import EntryCheck, HotItems, Place
from l3kit.tiering.journal_record import NEVER
from tests.unit.operate.explain.pages import NOW, PLACES, chunk, entry, flat, hot, page, record, stamp, stamps


def test_a_chunk_being_written_under_a_live_lease_is_its_holders() -> None:
    text = flat(
        page(
            hot=hot(stamps(0, 40)),
            record=record(entry("writing", 31, 40), owner="run-7", seconds=75),
            entry=EntryCheck(10, 0),
        )
    )
    key = "pump-1/2026-04-22T00:00:00Z-2026-05-01T00:00:00Z/chunk-00001.json"
    assert f"Chunk 1 is writing: {key}, 10 items, 2.0 KiB, SHA-256 000000000000..." in text
    assert "Run run-7 holds the device until 2026-06-01T00:01:15Z, 75 s from now; others leave it until then." in text
    assert "are due: 0 now" in text  # the ten that are older are the chunk under way


@pytest.mark.parametrize(
    ("same", "cold", "told"),
    [
        pytest.param(10, (), "a later run rebuilds it, stores it under the same key, then deletes them", id="intact"),
        pytest.param(7, (), "Rewritten or gone: 3 items of it. A later run seals the key", id="changed"),
        pytest.param(
            7, (chunk(31, 40),), "Its object exists, with this digest: a later run deletes", id="stored-unnoted"
        ),
        pytest.param(
            10, (chunk(31, 40, sha256="f" * 64),), "Its key holds other content: a later run gives it up", id="taken"
        ),
        pytest.param(
            7,
            (chunk(31, 40, sha256="f" * 64, sealed=True),),
            "Its key holds other content: a later run gives it up",
            id="sealed",
        ),
        pytest.param(7, None, "unless its object is there: then only deletes remain", id="cold-unseen"),
    ],
)
def test_a_chunk_left_in_writing_is_told_what_a_later_run_does(same: int, cold: Any, told: str) -> None:
    shown = page(
        hot=hot(stamps(0, 40)),
        cold=cold,
        record=record(entry("writing", 31, 40), owner="run-7", seconds=-60),
        entry=EntryCheck(same, 2),
    )
    assert told in flat(shown)
    assert "Run run-7 let its lease run out at 2026-05-31T23:59:00Z: since then any run may take" in flat(shown)


def test_of_a_stored_chunk_only_its_deletes_remain() -> None:
    shown = page(
        hot=hot(stamps(0, 35)),
        cold=(chunk(31, 40),),
        record=record(entry("stored", 31, 40), moved_items=10, moved_bytes=2048, moved_chunks=1, last_key="K"),
        entry=EntryCheck(4, 1),
    )
    text = flat(shown)
    assert "Only its deletes remain: a later run deletes what is hot as it was stored, 4 items;" in text
    assert "rewritten since, so staying: 1 item." in text
    assert "Counted in two tiers: 4 items" in text
    assert "The device is free; it is free since 2026-05-31T23:00:00Z." in text
    assert "Moved below the hot tier: 10 items, 2.0 KiB of JSON, in 1 chunk; the last is K." in text
    assert "Late:" not in text


def test_items_older_than_what_was_moved_are_late_unless_their_chunk_is_under_way() -> None:
    keys = sorted([stamp(50.5), stamp(33), *stamps(0, 30)])
    shown = page(hot=hot(keys), cold=(chunk(31, 60),), record=record())
    assert shown.late == 2
    assert "Late: 2 hot items not newer than what has been moved, which goes up to 2026-05-01T00:00:00Z" in flat(shown)


def test_archived_chunks_are_counted_and_the_next_to_go_is_named() -> None:
    shown = page(
        hot=hot(stamps(0, 30)),
        cold=(chunk(31, 60, 3), chunk(61, 90, 2), chunk(91, 95, 5)),
        archive=(chunk(96, 120, 1),),
    )
    text = flat(shown)
    assert [tier.items for tier in shown.tiers] == [31, 65, 25]
    assert "Cold chunks that end over 90 days ago go to the archive: 1 now, 1 at the next run." in text
    key = "pump-1/2026-02-26T00:00:00Z-2026-03-02T00:00:00Z/chunk-00005.json"
    assert f"The first to go is {key}, due since 2026-05-31T00:00:00Z." in text
    assert "Between the tiers" not in text  # neither gap nor overlap: one item a day throughout


def test_a_chunk_is_due_once_its_end_is_older_than_the_cold_days_to_the_second() -> None:
    shown = page(cold=(chunk(90, 95),))
    assert [shown.due_chunks(NOW + timedelta(seconds=n)) for n in (-1, 0, 1)] == [0, 0, 1]


def test_a_chunk_in_both_object_tiers_and_an_overlap_are_told_apart() -> None:
    interrupted = page(cold=(chunk(61, 90),), archive=(chunk(61, 90),))
    assert interrupted.in_two_tiers == 30
    assert "Counted in two tiers: 30 items" in flat(interrupted)
    assert "before the archive ends" not in flat(interrupted)
    overlapping = page(cold=(chunk(70, 72, 9),), archive=(chunk(61, 90),))
    assert overlapping.in_two_tiers == 0
    assert f"Cold begins at {stamp(72)}, before the archive ends, {stamp(61)}: late items" in flat(overlapping)


def test_a_pause_between_two_tiers_is_told_where_it_is_longer_than_usual() -> None:
    silent = page(hot=hot(stamps(0, 20)), cold=(chunk(31, 60),))
    assert f"No tier holds anything between {stamp(31)} (cold) and {stamp(20)} (hot), 11.0 days;" in flat(silent)
    assert "No tier holds anything" not in flat(page(hot=hot(stamps(0, 27)), cold=(chunk(31, 60),)))
    unseen = page(places=(PLACES[0], Place("cold", "gcp", ""), PLACES[2]), cold=None, archive=(chunk(91, 120),))
    assert "No tier holds anything" not in flat(replace(unseen, facts=replace(unseen.facts, hot=hot(stamps(0, 20)))))


def test_a_bound_on_counting_is_told_as_at_least() -> None:
    keys = stamps(100, 399)
    shown = page(hot=HotItems(keys, 64 * 1024 * 1024, stamp(0), complete=False), cold=(chunk(400, 420, items=None),))
    assert [tier.cells()[2] for tier in shown.tiers] == ["at least 300", "at least 0", "0"]
    assert "are due: at least 300 now, 300 at the next run." in flat(shown)
    assert "were counted up to 64.0 MiB, oldest first" in flat(shown)


def test_a_chunk_archived_behind_a_dead_run_is_known_by_its_receipt() -> None:
    under_way = entry("writing", 31, 40)
    away = (PLACES[0], PLACES[1], Place("archive", "gcp", ""))
    shown = page(
        places=away,
        hot=hot(stamps(0, 40)),
        archive=None,
        record=record(under_way),
        entry=EntryCheck(9, 1, archived=under_way.sha256),
    )
    assert "Its object exists, with this digest: a later run deletes what is hot as it was stored" in flat(shown)
    assert shown.in_two_tiers == 0  # the archive's copy is not counted on this page


def test_a_lease_ended_by_hand_is_not_told_as_free_since_1970() -> None:
    text = flat(page(record=replace(record(), lease_until=NEVER)))
    assert "The device is free; its lease was ended by hand." in text
    assert "1970" not in text


def test_a_hold_is_told_beside_what_expires() -> None:
    held = "Device pump-1 is held since 2026-03-01T12:00:00Z, which stops erase and archive expiry."
    text = flat(page(archive=(chunk(400, 410),), archive_days=365, held=held))
    assert "are deleted: 1 now" in text.partition(held)[0]
