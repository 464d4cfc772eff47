"""Loads whole: counts, bad rows, devices, resumption, and each row once whatever dies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.load.kept import LoadStoppedError
from l3kit.operate.load.loading import load
from l3kit.operate.load.progress_file import held, read_progress
from l3kit.operate.load.reading import CHECKED_ROWS
from l3kit.twin.config import Twin
from tests.support.loading import FaultyHotStore, KilledError, load_into, restore
from tests.unit.operate.load.loaded_files import HEAD, beside, row, values


def test_rows_are_loaded_once_and_a_second_load_finds_the_same(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    file.write_text(HEAD + row(1) + row(2, "2.50") + row(1, device="pump-2"))
    first = load_into(store, twin, file)
    assert first.summary() == "3 rows of 1 file: 3 new in the hot tier"
    first.raise_if_failed()
    again = load_into(store, twin, file)
    assert again.summary() == "3 rows of 1 file: 0 new in the hot tier, 3 there already"
    assert values(store) == {1: "1.0", 2: "2.50"}
    assert beside(file) == []


@pytest.mark.parametrize("fault", ["refused", "lost", "killed before", "killed after"])
def test_a_load_that_stopped_is_continued(twin: Twin, file: Path, fault: str) -> None:
    file.write_text(HEAD + "".join(row(n) if n != 1 else "pump-1,soon,1\n" for n in range(12)))
    store = FaultyHotStore(at=4, fault=fault, folder=file.parent)  # type: ignore[arg-type]
    with pytest.raises((LoadStoppedError, KilledError)) as caught:
        load_into(store, twin, file)
    restore(file.parent)
    progress = read_progress(file.parent / "a.csv.progress.json")
    assert progress is not None
    if fault in ("refused", "lost"):
        assert f"{progress.rows} rows of {file} are done; the same command continues there" in str(caught.value)
    bad = file.parent / "a.csv.bad.csv"
    bad.write_text(bad.read_text() + "13,half of a row that was not recor")
    report = load_into(store, twin, file)
    assert report.files[0].resumed == progress.rows
    assert (report.total("rows"), report.total("bad"), report.total("created") + report.total("same")) == (12, 1, 11)
    assert values(store) == {n: "1.0" for n in range(12) if n != 1}
    assert beside(file) == ["a.csv.bad.csv"]
    assert bad.read_text().count(",pump-1,soon,") == 1
    assert bad.read_text().endswith(",pump-1,soon,1\n")


def test_columns_that_were_in_no_row_are_told_but_not_where_only_the_rest_was_read(twin: Twin, file: Path) -> None:
    lines = file.with_suffix(".jsonl")
    rows = [{"device": "pump-1", "time": 1_780_216_200 + n, "v": n} for n in range(CHECKED_ROWS + 400)]
    rows[CHECKED_ROWS + 1]["x"] = 1
    lines.write_text("\n".join(map(json.dumps, rows)))
    dry = load(None, twin, [lines], {"dry_run": True, "drop": ["x", "y"]})
    assert dry.notes[0] == "column 'y' was in no row"
    store = FaultyHotStore(at=CHECKED_ROWS // 100 + 4, fault="refused")
    with pytest.raises(LoadStoppedError):
        load_into(store, twin, lines, rows=100, drop=["x"])
    rest = load_into(store, twin, lines, rows=100, drop=["x"])
    assert rest.files[0].resumed > CHECKED_ROWS + 1
    assert rest.notes == ()


def test_two_loads_of_a_file_at_once_are_refused(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    file.write_text(HEAD + row(1))
    with (
        held(file.parent / "a.csv.progress.json"),
        pytest.raises(ConfigurationError, match="another load of this file or table is running"),
    ):
        load_into(store, twin, file)
    assert load_into(store, twin, file).total("created") == 1
