"""Readings that are put as JSON: their times become canonical, and what is no item is refused."""

from __future__ import annotations

import json

import pytest

from l3kit.errors import L3Error
from l3kit.operate.telemetry import checked_reading, loading_rules


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
        ('{"iotDeviceId":"d","id":"2026-05-31T12:00:00Z","v":1,"v":2}', "occurs twice"),
        ('{"iotDeviceId":"e","id":"2026-05-31T12:00:00Z"}', "not that device's id"),
        ('{"id":"2026-05-31T12:00:00Z"}', "iotDeviceId: is missing"),
        ('{"iotDeviceId":"d"}', "id: is missing"),
        ('{"iotDeviceId":"d","id":1.5}', "is a number, which is not a time"),
        ('{"iotDeviceId":"d","id":["2026-05-31T12:00:00Z"]}', "is an array, which is not a time"),
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
