"""Measuring real items: ratios that gzip and zstd reach, sizes as DynamoDB bills them."""

from __future__ import annotations

import gzip
import json
import os
import random
from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.cost.analysis.compression import measure, measure_weather, read_items
from l3kit.errors import ConfigurationError
from tests.unit.cost.workloads import workload

WEATHER = Path(__file__).parents[4] / "params" / "twins" / "nyc-weather" / "nyc_weather_2013.csv.gz"


def test_the_weather_shrinks_to_less_than_a_seventh_at_rest_and_on_the_wire() -> None:
    measured = measure_weather(WEATHER)
    assert measured.items == 8_706
    assert measured.at_rest["none"] == 1
    assert all(Decimal("0.05") < measured.at_rest[name] < Decimal("0.15") for name in ("gzip", "zstd"))
    assert measured.at_rest["gzip"] < measured.wire < Decimal("0.2")
    assert measured.hot_item_bytes < measured.item_bytes


def test_a_changed_file_is_measured_again(tmp_path: Path) -> None:
    lines = gzip.decompress(WEATHER.read_bytes()).splitlines(keepends=True)
    path = tmp_path / WEATHER.name
    path.write_bytes(gzip.compress(b"".join(lines[:2_000])))
    before = measure_weather(path)
    assert measure_weather(path) is before
    path.write_bytes(gzip.compress(b"".join(lines[:1_000])))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))  # clocks of files are coarse
    assert measure_weather(path).items < before.items


def test_the_ratio_is_that_of_the_bytes_themselves() -> None:
    items = [json.dumps({"iotDeviceId": "d", "id": f"{n:05d}", "v": n % 7}).encode() for n in range(5_000)]
    body = b"[" + b",".join(items) + b"]"
    found = measure(items).at_rest["gzip"]
    assert found == pytest.approx(Decimal(len(gzip.compress(body, 6, mtime=0))) / len(body), abs=Decimal("0.0001"))


def test_noise_does_not_shrink_much_and_small_chunks_shrink_less() -> None:
    noise = random.Random(7)
    items = [
        json.dumps({"iotDeviceId": "d", "id": f"{n:05d}", "v": noise.randbytes(30).hex()}).encode()
        for n in range(2_000)
    ]
    assert measure(items).at_rest["gzip"] > Decimal("0.3")  # 60 hex digits of each 100 bytes hold 30 bytes
    readings = [{"iotDeviceId": "d", "id": f"{n:05d}", "temperature": 20.5 + n % 40} for n in range(1_000)]
    weather = [json.dumps(reading).encode() for reading in readings]
    large, small = measure(weather), measure(weather, 4_096)
    assert small.at_rest["zstd"] > large.at_rest["zstd"]
    assert small.chunk_bytes <= 4_096 < large.chunk_bytes


def test_the_ratios_go_into_a_workload() -> None:
    measured = measure_weather(WEATHER)
    packed = measured.apply(workload(), "zstd")
    assert (packed.at_rest_ratio, packed.wire_ratio) == (measured.at_rest["zstd"], measured.wire)
    with pytest.raises(ConfigurationError, match=r"'brotli' is not known\. Allowed: none, gzip, zstd"):
        measured.apply(workload(), "brotli")  # type: ignore[arg-type]


def test_nothing_to_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there are none"):
        measure([])
    lines = tmp_path / "items.jsonl"
    lines.write_text('{"a": 1}\n\n{"a": \n')
    with pytest.raises(ConfigurationError, match=r"items\.jsonl, line 3: is not JSON"):
        read_items(lines)
    lines.write_text('{"a": 1}\n\n{"a": 2}\n')
    assert read_items(lines) == [b'{"a": 1}', b'{"a": 2}']
