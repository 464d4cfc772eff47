"""Holds, in the two forms in which erase and expiry find them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.format.chunks import is_own_key
from l3kit.tiering.format.holds import Hold, Holds
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.ports import JournalRow, ObjectInfo

SINCE = datetime(2026, 3, 1, 10, tzinfo=UTC)
HOLD = Hold(SINCE, "ann", "audit 2026")
IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def test_a_record_reads_back_as_it_was_written() -> None:
    both = Holds(HOLD, {"pump-1": Hold(SINCE)})
    assert Holds.of_row(both.row_after(None)) == both
    assert both.summary().startswith("the twin is held since 2026-03-01T10:00:00Z by ann (audit 2026); device pump-1")


def test_a_damaged_record_holds_the_twin_and_says_so() -> None:
    held = Holds.of_row(JournalRow(3, {"holds": '[{"device": 5}]'})).of("any")
    assert held is not None
    assert held.reason == Holds.unreadable


def test_a_pause_is_no_hold_and_a_hold_no_pause() -> None:
    assert not Holds.of_objects([ObjectInfo(Pauses.key("a"), 2, "e", SINCE)])
    assert not Pauses.of_objects([ObjectInfo(Holds.key("a"), 2, "e", SINCE)])
    assert Holds.record != Pauses.record


@given(IDS, IDS)
def test_a_held_device_holds_no_other(device: str, other: str) -> None:
    listed = Holds.of_objects([ObjectInfo(Holds.key(device), 2, "e", SINCE)])
    assert is_own_key(Holds.key(device))
    assert (listed.of(other) is not None) == (other == device)
