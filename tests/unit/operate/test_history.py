"""The history of runs: what the stored reports say, and what needs doing first."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from l3kit.errors import ConfigurationError, L3Error, StoreError
from l3kit.operate.history import reading
from l3kit.operate.history.answer import Finding, Lag, PastRun, RunHistory
from l3kit.operate.history.reading import Stored, history_of, runs
from l3kit.operate.history.todo import Situation, findings
from l3kit.operate.stopping import change_record, put_object
from l3kit.operate.tier_stores import TierStores
from l3kit.session import Session
from l3kit.tiering.format.holds import Hold, Holds
from l3kit.tiering.format.pauses import Pause, Pauses
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX as COLD_REPORTS
from l3kit.tiering.movers.hot_to_cold import REPORT_PREFIX, read_report
from l3kit.tiering.ports import JournalRow
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.twin.config import Twin
from l3kit.twin.layout import MOVERS
from l3kit.twin.schedules import Schedule
from tests.support import archiving
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import NOW, World, item, readings, refusing

HOT, COLD = MOVERS
_WEATHER = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
TWIN = replace(_WEATHER, config=_WEATHER.config.model_copy(update={"hot_storage_size_in_days": 30}))
A, B, C = (device.id for device in TWIN.devices)
LONG_AGO = NOW - timedelta(days=365)


def read(stores: TierStores, since: datetime = LONG_AGO) -> Stored:
    return asyncio.run(history_of(stores, TWIN, since, MOVERS, NOW))


def moved() -> tuple[World, TierStores]:
    """A world in which the one mover ran three times, of which the second failed, and the other once."""
    world, cold = World(), archiving.World()
    world.put(A, *readings(A, 50))
    world.now = NOW - timedelta(days=3)
    world.move(A)
    world.put(A, item(A, 3))
    world.now = NOW - timedelta(days=2)
    world.move(A, cold=refusing(world.cold, "create", StoreError("cold", "is full")))
    world.now = NOW - timedelta(days=1)
    world.move(A)
    archiving.put(cold.cold, archiving.key_of(100, A))
    cold.run()
    return world, TierStores(world.hot, world.journal, cold.cold, None)


def test_each_stored_report_is_a_run_the_newest_first() -> None:
    found = read(moved()[1])
    past = found.runs
    assert [(run.mover, run.verdict, run.items) for run in past] == [
        (COLD, "complete", 1),
        (HOT, "complete", 1),
        (HOT, "failed", 0),
        (HOT, "complete", 50),
    ]
    assert "is full" in past[2].first_reason
    assert (past[2].skipped, past[0].skipped, found.gaps) == (1, 0, [])


def test_older_runs_are_left_out_without_being_read() -> None:
    world, stores = moved()
    world.journal.usage.requests.clear()
    found = read(stores, NOW - timedelta(days=1, hours=1))
    assert [run.mover for run in found.runs] == [COLD, HOT]
    assert world.journal.usage.requests == {"get": 3}, "a report, the pauses and the holds"
    assert found.kept[HOT] == (NOW - timedelta(days=3), NOW - timedelta(days=1)), "by their names"


def test_a_report_that_cannot_be_read_is_a_gap_and_hides_no_other() -> None:
    world, stores = moved()
    world.journal.rows[f"{REPORT_PREFIX}2026-02-27T00:00:00Z-x"] = JournalRow(1, {"report": "none"})
    archiving.put(stores.cold, f"{COLD_REPORTS}odd.json", b"[]")  # type: ignore[arg-type]
    (name, *_) = (name for name in world.journal.rows if name.startswith(REPORT_PREFIX))
    other = {**read_report(world.journal.rows[name]), "function": "another"}
    row = JournalRow(1, {"report": zlib.compress(orjson.dumps(other))})
    world.journal.rows[f"{REPORT_PREFIX}2026-02-27T00:00:00Z-y"] = row
    found = read(stores)
    assert len(found.runs) == 4
    assert [gap.what for gap in found.gaps] == [f"2 reports of the {HOT}", f"1 report of the {COLD}"]


def test_what_is_not_reached_is_a_gap() -> None:
    found = read(TierStores(None, None, None, None))
    assert (found.runs, found.lags, found.kept) == ([], [], {})
    assert [gap.what for gap in found.gaps] == [f"runs of the {HOT}", f"runs of the {COLD}"]


def test_each_device_s_oldest_item_that_can_be_moved_tells_its_lag() -> None:
    world = World()
    world.put(A, item(A, 60 * 24 * 20), item(A, 60 * 24 * 50))
    world.put(B, item(B, 0))
    world.hot.devices[B]["0001-not-a-time"] = b"{}"
    world.put(C, item(C, 60 * 24 * 50))
    lags = read(TierStores(world.hot, world.journal, world.cold, None)).lags
    assert [(lag.device, lag.days_over) for lag in lags] == [(B, 29.0), (A, 9.0), (C, -21.0)]


def test_runs_of_one_second_are_in_the_order_of_the_times_that_they_stand_for() -> None:
    world, cold = World(), archiving.World()
    for _ in range(3):
        world.move(A)
        cold.run()
    for number, (name, row) in enumerate(sorted(world.journal.rows.items())):
        if name.startswith(REPORT_PREFIX):
            report = {**read_report(row), "cutoff": f"2026-01-{10 + number:02d}T00:00:00Z"}
            world.journal.rows[name] = JournalRow(1, {"report": zlib.compress(orjson.dumps(report))})
    found = read(TierStores(world.hot, world.journal, cold.cold, None)).runs
    hot = [run.cutoff for run in found if run.mover == HOT]
    assert hot == sorted(hot, reverse=True)
    assert len(set(hot)) == 3
    assert found[0].mover == COLD, "of one time, the mover that runs later"


# --- what needs doing


def past(verdict: str, hours_ago: float, mover: str = HOT, reason: str = "") -> PastRun:
    return PastRun(NOW - timedelta(hours=hours_ago), mover, verdict, 1, 1, 9, 2.0, 0, int(bool(reason)), "r", reason)


def todo(*past_runs: PastRun, **more: Any) -> list[Finding]:
    starts = {mover: [run.started for run in past_runs if run.mover == mover] for mover in MOVERS}
    kept = {mover: (min(times), max(times)) for mover, times in starts.items() if times}
    return list(findings(Situation(**{"now": NOW, "runs": past_runs, "kept": kept, **more})))


def test_nothing_needs_doing_where_all_is_well() -> None:
    daily = {HOT: Schedule("on", "rate(1 day)")}
    lags = [Lag(A, NOW, timedelta(days=1)), Lag(B, NOW, timedelta(days=-9))]
    assert todo(past("complete", 5), past("failed", 30), schedules=daily, lags=lags) == []
    assert todo(past("partial", 5), past("complete", 30)) == [], "once may mend itself"
    assert todo() == []


def test_a_failed_run_comes_first_with_its_reason() -> None:
    (found,) = todo(past("failed", 5, reason="d: is full"), past("complete", 30))
    assert (found.what, found.why) == (f"the {HOT} failed", "at 2026-02-28T19:00:00Z: d: is full")
    assert f"l3kit run {HOT}" in found.remedy


def test_a_mover_that_fails_night_after_night_is_told_with_its_first_failure() -> None:
    (found,) = todo(*(past("failed", 24 * n + 5, reason="d: is full") for n in range(9)), past("complete", 999))
    assert found.why == "at 2026-02-28T19:00:00Z, and each of the 9 runs since 2026-02-20T19:00:00Z: d: is full"


def test_a_mover_that_its_deadline_ends_again_and_again_does_not_keep_up() -> None:
    runs = [past("deadline", hours) for hours in (1, 2, 3)]
    (found,) = todo(*runs)
    assert found.what == f"the {HOT} does not keep up"
    assert found.why.startswith("the deadline ended its last 3 runs, since 2026-02-28T21:00:00Z")
    assert todo(*runs[:2]) == [], "the next run goes on"


def test_partial_twice_is_told_and_a_paused_run_between_changes_nothing() -> None:
    (found,) = todo(past("partial", 1, reason="x: why"), past("paused", 2), past("partial", 3))
    assert found.what == f"the {HOT} ended partial twice"
    assert found.why == (
        "its last 2 runs left something, since 2026-02-28T21:00:00Z; the last one left 1, first x: why"
    )
    (found,) = todo(past("partial", 1, reason="x: why"), past("failed", 2), past("partial", 3))
    assert found.what == f"the {HOT} ended partial 3 times in a row"
    assert todo(past("partial", 1, HOT), past("partial", 1, COLD)) == [], "each mover by itself"


@pytest.mark.parametrize(
    ("expression", "hours_ago", "missed"),
    [
        ("rate(1 day)", 24.5, False),
        ("rate(1 day)", 25.5, True),
        ("rate(1 hour)", 1.5, False),
        ("rate(1 hour)", 3, True),
        ("cron(0 3 * * ? *)", 20, False),
        ("cron(0 3 * * ? *)", 30, True),
        ("cron(0 3 L * ? *)", 3000, False),
    ],
)
def test_a_run_that_its_schedule_missed_is_told(expression: str, hours_ago: float, missed: bool) -> None:
    found = todo(past("complete", hours_ago), schedules={HOT: Schedule("on", expression)})
    assert [one.what for one in found] == [f"the {HOT} did not run when it should have"] * missed
    assert todo(past("complete", hours_ago), schedules={HOT: Schedule("fired", expression)}) == []
    asked_for = todo(past("complete", hours_ago), runs=(), schedules={HOT: Schedule("on", expression)})
    assert asked_for == found, "a run that was not asked for is known all the same"


def test_a_mover_that_never_ran_is_told_once_it_should_have() -> None:
    daily, lag = {mover: Schedule("on", "rate(1 day)") for mover in MOVERS}, Lag(A, NOW, timedelta(days=5))
    assert todo(schedules=daily) == [], "the twin may be new"
    late, lags = todo(schedules=daily, lags=[lag])
    assert (late.what, lags.what) == (f"the {HOT} has never run", "1 device lags behind")
    assert late.why == (
        "No report of it is kept, and items have been due for up to 5.0 days; its schedule is rate(1 day)"
    )
    assert todo(past("complete", 20), schedules=daily) == []
    (found,) = todo(*(past("complete", hours) for hours in (5, 29)), schedules=daily)
    assert found.what == f"the {COLD} has never run"
    assert f"while the {HOT} has run since 2026-02-27T19:00:00Z" in found.why
    assert "l3kit verify" in found.remedy
    fired = dict.fromkeys(MOVERS, Schedule("fired", "rate(1 day)"))
    assert [one.what for one in todo(schedules=fired, lags=[lag])] == ["1 device lags behind"]


@pytest.mark.parametrize("state", ["off", "missing"])
def test_a_schedule_that_runs_nothing_is_told(state: Any) -> None:
    (found,) = todo(schedules={COLD: Schedule(state)})
    assert found.what.startswith(f"the schedule of the {COLD} is ")


def test_lags_dead_letters_and_pauses_are_told_in_this_order() -> None:
    pauses = Pauses(None, {B: Pause(NOW, "ann")})
    lags = [Lag(A, NOW, timedelta(days=5)), Lag(B, NOW, timedelta(days=4)), Lag(C, NOW, timedelta(days=1))]
    letters = {"no-time": 2, "unknown-device": 1}
    found = todo(lags=lags, letters=letters, pauses=pauses)
    assert [one.what for one in found] == ["1 device lags behind", "dead letters", "paused devices"]
    assert found[0].why == f"up to 5.0 days beyond the twin's days for the hot tier: {A}"
    assert found[0].remedy.startswith(f"l3kit explain {A} shows why")
    assert found[1].why == "3 messages: 2 no-time, 1 unknown-device"
    assert todo(letters=letters, more_letters=True)[0].why.startswith("at least 3 messages")
    assert f"Device {B} is paused since" in found[2].why
    assert found[2].why.endswith(f"; what waits in the hot tier has been due for up to 4.0 days: {B}")
    assert found[2].remedy == f"l3kit resume {B}, once the reason is gone"


def test_a_hold_is_told_so_that_nobody_forgets_it() -> None:
    (found,) = todo(holds=Holds(None, {B: Hold(NOW, "ann", "audit 2026")}))
    assert (found.what, found.remedy) == ("held devices", f"l3kit hold {B} --release, once the reason is gone")
    assert found.why.startswith(f"Device {B} is held since ")
    assert found.why.endswith(" by ann (audit 2026): nothing of it is erased, and nothing expires")
    (found,) = todo(holds=Holds(Hold(NOW), {B: Hold(NOW)}))
    assert (found.what, found.remedy) == ("the twin is held", "l3kit hold --release, once the reason is gone")
    (found,) = todo(holds=Holds(None, {B: Hold(NOW), C: Hold(NOW)}))
    assert found.remedy == "l3kit hold DEVICE --release, once the reason is gone"


def test_holds_of_the_journal_are_read_and_where_data_expire_those_of_the_archive_too() -> None:
    world, stores = moved()
    archive = MemoryObjectStore("archive")
    asyncio.run(change_record(world.journal, Holds, A, lambda there: Hold(NOW), instead=""))
    asyncio.run(put_object(archive, Holds, B, Hold(NOW)))
    assert set(read(stores).holds.devices) == {A}
    every = TierStores(stores.hot, stores.journal, stores.cold, archive)
    found = asyncio.run(history_of(every, TWIN, LONG_AGO, (*MOVERS, EXPIRER), NOW))
    assert set(found.holds.devices) == {A, B}


def test_a_paused_twin_is_told_with_what_waits_and_half_a_pause_with_what_completes_it() -> None:
    lags = [Lag(A, NOW, timedelta(days=5)), Lag(B, NOW, timedelta(days=1))]
    (found,) = todo(lags=lags, pauses=Pauses(Pause(NOW, "ann"), {C: Pause(NOW)}))
    assert (found.what, found.remedy) == ("paused movers", "l3kit resume, once the reason is gone")
    assert found.why.endswith(f"due for up to 5.0 days: {A}")
    (found,) = todo(pauses=Pauses(None, {B: Pause(NOW), C: Pause(NOW)}))
    assert found.remedy == "l3kit resume DEVICE, once the reason is gone"
    half = "the twin is paused for the hot-to-cold-mover alone"
    (found,) = todo(pauses=Pauses(Pause(NOW)), halves=[half])
    assert (found.what, found.why) == ("a pause is half done", half)


# --- the answer


def test_the_answer_has_findings_first_then_runs_then_lags() -> None:
    found = RunHistory(
        "t", LONG_AGO, (past("failed", 1, reason="x"), past("complete", 2)), (Lag(A, NOW, timedelta(days=3)),),
        tuple(todo(past("failed", 1, reason="x"))),
    )  # fmt: skip
    assert found.summary() == (
        "t: 2 runs since 2025-03-01T00:00:00Z: 1 complete, 1 failed; 2 items moved; 1 thing needs doing"
    )
    assert [shown.title for shown in found.sheet().tables] == [
        "What needs doing first", "Runs, the newest first", "Oldest hot item of each device",
    ]  # fmt: skip
    assert list(found.to_frame()["verdict"]) == ["failed", "complete"]
    assert list(found.lags_frame()["days over"]) == [3.0]
    told = found.to_json()
    assert (told["runs"][0]["first_reason"], told["lags"][0]["device"], len(told["findings"])) == ("x", A, 1)
    assert "nothing needs doing" in RunHistory("t", LONG_AGO, ()).summary()


def test_what_has_expired_was_not_moved() -> None:
    found = RunHistory("t", LONG_AGO, (past("complete", 1), replace(past("complete", 2), mover=EXPIRER, items=7)))
    assert "2 complete; 1 item moved, 7 items expired; nothing needs doing" in found.summary()


def test_of_a_session_that_reaches_nothing_everything_is_a_gap() -> None:
    found = runs(Session("sandbox", {}), TWIN, now=NOW)
    assert (found.runs, found.complete) == ((), False)
    assert found.since == NOW - timedelta(days=30)


@pytest.mark.parametrize(("given", "error"), [({"since": "soon"}, ConfigurationError), ({"mover": "x"}, L3Error)])
def test_a_wrong_choice_is_refused(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        runs(Session("sandbox", {}), TWIN, **given)


def test_more_reports_than_the_limit_leave_the_oldest_out_and_say_so() -> None:
    gaps: list[Any] = []

    async def nothing(name: str) -> None:
        return None

    names = [f"{number:05d}" for number in range(reading.MAX_REPORTS + 5)]
    assert asyncio.run(reading._read_all(names, nothing, HOT, gaps)) == []
    assert gaps[0].what == f"5 older runs of the {HOT}"
