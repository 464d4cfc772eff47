"""The example's data: shifted in time, gaps left out, digits kept."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.load.items import read_items
from l3kit.operate.weather import WEATHER_FILE, newest_of_each, read_weather, weather_options
from l3kit.tiering.format.messages import Telemetry

FILE = Path(__file__).parents[3] / "params" / "twins" / "nyc-weather" / WEATHER_FILE
NEWEST = datetime(2026, 11, 23, 6, tzinfo=UTC)
QUANTITIES = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")


@pytest.fixture(scope="module")
def readings() -> list[Telemetry]:
    return read_weather(FILE, NEWEST)


@pytest.fixture(scope="module", params=["a part", pytest.param("all", marks=pytest.mark.slow)])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's file, or one with every fiftieth row of it, its last row included."""
    if request.param == "all":
        return FILE
    with gzip.open(FILE) as whole:
        head, *rows = whole
    part = tmp_path_factory.mktemp("weather") / FILE.name
    part.write_bytes(gzip.compress(head + b"".join(rows[::-50][::-1])))
    return part


def test_there_are_26115_readings_of_three_stations(readings: list[Telemetry]) -> None:
    counts = {device: sum(one.device_id == device for one in readings) for device in ("EWR", "JFK", "LGA")}
    assert counts == {"EWR": 8703, "JFK": 8706, "LGA": 8706}


def test_the_newest_reading_is_now_and_all_others_keep_their_distance(readings: list[Telemetry]) -> None:
    times = [one.id for one in readings]
    assert times == sorted(times)
    assert times[-1] == "2026-11-23T06:00:00Z"
    with gzip.open(FILE, "rt") as file:
        original = [datetime.fromisoformat(row["time_hour"]) for row in csv.DictReader(file)]
    assert datetime.fromisoformat(times[-1]) - datetime.fromisoformat(times[0]) == max(original) - min(original)


def test_numbers_keep_the_digits_of_the_file_and_missing_values_are_left_out(readings: list[Telemetry]) -> None:
    with gzip.open(FILE, "rt") as file:
        rows = {(row["origin"], row["time_hour"]): row for row in csv.DictReader(file)}
    shift = NEWEST - datetime(2013, 12, 30, 23, tzinfo=UTC)
    for one in readings[::97]:
        values = json.loads(one.json, parse_float=str, parse_int=str)
        moment = (datetime.fromisoformat(values.pop("id")) - shift).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert values.pop("iotDeviceId") == one.device_id
        wanted = {name: text for name in QUANTITIES if (text := rows[one.device_id, moment][name]) not in ("", "NA")}
        assert values == wanted


def test_each_item_is_the_one_that_a_load_with_a_shift_makes(file: Path) -> None:
    loaded = read_items(file, weather_options(NEWEST))
    assert sorted(loaded, key=lambda one: (one.id, one.device_id)) == read_weather(file, NEWEST)


def test_the_last_readings_are_those_at_the_end_of_all(file: Path) -> None:
    readings = read_weather(file, NEWEST)
    kept = newest_of_each(readings, 3)
    assert read_weather(file, NEWEST, last=3) == [one for one in readings if one in kept]
    assert len(kept) == 9
    assert read_weather(file, NEWEST, last=0) == []


def test_only_the_last_readings_of_each_station(readings: list[Telemetry]) -> None:
    last = newest_of_each(readings, 10)
    assert len(last) == 30
    assert last <= set(readings[-40:])
    assert newest_of_each(readings, 0) == set()


HEAD = "time_hour,origin,year,month,day,hour,temp\n"
ROW = "2013-01-01T00:00:00Z,JFK,2013,1,1,0,39.0\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (HEAD, "holds no readings"),
        ("a,b\n1,2\n", "column 'origin': is not there"),
        (HEAD + ROW.replace("Z", ""), "has no time zone"),
        (HEAD + ROW + "2013-01-01T00:00:00Z,JFK\n", "has 2 cells; the header has 7"),
        (HEAD + ROW.replace("2013-01-01T00:00:00Z", "never"), "bad-time"),
    ],
    ids=["empty", "columns", "zone", "short", "time"],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(content.encode()))
    with pytest.raises(ConfigurationError, match=rf"x\.csv\.gz.*{reason}"):
        read_weather(tmp_path / "x.csv.gz", NEWEST)


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress((HEAD + ROW * 500).encode())[:-12])
    with pytest.raises(ConfigurationError, match=r"x\.csv\.gz: cannot be read"):
        read_weather(tmp_path / "x.csv.gz", NEWEST)
