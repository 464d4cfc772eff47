"""What is run, what is printed, and the naive mover measured for real on a little data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.bench import parse, planned, ratios, table
from benchmarks.cells import Cell, Result, bare_peak_mb, measure

GOOD = {"items": 10, "equal": 10, "altered": 0, "lost": 0, "left": 0, "extra": 0, "objects": 1, "stored_bytes": 9}
L3KIT = Result("l3kit", 10, True, 1.0, 2.0, 100.0, 80.0, {"Query": 4}, GOOD)
NAIVE = replace(L3KIT, mover="naive", cpu_seconds=12.5, wall_seconds=40.0, verdict={**GOOD, "equal": 0, "altered": 10})


def test_default_plan_leaves_out_only_the_slowest_cell() -> None:
    cells = planned(parse([]))
    assert len(cells) == 7
    assert Cell("naive", 100, True) not in cells
    assert len(planned(parse(["--full"]))) == 8


def test_options_narrow_the_plan() -> None:
    assert planned(parse(["--size", "10", "--latency", "on", "--mover", "l3kit"])) == [Cell("l3kit", 10, True)]
    assert Cell("naive", 100, True) in planned(parse(["--size", "100"]))


def test_unknown_size_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--size", "11"])
    assert "choose from 10, 100" in capsys.readouterr().err.replace("'", "")


def test_ratios_are_of_the_same_run_and_tell_missed_goals() -> None:
    found = {str(r["what"]): (r["value"], r["met"]) for r in ratios([NAIVE, L3KIT])}
    assert found == {
        "10 MB, with latency: naive CPU / l3kit CPU": (12.5, True),
        "10 MB, with latency: naive wall / l3kit wall": (20.0, False),
        "10 MB, with latency: l3kit MB above bare": (80.0, True),
    }


def test_only_an_exact_move_counts_as_exact() -> None:
    assert L3KIT.exact
    assert not NAIVE.exact
    assert not replace(L3KIT, verdict={**GOOD, "extra": 1}).exact
    assert "10/     10" in table([L3KIT])


@pytest.mark.slow
def test_naive_mover_empties_the_table_and_alters_every_item() -> None:
    result = measure(Cell("naive", 1, False), bare_peak_mb())
    assert result.verdict["altered"] == result.verdict["items"] == 3_000
    assert result.verdict["left"] == result.verdict["lost"] == 0
    assert result.requests["BatchWriteItem"] == 120
    assert result.cpu_seconds > 0.3
    assert 20 < result.above_bare_mb < 300
