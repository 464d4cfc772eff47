"""Pausing and resuming: both movers' records, whatever call fails, and what is told of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from l3kit.deploy.plan import Plan, Step
from l3kit.errors import ConfigurationError, StoreError
from l3kit.operate.journal import read_journal
from l3kit.operate.open_twin import OpenTwin
from l3kit.operate.pauses.changes import pause, resume
from l3kit.operate.pauses.report import PauseReport, pause_checks, read_pauses
from l3kit.session import Session
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.ports import JournalRow
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore
from tests.support.moving import Dead, Killer, refusing

TWIN = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
DEVICE = TWIN.devices[0].id
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Cloud:
    """The stores of a cloud, each of which may be stood in for."""

    journal: Any = field(default_factory=MemoryJournalStore)
    cold: Any = field(default_factory=lambda: MemoryObjectStore("cold"))

    def hot_store(self, twin: Twin) -> Any:
        return MemoryHotStore()

    def journal_store(self, twin: Twin) -> Any:
        return self.journal

    def object_store(self, twin: Twin, tier: Any) -> Any:
        return self.cold if tier == "cold" else MemoryObjectStore(tier)

    def store_name(self, twin: Twin, which: str) -> str:
        return f"t-{which}"

    def session(self) -> Session:
        clouds: Any = dict.fromkeys(TWIN.layout.clouds, self)
        return Session("sandbox", clouds)

    def killed(self, at: int, how: str) -> Session:
        tally = [0]
        return Cloud(Killer(self.journal, tally, at, how), Killer(self.cold, tally, at, how)).session()

    def seen(self) -> PauseReport:
        return read_pauses(self.session(), TWIN)


def stop(session: Session, device: str | None = None) -> PauseReport:
    return pause(session, TWIN, device, by="ann", reason="new disks", now=lambda: NOON)


@pytest.mark.parametrize("device", [None, DEVICE])
def test_a_pause_is_found_by_both_movers_and_lifted_for_both(device: str | None) -> None:
    cloud = Cloud()
    done = stop(cloud.session(), device)
    assert done.halves == ()
    assert done.summary().startswith(f"nyc-weather: {f'device {device}' if device else 'the twin'} is paused now; ")
    assert "since 2026-03-01T12:00:00Z by ann (new disks)" in done.summary()
    assert list(cloud.cold.objects) == [Pauses.key(device)]
    (row,) = done.to_json()["paused"]
    assert row["movers"] == ["hot-to-cold-mover", "cold-to-archive-mover"]
    assert "l3kit plan" in str(done)
    resumed = resume(cloud.session(), TWIN, device)
    assert "is resumed; nothing is paused" in resumed.summary()
    assert not cloud.seen().pauses
    assert cloud.cold.objects == {}


def test_paused_again_the_first_pause_holds_and_resumed_again_nothing_happens() -> None:
    cloud = Cloud()
    stop(cloud.session())
    again = pause(cloud.session(), TWIN, by="bob", now=lambda: NOON.replace(hour=13))
    assert "was paused already; the twin is paused since 2026-03-01T12:00:00Z by ann" in again.summary()
    resume(cloud.session(), TWIN)
    assert "the twin was not paused; nothing is paused" in resume(cloud.session(), TWIN).summary()


def test_a_device_that_is_paused_by_itself_stays_so_when_the_twin_is_resumed() -> None:
    cloud = Cloud()
    stop(cloud.session())
    stop(cloud.session(), DEVICE)
    left = resume(cloud.session(), TWIN)
    assert f"device {DEVICE} is paused since" in left.summary()
    assert left.halves == ()
    assert not resume(cloud.session(), TWIN, DEVICE).pauses


@pytest.mark.parametrize("work", [pause, resume])
def test_an_unknown_device_is_refused_with_the_nearest_before_anything_is_written(work: Any) -> None:
    cloud = Cloud()
    with pytest.raises(ConfigurationError, match=f"is not one of nyc-weather's.*did you mean {DEVICE}"):
        work(cloud.session(), TWIN, f"{DEVICE}x")
    assert (cloud.journal.rows, cloud.cold.objects) == ({}, {})


def test_a_paused_device_that_the_config_no_longer_lists_can_be_resumed() -> None:
    cloud = Cloud()
    stop(cloud.session(), DEVICE)
    fewer = replace(TWIN, devices=TWIN.devices[1:])
    assert not resume(cloud.session(), fewer, DEVICE).pauses


def test_where_one_store_is_not_reached_nothing_is_written_and_the_cloud_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"pauses of the hot-to-cold-mover.*nothing was changed.*Connect to"):
        stop(Session("sandbox", {}))
    found = read_pauses(Session("sandbox", {}), TWIN)
    assert not found.complete
    assert "incomplete" in found.summary()


CALLS = {"pause": 8, "resume": 10}
"""More than each of the two makes."""


@pytest.mark.parametrize("how", ["before", "after", "lost", "refused"])
@pytest.mark.parametrize("device", [None, DEVICE])
@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_killed_at_any_call_it_is_told_as_half_done_and_a_repetition_completes_it(
    verb: str, device: str | None, how: str
) -> None:
    halves = 0
    work: Any = stop if verb == "pause" else (lambda session, device: resume(session, TWIN, device))
    for at in range(1, CALLS[verb] + 1):
        cloud = Cloud()
        if verb == "resume":
            stop(cloud.session(), device)
        with contextlib.suppress(Dead, StoreError):
            work(cloud.killed(at, how), device)
        seen = cloud.seen()
        if seen.halves:
            halves += 1
            assert "for the hot-to-cold-mover alone" in seen.halves[0]
            assert "completes what was interrupted" in str(seen)
            (check,) = pause_checks(seen)
            assert (check.passed, check.seen) == (False, seen.halves[0])
        work(cloud.session(), device)
        left = cloud.seen()
        assert (left.halves, bool(left.pauses)) == ((), verb == "pause"), f"call {at}"
    assert halves


@pytest.mark.parametrize(
    ("verb", "store", "method", "told"),
    [("pause", "cold", "create", "cold-to-archive-mover is not yet"), ("resume", "journal", "swap", "is still paused")],
)
def test_an_error_of_the_second_step_says_what_the_first_one_did(verb: str, store: str, method: str, told: str) -> None:
    cloud = Cloud()
    if verb == "resume":
        stop(cloud.session())
    failing = refusing(getattr(cloud, store), method, StoreError("store", "answered 503"))
    other = Cloud(**{"journal": cloud.journal, "cold": cloud.cold, store: failing})
    with pytest.raises(StoreError, match=f"answered 503; .*{told}"):
        stop(other.session()) if verb == "pause" else resume(other.session(), TWIN)


def test_pauses_at_the_same_time_do_not_overwrite_each_other() -> None:
    cloud = Cloud()

    class Racing:
        def __init__(self, own: Any) -> None:
            self.own, self.raced = own, False

        def __getattr__(self, name: str) -> Any:
            return getattr(self.own, name)

        async def swap(self, name: str, row: JournalRow) -> bool:
            if not self.raced:
                self.raced = True
                await self.own.swap(name, JournalRow(1, {"pauses": '[{"device": "x", "since": "2026-01-01T00:00:00Z",'
                                                         ' "by": "", "reason": ""}]'}))  # fmt: skip
            return bool(await self.own.swap(name, row))

    stop(Cloud(Racing(cloud.journal), cloud.cold).session(), DEVICE)
    assert set(cloud.seen().pauses.devices) == {"x", DEVICE}


def test_more_devices_than_one_record_holds_are_refused() -> None:
    cloud = Cloud()
    row = '{"device":"%s","since":"2026-01-01T00:00:00Z","by":"","reason":""}'
    full = f"[{','.join(row % f'{number:0500d}' for number in range(531))}]"
    cloud.journal.rows[Pauses.record] = JournalRow(1, {"pauses": full})
    with pytest.raises(ConfigurationError, match=r"as many as one record can hold.*Pause the whole twin"):
        pause(cloud.session(), TWIN, DEVICE)
    assert (cloud.journal.rows[Pauses.record].version, cloud.cold.objects) == (1, {})


def test_a_damaged_record_is_told_and_written_anew_by_resume() -> None:
    cloud = Cloud()
    cloud.journal.rows[Pauses.record] = JournalRow(4, {"pauses": "?"})
    assert "cannot be read" in cloud.seen().summary()
    assert not resume(cloud.session(), TWIN).pauses
    assert cloud.journal.rows[Pauses.record].version == 5


def test_verify_has_a_check_only_while_something_is_paused() -> None:
    cloud = Cloud()
    assert pause_checks(cloud.seen()) == []
    stop(cloud.session())
    (check,) = pause_checks(cloud.seen())
    assert (check.passed, check.hint) == (True, "")
    assert "paused since 2026-03-01T12:00:00Z by ann" in check.seen


def test_the_journal_and_a_device_s_page_tell_of_a_pause() -> None:
    cloud = Cloud()
    assert cloud.seen().stops(DEVICE) == ""
    stop(cloud.session(), DEVICE)
    assert f"; device {DEVICE} is paused" in read_journal(cloud.session(), TWIN).summary()
    assert read_journal(cloud.session(), TWIN).to_json()["paused"][0]["device"] == DEVICE
    told = cloud.seen().stops(DEVICE)
    assert told.startswith(
        f"Device {DEVICE} is paused since 2026-03-01T12:00:00Z by ann (new disks): hot-to-cold-mover"
    )
    assert told.endswith(f"(l3kit resume {DEVICE}).")
    assert cloud.seen().stops(TWIN.devices[1].id) == ""
    stop(cloud.session())
    assert cloud.seen().stops(DEVICE).endswith("(l3kit resume).")


@pytest.mark.parametrize(
    ("action", "stops", "told"), [("unchanged", True, True), ("unchanged", False, False), ("create", True, False)]
)
def test_a_plan_notes_what_is_paused_where_the_journal_is_there(action: Any, stops: bool, told: bool) -> None:
    cloud = Cloud()
    if stops:
        stop(cloud.session())
    step = Step(action, "table", "t-journal", "", object())  # type: ignore[arg-type]
    noted = OpenTwin(TWIN, cloud.session())._with_pauses(Plan("deploy t", (step,), Path(), ())).notes
    assert bool(noted) is told
    assert not told or "It stays so after apply, until l3kit resume" in noted[0]


def test_a_plan_says_where_it_could_not_find_out() -> None:
    cloud = Cloud()
    denied = Cloud(refusing(cloud.journal, "load", StoreError("journal", "GetItem is not allowed")), cloud.cold)
    step = Step("update", "table", "t-journal", "", object())  # type: ignore[arg-type]
    noted = OpenTwin(TWIN, denied.session())._with_pauses(Plan("deploy t", (step,), Path(), ())).notes
    assert noted == ("Whether movers are paused could not be read: journal: GetItem is not allowed.",)
