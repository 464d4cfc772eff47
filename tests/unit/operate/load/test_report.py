"""What a load tells of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import CheckFailedError
from l3kit.operate.load.loading import load
from l3kit.operate.load.report import FileLoad, LoadReport
from l3kit.operate.load.rows import BadRow
from l3kit.twin.config import Twin
from tests.unit.operate.load.loaded_files import HEAD, beside, row


def test_a_dry_run_tells_items_and_problems_and_touches_nothing(twin: Twin, file: Path) -> None:
    file.write_text(HEAD + row(1) + "pump-1,soon,1\n" + row(2, device="pump-7") + row(3))
    report = load(None, twin, [file], {"dry_run": True, "add_devices": True})
    assert report.summary() == "a dry run: 4 rows of 1 file: 3 would be written, 1 bad"
    shown = str(report)
    assert '{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:01Z","v":1.0}' in shown
    assert "bad-time" in shown
    assert [one[:2] for one in report.files[0].first] == [(3, "bad-time")]
    assert report.devices_added == ("pump-7",)
    assert beside(file) == []
    assert len(Twin.load(twin.path).devices) == 2


def test_of_many_bad_rows_all_are_counted_and_the_first_named() -> None:
    one = FileLoad("a.csv", created=5, bad_path="a.csv.bad.csv", most_named=2)
    for number in range(2, 6):
        one.add_bad(BadRow(number, "no-time", "time: is missing", "x"))
    report = LoadReport((one,))
    assert (one.bad, one.rows, dict(one.problems)) == (4, 9, {"no-time": 4})
    assert report.bad_frame()["row"].tolist() == ["a.csv:2", "a.csv:3"]
    assert "The first 2 of 4 bad rows" in str(report)
    with pytest.raises(
        CheckFailedError, match=r"a\.csv:2: no-time: time: is missing.*rows in a\.csv\.bad\.csv and load"
    ):
        report.raise_if_failed()


def test_a_load_without_bad_rows_has_not_failed() -> None:
    report = LoadReport((FileLoad("a.csv", created=1, same=2), FileLoad("b.csv", replaced=1)))
    report.raise_if_failed()
    assert report.summary() == "4 rows of 2 files: 1 new in the hot tier, 2 there already, 1 replaced"
