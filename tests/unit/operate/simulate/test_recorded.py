from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.simulate.recorded import RecordedMessages

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LINES = b"""{"deviceId": "a", "time": "2020-01-01T00:00:00.25Z", "value": 1.10, "deep": {"x":  [1]}}

{"iotDeviceId":"b","timestamp":1577836801,"value":-0}
"""


def told(recorded: RecordedMessages) -> list[tuple[str, str]]:
    return [(message.device_id, message.body.decode()) for message in recorded]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "some.jsonl"
    path.write_bytes(LINES)
    return path


def test_kept_json_lines_are_sent_byte_by_byte(lines: Path) -> None:
    first, second = LINES.decode().split("\n\n")
    assert told(RecordedMessages(lines, None)) == [("a", first), ("b", second.strip())]


def test_shifted_lines_change_their_time_alone_and_keep_their_distance(lines: Path) -> None:
    assert told(RecordedMessages(lines, NOW)) == [
        ("a", '{"deviceId":"a","time":"2026-01-01T11:59:59.25Z","value":1.10,"deep":{"x":  [1]}}'),
        ("b", '{"iotDeviceId":"b","timestamp":"2026-01-01T12:00:00Z","value":-0}'),
    ]


def test_a_file_is_read_anew_each_time_and_only_of_the_devices_asked_for(lines: Path) -> None:
    recorded = RecordedMessages(lines, NOW, ["b"])
    assert told(recorded) == told(recorded)
    assert [device for device, _ in told(recorded)] == ["b"]


def test_a_csv_gives_numbers_with_their_digits_texts_and_no_empty_fields(tmp_path: Path) -> None:
    path = tmp_path / "some.csv.gz"
    path.write_bytes(gzip.compress("device_id,time,value,state,gone\nä,2020-01-01T00:00:00Z,1.10,on,\n".encode()))
    body = '{"device_id":"ä","time":"2020-01-01T00:00:00Z","value":1.10,"state":"on"}'
    assert told(RecordedMessages(path, None)) == [("ä", body)]


def test_the_examples_weather_is_known_by_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "nyc_weather_2013.csv.gz"
    header = (
        "origin,year,month,day,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,pressure,visib,time_hour\n"
    )
    rows = [
        f"JFK,2013,1,1,{hour},{temp},1,1,1,1,,0.0,1012.0,10.0,2013-01-01T0{hour}:00:00Z\n"
        for hour, temp in ((6, "39.02"), (7, "NA"))
    ]
    path.write_bytes(gzip.compress((header + "".join(rows)).encode()))
    shifted = [json.loads(body) for _, body in told(RecordedMessages(path, NOW))]
    assert [one["id"] for one in shifted] == ["2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"]
    assert [one.get("temp") for one in shifted] == [39.02, None]
    kept = [json.loads(body) for _, body in told(RecordedMessages(path, None))]
    assert [one["id"] for one in kept] == ["2013-01-01T06:00:00Z", "2013-01-01T07:00:00Z"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.jsonl", b'{"id": "2020-01-01T00:00:00Z"}', "line 1: has none of iotDeviceId"),
        ("a.jsonl", b'\n{"iotDeviceId": "a"}', "line 2: has none of id"),
        ("a.jsonl", b'{"iotDeviceId": "a", "id": "yesterday"}', "line 1: id: "),
        ("a.jsonl", b"nothing", "line 1"),
        ("a.jsonl", b"\xff", "cannot be read"),
        ("a.csv", b"id,iotDeviceId\n1,2,3\n", "line 2: has more fields"),
        ("a.csv.gz", b"id", "cannot be read"),
    ],
)
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=problem) as caught:
        told(RecordedMessages(path, NOW))
    assert name in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        told(RecordedMessages(tmp_path / "missing.jsonl", NOW))
