"""Loads of old data as if they were new: all times shifted by the same seconds; and items without a twin."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.load.items import read_items
from l3kit.operate.load.loading import load
from l3kit.operate.load.settings import LoadOptions
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.loading import FaultyHotStore, session_with

TO = "2026-11-23T07:00:00+01:00"


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    (tmp_path / "twin").mkdir()
    write_twin(tmp_path / "twin", "plant", "aws", "aws", "aws", ["pump-1", "pump-2"])
    return Twin.load(tmp_path / "twin")


def written(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text)
    return tmp_path / name


def ids(store: FaultyHotStore, device: str = "pump-1") -> list[str]:
    return sorted(json.loads(item)["id"] for item in store.devices.get(device, {}).values())


def test_the_newest_reading_of_all_files_gets_the_time_and_the_others_keep_their_distance(
    twin: Twin, tmp_path: Path
) -> None:
    old = written(tmp_path, "old.csv", "device,time\npump-1,2013-12-30T22:59:59Z\npump-2,2013-12-30T23:00:00Z\n")
    older = written(tmp_path, "older.csv", "device,time\npump-1,2012-12-30T23:00:00Z\n")
    store = FaultyHotStore()
    report = load(session_with(store, twin), twin, [older, old], {"shift_to": TO})
    assert report.total("created") == 3
    assert ids(store) == ["2025-11-23T06:00:00Z", "2026-11-23T05:59:59Z"]
    assert ids(store, "pump-2") == ["2026-11-23T06:00:00Z"]
    again = load(session_with(store, twin), twin, [older, old], {"shift_to": TO})
    assert (again.total("same"), again.total("created")) == (3, 0)


@pytest.mark.parametrize(
    ("time", "options"),
    [
        ("1388444400", {}),
        ('"2013-12-30T23:00:00Z"', {}),
        ('"20131230T230000Z"', {}),
        ('"2013-12-31T00:00:00"', {"timezone": "Europe/Vienna"}),
        ('"31.12.2013 00:00"', {"timezone": "Europe/Vienna", "time_format": "%d.%m.%Y %H:%M"}),
        ('{"$timestamp":"2013-12-30T23:00:00Z"}', {}),
    ],
)
def test_times_of_every_form_are_shifted(time: str, options: LoadOptions, tmp_path: Path) -> None:
    line = f'{{"device":"pump-1","time":{time},"v":1.50}}\n'
    (item,) = read_items(written(tmp_path, "a.jsonl", line), {**options, "shift_to": TO})
    assert item.json == b'{"iotDeviceId":"pump-1","id":"2026-11-23T06:00:00Z","v":1.50}'


def test_a_bad_row_does_not_count_as_the_newest_and_stays_bad(twin: Twin, tmp_path: Path) -> None:
    text = "device,time\npump-1,2013-12-30T23:00:00Z\npump-1,9999-99-99T00:00:00Z\npump-1,2014-01-01T00:00:00\n"
    store = FaultyHotStore()
    report = load(session_with(store, twin), twin, [written(tmp_path, "a.csv", text)], {"shift_to": TO})
    assert (report.total("created"), report.total("bad")) == (1, 2)
    assert ids(store) == ["2026-11-23T06:00:00Z"]


def test_a_time_that_the_shift_leads_out_of_the_calendar_makes_a_bad_row(twin: Twin, tmp_path: Path) -> None:
    text = "device,time\npump-1,0001-01-01T00:00:00Z\npump-1,2013-12-30T23:00:00Z\n"
    file = written(tmp_path, "a.csv", text)
    report = load(session_with(FaultyHotStore(), twin), twin, [file], {"shift_to": "2012-01-01T00:00:00Z"})
    assert [problem for _, problem, _ in report.files[0].first] == ["bad-time"]


def test_a_dry_run_shows_shifted_times(twin: Twin, tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", "device,time\npump-1,2013-12-30T23:00:00Z\n")
    report = load(None, twin, [file], {"shift_to": TO, "dry_run": True})
    assert report.files[0].items == ['{"iotDeviceId":"pump-1","id":"2026-11-23T06:00:00Z"}']


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"shift_to": "yesterday"}, "--shift-to: 'yesterday' "),
        ({"shift_to": "2026-11-23T06:00:00"}, "has no time zone"),
        ({"shift_to": TO, "from_table": "old"}, "--shift-to: is an option of files alone"),
    ],
)
def test_a_shift_that_cannot_be_is_refused(options: Any, cause: str, twin: Twin, tmp_path: Path) -> None:
    files = [] if "from_table" in options else [written(tmp_path, "a.csv", "device,time\npump-1,2013-12-30T23:00Z\n")]
    with pytest.raises(ConfigurationError, match=cause):
        load(session_with(FaultyHotStore(), twin), twin, files, options)


def test_standard_input_cannot_be_shifted_since_it_is_read_once(twin: Twin) -> None:
    store = FaultyHotStore()
    stdin = io.BytesIO(b"device,time\npump-1,2013-12-30T23:00:00Z\n")
    with pytest.raises(ConfigurationError, match="--shift-to: needs the newest time first"):
        load(session_with(store, twin), twin, ["-"], {"shift_to": TO}, stdin=stdin)
    assert ids(store) == []


def test_a_bad_row_of_items_without_a_twin_is_told_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", "device,time\npump-1,2026-05-31T08:30:00Z\npump-1,never\n")
    with pytest.raises(ConfigurationError, match=r"a\.csv:3: bad-time"):
        read_items(file, {})
