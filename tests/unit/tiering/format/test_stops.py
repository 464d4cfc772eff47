"""Stops of pauses and holds, in the two forms in which functions find them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.format.chunks import is_own_key
from l3kit.tiering.format.pauses import NOTHING, Pause, Pauses
from l3kit.tiering.ports import JournalRow, ObjectInfo

SINCE = datetime(2026, 3, 1, 10, tzinfo=UTC)
TWIN, DEVICE = Pause(SINCE, "ann", "new disks"), Pause(SINCE, "bob")
BOTH = Pauses(TWIN, {"pump-1": DEVICE})
IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def listed(*keys: str) -> Pauses:
    return Pauses.of_objects([ObjectInfo(key, 2, "e", SINCE) for key in keys])


@pytest.mark.parametrize("pauses", [NOTHING, BOTH, Pauses(TWIN), Pauses(None, {"a": DEVICE, "b": TWIN})])
def test_a_record_reads_back_as_it_was_written(pauses: Pauses) -> None:
    assert Pauses.of_row(pauses.row_after(None)) == pauses
    assert pauses.row_after(JournalRow(7, {})).version == 8


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        *({"pauses": text} for text in ("{", 5, "5", "[5]", '[{"device": "a"}]')),
        {"pauses": '[{"device": 5, "since": "2026-03-01T10:00:00Z", "by": "", "reason": ""}]'},
    ],
)
def test_a_damaged_record_pauses_the_twin_and_says_so(attributes: dict[str, str]) -> None:
    found = Pauses.of_row(JournalRow(3, attributes))
    assert found.twin is not None
    assert found.twin.reason == Pauses.unreadable
    assert found.of("any") is found.twin


@given(IDS)
def test_a_key_tells_its_device_and_is_one_of_l3kit_s_own(device: str) -> None:
    key = Pauses.key(device)
    assert list(listed(key).devices) == [device]
    assert is_own_key(key)
    assert listed(key).twin is None


def test_the_device_that_is_called_twin_is_not_the_twin() -> None:
    assert listed(Pauses.key("twin")) == Pauses(None, {"twin": Pause(SINCE)})
    assert listed(Pauses.key(None)) == Pauses(Pause(SINCE))


def test_other_objects_are_no_pauses() -> None:
    assert not listed("_l3kit/paused/", "_l3kit/paused/x.json", "_l3kit/paused/devices/x", "d/a-b/chunk-00001.json")


def test_a_pause_of_the_twin_stops_every_device_and_hides_none() -> None:
    assert BOTH.of("pump-2") == TWIN
    assert BOTH.exactly("pump-1") == DEVICE
    assert BOTH.changed(None, None).of("pump-2") is None
    assert BOTH.changed(None, None).of("pump-1") == DEVICE
    assert BOTH.changed("pump-1", None) == Pauses(TWIN)


def test_the_sentence_says_who_since_when_and_why() -> None:
    assert BOTH.summary() == (
        "the twin is paused since 2026-03-01T10:00:00Z by ann (new disks); "
        "device pump-1 is paused since 2026-03-01T10:00:00Z by bob"
    )
    many = Pauses(None, {f"d{number:02d}": DEVICE for number in range(12)})
    assert many.summary() == "12 devices are paused: " + ", ".join(f"d{n:02d}" for n in range(10)) + " and 2 more"
    assert NOTHING.summary() == ""
