"""What is run with limits and without, how they are compared, and a quick run for real."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.beside import Beside
from benchmarks.limited import QUICK, beside_lines, main, parse, rows, summary, to_json
from benchmarks.limited_cells import Load, Pair, Run
from benchmarks.rates.dynamodb import ON_DEMAND

VERDICT = {"items": 300, "equal": 300, "altered": 0, "lost": 0, "left": 0, "extra": 0}
TAKEN = {("write", "hot", "station-00"): 30_000.0}
FREE = Run("l3kit", Load(10, 1), "off", 2.0, 0.5, 40.0, {"Query": 100}, {}, TAKEN, VERDICT, "complete")  # type: ignore[arg-type]
LIMITED = replace(FREE, limits="on-demand", wall=58.0, cpu=1.5, requests={"Query": 250}, throttled={"Query": 140})


def test_ideal_is_the_larger_of_what_the_limits_and_the_run_without_need() -> None:
    pair = Pair(ON_DEMAND, FREE, LIMITED)
    assert pair.ideal_wall == 29.0
    assert (pair.wall_ratio, pair.request_ratio, pair.cpu_ratio) == (2.0, 2.5, 3.0)
    slow = Pair(ON_DEMAND, replace(FREE, wall=58.0), LIMITED)
    assert (slow.ideal_wall, slow.wall_ratio) == (58.0, 1.0)


def test_both_runs_are_shown_and_the_ratios_with_the_limited_one() -> None:
    free, limited = rows(Pair(ON_DEMAND, FREE, LIMITED))
    assert free == "| 1 | l3kit | off | 2.0 | | | 0.50 |  | 100 | | | 0 | 40 | 300 of 300 | 300 |"
    told = (
        "| 1 | l3kit | on-demand | 58.0 | 29.0 | 2.00 | 1.50 | 3.00 | 250 | 100 | 2.50 | 140 | 40 | 300 of 300 | 300 |"
    )
    assert limited == told
    assert "4,000 and 12,000 (on-demand)" in summary(ON_DEMAND)


def test_results_are_json_with_all_runs_and_ratios() -> None:
    told = json.loads(json.dumps(to_json(Pair(ON_DEMAND, FREE, LIMITED))))
    assert told["limited"]["throttled"] == {"Query": 140}
    assert told["free"]["taken"] == [["write", "hot", "station-00", 30_000.0]]
    assert (told["wall_ratio"], told["exact"]) == (2.0, True)


def test_what_the_devices_own_writers_got_is_told_of_both_runs() -> None:
    got = Beside(wanted=1000, put=900, first=450, requests=60, throttled=20, seconds=10.0, slowest=2.5)
    load = Load(10, 1, beside=100)
    pair = Pair(ON_DEMAND, replace(FREE, load=load, beside=got), replace(LIMITED, load=load, beside=got))
    line = "Beside l3kit, 1 devices, limits off: each writes 100 items a second and got 90.0, 50% at the first try; "
    assert beside_lines(pair)[0] == line + "the slowest batch: 2.5 s"
    assert len(beside_lines(pair)) == 2
    assert beside_lines(Pair(ON_DEMAND, FREE, LIMITED)) == []


@pytest.mark.parametrize(
    ("verdict", "once", "exact"),
    [
        ({}, True, True),
        ({"equal": 0, "altered": 300}, True, False),
        ({"equal": 299, "lost": 1}, False, False),
        ({"extra": 1}, False, False),
        ({"left": 1}, False, False),
    ],
)
def test_an_item_that_was_lost_left_or_doubled_was_not_moved_once(
    verdict: dict[str, int], once: bool, exact: bool
) -> None:
    run = replace(FREE, verdict={**VERDICT, **verdict})
    assert (run.all_moved_once, run.exact) == (once, exact)


def test_limits_are_on_unless_others_are_named() -> None:
    assert parse([]).limits == "on-demand"
    assert parse([]).devices == [1, 10, 100]
    assert (parse(["--quick"]).limits, parse(["--quick"]).mb) == (QUICK, 0.1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--limits", "off"], "nothing to compare"),
        (["--limits", "some"], "on-demand, quota, provisioned:READ:WRITE"),
        (["--devices", "101"], "1 to 100"),
        (["--movers", "rclone"], "invalid choice"),
        (["--runs", "0"], "at least 1"),
        (["--mb", "0.01"], "an item of each device"),
    ],
)
def test_what_cannot_be_run_is_refused_with_what_can(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)
    assert told in capsys.readouterr().err


@pytest.mark.slow
def test_every_mover_moves_each_item_once_although_it_is_throttled(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if " of 300" in line]
    assert len(lines) == 12
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [line[13] for line in cells] == ["300 of 300"] * 12
    assert {line[11] for line in cells if line[2] == "off"} == {"0"}
    assert {line[11] for line in cells if line[2] != "off"} != {"0"}


@pytest.mark.slow
def test_items_that_devices_write_beside_a_mover_are_not_moved_and_not_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--quick", "--movers", "l3kit", "--beside", "20"]) == 0
    told = capsys.readouterr().out
    assert told.count("| 300 of 300 | 300 |") == 4
    assert told.count("Beside l3kit") == 4
