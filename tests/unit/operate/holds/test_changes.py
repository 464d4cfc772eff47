"""Setting and lifting holds: both places, whatever call fails, and what is told of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ConfigurationError, StoreError
from l3kit.operate.holds.changes import hold, release
from l3kit.operate.holds.report import HoldReport, hold_checks, read_holds
from l3kit.session import Session
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.ports import JournalRow
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore
from tests.support.moving import Dead, Killer, refusing

TWIN = Twin.load(Path(__file__).parents[4] / "params" / "twins" / "nyc-weather")
DEVICE = TWIN.devices[0].id
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Cloud:
    """The stores of a cloud, each of which may be stood in for."""

    journal: Any = field(default_factory=MemoryJournalStore)
    archive: Any = field(default_factory=lambda: MemoryObjectStore("archive"))

    def hot_store(self, twin: Twin) -> Any:
        return MemoryHotStore()

    def journal_store(self, twin: Twin) -> Any:
        return self.journal

    def object_store(self, twin: Twin, tier: Any) -> Any:
        return self.archive if tier == "archive" else MemoryObjectStore(tier)

    def session(self) -> Session:
        clouds: Any = dict.fromkeys(TWIN.layout.clouds, self)
        return Session("sandbox", clouds)

    def killed(self, at: int, how: str) -> Session:
        tally = [0]
        return Cloud(Killer(self.journal, tally, at, how), Killer(self.archive, tally, at, how)).session()

    def seen(self) -> HoldReport:
        return read_holds(self.session(), TWIN)


def keep(session: Session, device: str | None = None) -> HoldReport:
    return hold(session, TWIN, device, by="ann", reason="audit 2026", now=lambda: NOON)


@pytest.mark.parametrize("device", [None, DEVICE])
def test_a_hold_is_in_both_places_and_lifted_in_both(device: str | None) -> None:
    cloud = Cloud()
    done = keep(cloud.session(), device)
    assert done.halves == ()
    assert done.summary().startswith(f"nyc-weather: {f'device {device}' if device else 'the twin'} is held now; ")
    assert "since 2026-03-01T12:00:00Z by ann (audit 2026)" in str(done)
    assert list(cloud.archive.objects) == [Holds.key(device)]
    (row,) = done.to_json()["held"]
    assert row["stops"] == ["erase", "archive expiry"]
    (check,) = hold_checks(cloud.seen())
    assert check.passed
    lifted = release(cloud.session(), TWIN, device)
    assert "is lifted; nothing is held" in lifted.summary()
    assert hold_checks(cloud.seen()) == []
    assert cloud.archive.objects == {}


def test_held_again_the_first_hold_stays_and_lifted_again_nothing_happens() -> None:
    cloud = Cloud()
    keep(cloud.session())
    again = hold(cloud.session(), TWIN, by="bob", reason="other", now=lambda: NOON.replace(hour=13))
    assert "was held already; the twin is held since 2026-03-01T12:00:00Z by ann" in again.summary()
    release(cloud.session(), TWIN)
    assert "the twin was not held; nothing is held" in release(cloud.session(), TWIN).summary()


def test_a_hold_without_a_reason_or_of_an_unknown_device_writes_nothing() -> None:
    cloud = Cloud()
    with pytest.raises(ConfigurationError, match="has no reason"):
        hold(cloud.session(), TWIN, reason=" ")
    for work in (lambda: keep(cloud.session(), f"{DEVICE}x"), lambda: release(cloud.session(), TWIN, f"{DEVICE}x")):
        with pytest.raises(ConfigurationError, match=f"is not one of nyc-weather's.*did you mean {DEVICE}"):
            work()
    with pytest.raises(ConfigurationError, match=r"holds in the journal.*nothing was changed.*Connect to"):
        keep(Session("sandbox", {}))
    assert (cloud.journal.rows, cloud.archive.objects) == ({}, {})


def test_a_device_that_only_the_journal_knows_can_be_held() -> None:
    cloud = Cloud()
    cloud.journal.rows["device/former"] = JournalRow(1, {})
    assert keep(cloud.session(), "former").holds.of("former")


CALLS = {"hold": 10, "release": 12}
"""More than each of the two makes."""


@pytest.mark.parametrize("how", ["before", "after", "lost", "refused"])
@pytest.mark.parametrize("device", [None, DEVICE])
@pytest.mark.parametrize("verb", ["hold", "release"])
def test_killed_at_any_call_erase_stays_stopped_and_a_repetition_completes_it(
    verb: str, device: str | None, how: str
) -> None:
    halves = 0
    work: Any = keep if verb == "hold" else (lambda session, device: release(session, TWIN, device))
    for at in range(1, CALLS[verb] + 1):
        cloud = Cloud()
        if verb == "release":
            keep(cloud.session(), device)
        with contextlib.suppress(Dead, StoreError):
            work(cloud.killed(at, how), device)
        seen = cloud.seen()
        if seen.halves:
            halves += 1
            assert "is in the journal alone" in seen.halves[0]
            assert seen.to_json()["held"][0]["stops"] == ["erase"]
            (check,) = hold_checks(seen)
            assert (check.passed, check.seen) == (False, seen.halves[0])
        work(cloud.session(), device)
        left = cloud.seen()
        assert (left.halves, bool(left.holds)) == ((), verb == "hold"), f"call {at}"
    assert halves


@pytest.mark.parametrize(
    ("verb", "store", "method", "told"),
    [("hold", "archive", "create", "expiry is not yet"), ("release", "journal", "swap", "erase is still stopped")],
)
def test_an_error_of_the_second_step_says_what_the_first_one_did(verb: str, store: str, method: str, told: str) -> None:
    cloud = Cloud()
    if verb == "release":
        keep(cloud.session())
    failing = refusing(getattr(cloud, store), method, StoreError("store", "answered 503"))
    other = Cloud(**{"journal": cloud.journal, "archive": cloud.archive, store: failing})
    with pytest.raises(StoreError, match=f"answered 503; .*{told}"):
        keep(other.session()) if verb == "hold" else release(other.session(), TWIN)


def test_a_device_of_l3kit_itself_is_not_among_the_names_to_choose_from() -> None:
    cloud = Cloud()
    cloud.journal.rows["device/~canary"] = JournalRow(1, {})
    with pytest.raises(ConfigurationError, match="Devices: ") as caught:
        keep(cloud.session(), f"{DEVICE}x")
    assert "canary" not in str(caught.value)


def test_what_a_hold_forbids_is_told_with_the_command_that_lifts_it() -> None:
    cloud = Cloud()
    assert cloud.seen().forbids(DEVICE) == ""
    keep(cloud.session(), DEVICE)
    told = cloud.seen().forbids(DEVICE)
    assert told.startswith(f"Device {DEVICE} is held since 2026-03-01T12:00:00Z by ann (audit 2026), which stops ")
    assert told.endswith(f"erase and archive expiry (l3kit hold {DEVICE} --release).")
    keep(cloud.session())
    assert cloud.seen().forbids("another").endswith("(l3kit hold --release).")
