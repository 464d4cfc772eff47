"""The load's benchmark: both ways run for real with a few rows, and what is told of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.load import HEADER, Measured, main, measure, rows, table, write_csv
from benchmarks.load_worker import Loaded, Moment

PANDAS = Measured("pandas", 1000, 0.4, 0.5, 200.0, 0, 40)
L3KIT = Measured("l3kit", 1000, 0.1, 0.2, 100.0, 1000, 40)


def test_l3kit_loads_every_row_exactly_in_batches(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", 120)
    found = measure("l3kit", tmp_path / "a.csv", 120)
    assert (found.equal, found.requests) == (120, 5)
    assert found.exact
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.slow
def test_pandas_loses_digits(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", 60)
    found = measure("pandas", tmp_path / "a.csv", 60)
    assert (found.equal, found.requests) == (0, 3)


def test_rows_are_the_same_each_time_and_of_distinct_keys() -> None:
    made = list(rows(50))
    assert made == list(rows(50))
    assert len({row[:2] for row in made}) == 50
    assert all(len(row) == len(HEADER) for row in made)


def test_the_run_with_the_least_cpu_counts() -> None:
    text = table([PANDAS, replace(L3KIT, cpu=0.3), L3KIT], 2_000_000)
    assert "l3kit          5,000             100      100  1,000/1,000        40" in text
    assert text.endswith("pandas CPU / l3kit CPU 4.0, peak 2.0")
    assert "CPU /" not in table([L3KIT], 1)
    assert "not compared" in table([replace(PANDAS, compared=False)], 1)


@pytest.mark.slow
def test_the_benchmark_runs_and_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows", "30", "--runs", "1"]) == 0
    assert "pandas CPU / l3kit CPU" in capsys.readouterr().out


@pytest.mark.slow
def test_pandas_writes_as_many_rows_as_it_is_asked_to(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", 120)
    found = measure("pandas", tmp_path / "a.csv", 120, compare=False, most=50)
    assert (found.rows, found.requests) == (120, 2)


def test_the_rate_of_the_rows_written_counts_for_all_and_reading_once() -> None:
    loaded = Loaded(rows=100, written=10, writing=Moment(cpu=3, wall=5))
    assert loaded.seconds(Moment(1, 1), Moment(4, 7)) == {"cpu": 2 + 10, "wall": 4 + 20}
