"""The example's data: shifted in time, gaps left out, digits kept."""

from __future__ import annotations

import csv
import functools
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError, L3Error
from l3kit.operate.telemetry import QUANTITIES, WEATHER_FILE, checked_reading, loading_rules, read_weather

FILE = Path(__file__).parents[3] / "params" / "twins" / "nyc-weather" / WEATHER_FILE
NEWEST = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def readings() -> list[tuple[str, bytes]]:
    return read_weather(FILE, NEWEST)


def test_there_are_26115_readings_of_three_stations(readings: list[tuple[str, bytes]]) -> None:
    counts = {device: sum(d == device for d, _ in readings) for device in ("EWR", "JFK", "LGA")}
    assert counts == {"EWR": 8703, "JFK": 8706, "LGA": 8706}


def test_the_newest_reading_is_now_and_all_others_keep_their_distance(readings: list[tuple[str, bytes]]) -> None:
    times = [json.loads(item)["id"] for _, item in readings]
    assert times == sorted(times)
    assert times[-1] == "2026-11-23T06:00:00Z"
    with gzip.open(FILE, "rt") as file:
        original = [datetime.fromisoformat(row["time_hour"]) for row in csv.DictReader(file)]
    assert datetime.fromisoformat(times[-1]) - datetime.fromisoformat(times[0]) == max(original) - min(original)


def test_numbers_keep_the_digits_of_the_file_and_missing_values_are_left_out(readings: list[tuple[str, bytes]]) -> None:
    with gzip.open(FILE, "rt") as file:
        rows = {(row["origin"], row["time_hour"]): row for row in csv.DictReader(file)}
    shift = NEWEST - datetime(2013, 12, 30, 23, tzinfo=UTC)
    for device, item in readings[::97]:
        values = json.loads(item, parse_float=str, parse_int=str)
        moment = (datetime.fromisoformat(values.pop("id")) - shift).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert values.pop("iotDeviceId") == device
        wanted = {name: text for name in QUANTITIES if (text := rows[device, moment][name]) not in ("", "NA")}
        assert values == wanted


def test_only_the_last_readings_of_each_station(readings: list[tuple[str, bytes]]) -> None:
    last = read_weather(FILE, NEWEST, last=10)
    assert len(last) == 30
    assert set(last) <= set(readings[-40:])


HEAD = f"time_hour,origin,{','.join(QUANTITIES)}\n"
ROW = f"2013-01-01T00:00:00Z,JFK,{','.join('1' for _ in QUANTITIES)}\n"
zipped = functools.partial(gzip.compress, mtime=0)  # the same bytes, hence test names, in every worker
WHOLE = zipped((HEAD + ROW * 500).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"not gzip",
        zipped(b"a,b\n1,2\n"),
        zipped(b"time_hour\nnever\n"),
        zipped(HEAD.encode()),
        WHOLE[:-12],
        WHOLE[:20] + b"\xff\xff\xff" + WHOLE[23:],
        zipped((HEAD + ROW.replace("JFK,1", "JFK,warm")).encode()),
        zipped((HEAD + "2013-01-01T00:00:00Z,JFK,1\n").encode()),
        zipped(b"time_hour,origin\n2013-01-01T00:00:00Z,JFK\n"),
        zipped((HEAD + ROW + ROW.replace("Z", "")).encode()),
    ],
    ids=["raw", "columns", "time", "empty", "truncated", "corrupt", "number", "short", "quantities", "zone"],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.csv.gz").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"x\.csv\.gz: cannot be read as weather data"):
        read_weather(tmp_path / "x.csv.gz", NEWEST)


def put(device: str, text: str, digits: int = 3) -> tuple[str, dict[str, object]]:
    reading = checked_reading(device, text.encode(), loading_rules(digits))
    assert reading.device_id == device
    return reading.id, json.loads(reading.json, parse_float=str, parse_int=str)


@pytest.mark.parametrize(
    "time",
    ['"2026-05-31T14:00:00+02:00"', '"20260531T120000Z"', '"1780228800000"', "1780228800", '"2026-05-31t12:00z"'],
)
def test_readings_are_written_with_canonical_times_and_otherwise_as_they_are(time: str) -> None:
    text = f'{{"iotDeviceId": "d", "v": 1.500, "id": {time}, "list": [1E400, "\\u00e9"]}}'
    written, item = put("d", text)
    assert written == "2026-05-31T12:00:00.000Z"
    assert item == {"iotDeviceId": "d", "v": "1.500", "id": written, "list": ["1E400", "é"]}
    assert put("d", text, 0)[0] == "2026-05-31T12:00:00Z"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("5", "is not a JSON object"),
        ("{", "is not a JSON object"),
        ('{"iotDeviceId":"d","id":"2026-05-31T12:00:00Z","v":"\\ud83d"}', "lone surrogate"),
        ('{"iotDeviceId":"d","id":"2026-05-31T12:00:00Z","v":1,"v":2}', "is there twice"),
        ('{"iotDeviceId":"e","id":"2026-05-31T12:00:00Z"}', "not that device's id"),
        ('{"id":"2026-05-31T12:00:00Z"}', "iotDeviceId: is missing"),
        ('{"iotDeviceId":"d"}', "id: is missing"),
        ('{"iotDeviceId":"d","id":1.5}', "is a number, which is no time"),
        ('{"iotDeviceId":"d","id":["2026-05-31T12:00:00Z"]}', "is an array, which is no time"),
        ('{"iotDeviceId":"d","id":"2026-05-31T12:00:00"}', "has no time zone"),
        ('{"iotDeviceId":"d","id":"2026-05-31T12:00:00.12345Z"}', "has 5 fraction digits"),
    ],
)
def test_a_reading_that_is_none_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(L3Error, match=reason):
        checked_reading("d", text.encode(), loading_rules(3))


@pytest.mark.parametrize("time", ["1970-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"])
def test_data_of_any_age_and_size_can_be_loaded(time: str) -> None:
    text = f'{{"iotDeviceId":"d","id":"{time}","v":"{"x" * 1_000_001}"}}'
    assert put("d", text)[0] == time
