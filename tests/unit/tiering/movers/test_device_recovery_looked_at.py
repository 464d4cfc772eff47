"""What was noted is looked at: objects that are gone, and records that were altered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from l3kit.tiering.format.chunks import encode_sort_keys, parse_object_key
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import World, item, killed_world, readings
from tests.support.records import (
    CALLS,
    WANTED,
    alter,
    archive_all,
    hot_items,
    open_state,
    stopped_before_its_deletes,
    under_way,
)

# --- objects that are gone ----------------------------------------------------------------------------------------


def test_of_an_object_that_was_removed_after_a_crash_no_item_is_deleted_that_is_still_hot() -> None:
    seen = set()
    for how in ("before", "after"):
        for at in range(1, CALLS + 1):
            world, _ = killed_world(at, how)
            found = under_way(world)
            if found is None or str(found[1]) not in world.cold.objects:
                continue
            state = open_state(world)
            seen.add(state)
            del world.cold.objects[str(found[1])]
            left = world.everywhere()
            report = world.move("a", "b")
            assert world.everywhere() == left, f"{how} call {at}, {state}"
            assert hot_items(world) == Counter(), f"{how} call {at}, {state}: {report.to_json()}"
            lost = left != WANTED
            told = [one.reason for device in report.devices for one in device.skipped]
            assert bool(told) == lost, f"{how} call {at}: {report.to_json()}"
            assert not lost or "is no longer in the cold tier" in told[0]
            assert world.move("a", "b").verdict == "complete"
    assert seen == {"writing", "stored"}


def test_other_content_under_a_stored_chunks_key_is_left_and_told_and_the_items_are_moved_anew() -> None:
    cases = 0
    for at in range(1, CALLS + 1):
        world, _ = killed_world(at, "after")
        found = under_way(world)
        if found is None or open_state(world) != "stored" or hot_items(world) & WANTED != hot_items(world):
            continue
        info, _ = world.cold.objects[str(found[1])]
        world.cold.objects[str(found[1])] = (replace(info, sha256="f" * 64), b"[]")
        left = world.everywhere()
        report = world.move("a", "b")
        assert world.everywhere() == left, f"call {at}"
        assert world.cold.objects[str(found[1])][1] == b"[]"
        assert any("holds other content, with the digest fff" in note for d in report.devices for note in d.notes)
        cases += 1
    assert cases > 5


def test_a_chunk_that_was_archived_meanwhile_is_completed_by_its_receipt() -> None:
    cases = 0
    for at in range(1, CALLS + 1):
        world, _ = killed_world(at, "after")
        found = under_way(world)
        if found is None or str(found[1]) not in world.cold.objects:
            continue
        archive = MemoryObjectStore("archive", "archive")
        archive_all(world.cold, archive)
        assert str(found[1]) not in world.cold.objects
        world.move("a", "b")
        stored = Counter(
            json.dumps(one, separators=(",", ":"))
            for store in (world.cold, archive)
            for key, body in store.bodies().items()
            if parse_object_key(key)
            for one in json.loads(body)
        )
        assert stored == WANTED, f"call {at}"
        cases += 1
    assert cases > 10


# --- records that were altered ------------------------------------------------------------------------------------


def each_open_entry(change: Callable[[World, str], None]) -> list[tuple[int, World, Any]]:
    """After a crash at each call that leaves an entry open: the record changed, then a run."""
    made = []
    for how in ("before", "after"):
        for at in range(1, CALLS + 1):
            world, _ = killed_world(at, how)
            if (found := under_way(world)) is not None:
                change(world, found[0])
                made.append((at, world, world.move("a", "b")))
    assert len(made) > 20
    return made


@pytest.mark.parametrize("state", ["writing", "stored"])
def test_a_state_altered_by_hand_loses_and_doubles_nothing(state: str) -> None:
    for at, world, report in each_open_entry(lambda world, name: alter(world, name, entry_state=state)):
        assert world.everywhere() == WANTED, f"call {at}"
        assert report.verdict == "complete"


def test_an_altered_digest_loses_nothing_and_doubles_only_what_was_half_deleted() -> None:
    for at, world, _ in each_open_entry(lambda world, name: alter(world, name, entry_sha256="0" * 64)):
        found = world.everywhere()
        assert found.keys() == WANTED.keys(), f"call {at}"
        doubled = sum(count - 1 for count in found.values())
        assert doubled == 0 or doubled < 20, f"call {at}"


def test_an_altered_digest_of_a_chunk_whose_items_are_all_hot_doubles_nothing() -> None:
    world = stopped_before_its_deletes()
    alter(world, entry_sha256="0" * 64)
    report = world.move("a")
    assert world.everywhere() == Counter(one.decode() for one in readings("a", 60))
    assert "with another digest than the recorded one" in report.devices[0].notes[0]


GARBAGE: list[dict[str, Any]] = [
    {"entry_sort_keys": b"\x00garbage"},
    {"entry_sort_keys": encode_sort_keys(["2026-01-01T00:00:00Z"])},
    {"entry_sort_keys": b"("},
    {"entry_crcs": b"123"},
    {"entry_crcs": b""},
    {"entry_items": 3},
    {"entry_number": 7},
    {"entry_start": "2025"},
    {"entry_sha256": "abc"},
    {"entry_state": "finished"},
    {"lease_until": "soon"},
    {"next_number": "two"},
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: str(next(iter(garbage.items())))[:40])
def test_garbage_in_a_record_stops_that_device_alone_in_the_journals_own_words(garbage: dict[str, Any]) -> None:
    world = stopped_before_its_deletes()
    world.put("b", *readings("b", 5))
    alter(world, **garbage)
    before = world.hot.devices["a"].copy()
    report = world.move("a", "b")
    (bad,) = [device for device in report.devices if device.skipped]
    assert (bad.device_id, report.verdict) == ("a", "partial")
    assert "journal:" in bad.skipped[0].reason
    assert "Another program changed it" in bad.skipped[0].reason
    assert (world.hot.devices["a"], world.hot.devices["b"]) == (before, {})


def test_a_next_number_lowered_by_hand_is_put_right_by_what_the_record_says_besides() -> None:
    world = World()
    for minute in range(3):
        world.put("a", item("a", minute))
        world.move("a")
    alter(world, next_number=1)
    world.put("a", item("a", 9))
    (key,) = world.move("a").devices[0].keys
    assert parse_object_key(key).number == 4  # type: ignore[union-attr]
