"""Runs of both movers as tables and as a verdict, and the check that no item is lost or doubled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from l3kit.errors import CheckFailedError
from l3kit.operate.inventory import Holding, TiersReport
from l3kit.operate.movers import MoverRun
from l3kit.operate.runs import MoverRuns, check_conserved
from tests.unit.operate.mover_reports import report


def test_runs_are_shown_checked_and_summed() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    run = (moment, MoverRun("hot", (report(),)), MoverRun("cold", (report(items=3),)))
    good = MoverRuns((run,), ((moment, "cold", 5),))
    assert list(good.to_frame().iloc[0]) == ["2026-03-01", 5, 1, "complete", 3, 1, "complete"]
    assert good.to_json()["summary"] == good.summary() == "5 items moved to cold, 3 to archive, in 1 scheduled run"
    assert str(good).startswith(good.summary())
    good.raise_if_failed()
    bad = MoverRuns(((moment, MoverRun("hot", (report("partial"),)), run[2]),), ((moment, "hot", 6),))
    with pytest.raises(CheckFailedError, match="1 run is not complete"):
        bad.raise_if_failed()
    both = good + bad
    assert list(both) == [*good.runs, *bad.runs]
    assert both.history_frame().to_numpy().tolist() == [[moment, "cold", 5], [moment, "hot", 6]]


def test_what_is_not_named_in_an_error_is_counted() -> None:
    moment, told = datetime(2026, 3, 1, tzinfo=UTC), report("partial")
    told["devices"][0]["skipped"] = [{"key": f"k{number}", "reason": "odd"} for number in range(8)]
    with pytest.raises(CheckFailedError, match=r"k4: odd; and 3 more, which the runs' tables name") as raised:
        MoverRuns(((moment, MoverRun("hot", (told,)), MoverRun("cold", (report(),))),)).raise_if_failed()
    assert "k5" not in str(raised.value)


def held(device: str, tier: str, items: int) -> Holding:
    return Holding(device, tier, items, 1, 1, "", "")


def test_items_that_are_lost_or_doubled_fail_the_check() -> None:
    before = TiersReport((held("a", "hot", 5), held("b", "hot", 6)))
    after = TiersReport((held("a", "hot", 3), held("a", "cold", 2), held("b", "cold", 6)))
    assert list(check_conserved(before, after)["difference"]) == [0, 0]
    with pytest.raises(CheckFailedError, match=r"items lost or doubled: \{'b': -6\}"):
        check_conserved(before, TiersReport(after.holdings[:2]))
