"""A device's page, from facts alone: every state of a move is told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from l3kit.operate.explain import gather as explanation
from l3kit.operate.explain.facts import EntryCheck, HotItems, Place
from l3kit.operate.explain.summary import sized
from l3kit.tiering.journal_record import NEVER
from l3kit.twin.schedules import Schedule
from tests.support.memory_stores import MemoryHotStore, MemoryObjectStore
from tests.unit.operate.explain.pages import NOW, PLACES, chunk, entry, flat, hot, page, record, stamp, stamps


def test_a_device_without_data_says_so_on_one_short_page() -> None:
    text = flat(page())
    assert text.startswith(
        "pump-1 of t at 2026-06-01T00:00:00Z: 0 items hot, 0 items cold, 0 items archive; nothing is under way"
    )
    assert "No chunk is under way. No run has held the device yet." in text
    assert "Both movers run next at 2026-06-01T03:00:00Z, by cron(0 3 * * ? *)." in text
    assert "are due: 0 now, 0 at the next run." in text
    assert "Between the tiers" not in text
    assert "Moved below" not in text


def test_hot_items_are_counted_as_due_now_and_at_the_next_run() -> None:
    # The one that is 30 days old to the second is not older than 30 days yet, but will be three hours later.
    shown = page(hot=hot(stamps(0, 35)))
    text = flat(shown)
    assert "older than 30 days, now 2026-05-02T00:00:00Z, are due: 5 now, 6 at the next run." in text
    assert "The oldest that is not due yet, 2026-05-02T00:00:00Z, becomes due at 2026-06-01T00:00:00Z." in text
    assert (shown.due(NOW), shown.due(NOW + timedelta(days=7))) == (5, 12)
    assert shown.tiers[0].cells()[2:7] == ("36", "-", "1.8 KiB", stamp(35), stamp(0))


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
            7, (chunk(31, 40),), "Its object is there, with this digest: a later run deletes", id="stored-unnoted"
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
    assert "Nobody holds the device; it is free since 2026-05-31T23:00:00Z." in text
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


def test_what_is_out_of_reach_shows_no_zeros() -> None:
    away = (Place("hot", "azure", ""), Place("cold", "gcp", ""), PLACES[2])
    unreached = Schedule("unreached")
    shown = page(places=away, hot=None, cold=None, record=None, schedules=(unreached, unreached))
    text = flat(shown)
    assert "hot not reached, cold not reached, 0 items archive; the journal is not reached" in text
    assert [row.split()[:5] for row in str(shown).splitlines()[3:5]] == [
        ["hot", "azure", "?", "?", "?"],
        ["cold", "gcp", "?", "?", "?"],
    ]
    assert "The journal lies beside the hot tier on azure, out of this session's reach." in text
    assert "Both movers are scheduled on a cloud that this session does not reach." in text
    assert "the cold tier is on gcp" in text
    assert "are due" not in text


def test_a_bound_on_counting_is_told_as_at_least() -> None:
    keys = stamps(100, 399)
    shown = page(hot=HotItems(keys, 64 * 1024 * 1024, stamp(0), complete=False), cold=(chunk(400, 420, items=None),))
    assert [tier.cells()[2] for tier in shown.tiers] == ["at least 300", "at least 0", "0"]
    assert "are due: at least 300 now, 300 at the next run." in flat(shown)
    assert "were counted up to 64.0 MiB, oldest first" in flat(shown)


def test_counting_stops_at_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = stamps(1, 35)
    store, objects = MemoryHotStore(page_items=10), MemoryObjectStore("cold")
    store.devices["pump-1"] = {key: json.dumps({"id": key}).encode() for key in keys}
    for number in (1, 2):
        asyncio.run(objects.create(str(chunk(1, 9, number).key), b"[]x", sha256="d", metadata={"items": "9"}))
    monkeypatch.setattr(explanation, "MAX_HOT_BYTES", 11 * len(json.dumps({"id": keys[0]})))
    monkeypatch.setattr(explanation, "MAX_HEADS", 1)
    read = asyncio.run(explanation._hot_items(store, "pump-1"))
    assert (read.sort_keys, read.last, read.complete) == (keys[:20], keys[-1], False)
    found = asyncio.run(explanation._chunks(objects, "pump-1", []))
    assert [(chunk.items, chunk.bytes) for chunk in found] == [(9, 3), (None, 3)]


def test_an_item_that_cannot_be_moved_is_counted_and_named() -> None:
    keys = stamps(0, 40)
    shown = page(hot=HotItems(keys[1:], 2000, keys[-1], refused=((keys[0], "holds a half of a surrogate pair"),)))
    assert shown.tiers[0].cells()[2:7] == ("41", "-", "2.0 KiB", keys[0], keys[-1])
    assert "1 hot item: cannot be written as JSON, so they never move; the first is" in flat(shown)
    assert not shown.complete
    assert shown.due(NOW) == 9


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
    assert "Its object is there, with this digest: a later run deletes what is hot as it was stored" in flat(shown)
    assert shown.in_two_tiers == 0  # the archive's copy is not counted on this page


def test_a_lease_ended_by_hand_is_not_told_as_free_since_1970() -> None:
    text = flat(page(record=replace(record(), lease_until=NEVER)))
    assert "Nobody holds the device; its lease was ended by hand." in text
    assert "1970" not in text


def test_a_removed_device_is_told_what_becomes_of_its_data() -> None:
    shown = page(
        configured=False,
        hot=hot(stamps(0, 40)),
        record=record(entry("writing", 31, 40)),
        entry=EntryCheck(10, 0),
    )
    assert "The device is no longer in the twin's config: what is hot stays" in flat(shown)
    assert "No run takes it up while the device is not in the twin's config." in flat(shown)
    assert (shown.due(NOW + timedelta(days=999)), "are due" in flat(shown)) == (0, False)


def test_html_escapes_what_devices_are_called_and_json_is_plain() -> None:
    shown = page(device_id="<i>&", hot=hot(stamps(0, 40)), record=record(entry("stored", 31, 40)))
    assert "<i>&" not in shown._repr_html_()
    assert "&lt;i&gt;&amp;" in shown._repr_html_()
    content = json.loads(json.dumps(shown.to_json()))
    assert content["under_way"]["state"] == "stored"
    assert content["due_items"] == {"now": 0, "next_run": 1}
    assert content["tiers"][0]["items"] == 41
    assert repr(shown) == str(shown)


def test_sizes_are_in_binary_units() -> None:
    sizes = (0, 1023, 1024, 1536, 1024**2 - 1, 1024**2, 5 * 1024**2, 2048 * 1024**2)
    assert [sized(size) for size in sizes] == [
        "0 B",
        "1,023 B",
        "1.0 KiB",
        "1.5 KiB",
        "1,024.0 KiB",
        "1.0 MiB",
        "5.0 MiB",
        "2,048.0 MiB",
    ]


def test_a_page_is_complete_only_if_nothing_is_left_out_and_names_what_is() -> None:
    assert page().complete
    assert page().to_json()["gaps"] == []
    away = (replace(PLACES[0], store=""), *PLACES[1:])
    foreign = tuple(("cold", f"pump-1/{number}.txt") for number in range(12))
    shown = page(places=away, hot=None, cold=(chunk(400, 420, items=None),), foreign=foreign)
    assert not shown.complete
    gaps = shown.to_json()["gaps"]
    assert [gap["what"] for gap in gaps[:3]] == [
        "the hot tier",
        "the items of 1 cold chunk",
        "cold object pump-1/0.txt",
    ]
    assert gaps[-1]["what"] == "2 more objects"
    assert all(gap["remedy"] for gap in gaps)
    assert "Left out" in str(shown)


def test_foreign_objects_of_a_device_are_found() -> None:
    objects = MemoryObjectStore("cold")
    asyncio.run(objects.create("pump-1/readme.txt", b"x", sha256="d"))
    asyncio.run(objects.create(str(chunk(1, 9, 1).key), b"[]x", sha256="d", metadata={"items": "9"}))
    foreign: list[tuple[str, str]] = []
    assert len(asyncio.run(explanation._chunks(objects, "pump-1", foreign))) == 1
    assert foreign == [("cold", "pump-1/readme.txt")]
