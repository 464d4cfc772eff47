"""The comparison finds every way in which a mover can damage data."""

from __future__ import annotations

import gzip
import json
from typing import Any

import orjson

from benchmarks.dataset import DEVICES, device_items
from benchmarks.stub_objects import StoredObject
from benchmarks.stub_tables import Partition, stored_size
from benchmarks.verify import Verdict, verify

DEVICE = DEVICES[0]


def _partition() -> Partition:
    return Partition(list(device_items(0, 4)))


def _json_text(wire: dict[str, Any]) -> str:
    """A wire value as JSON, a number by its own digits."""
    kind, content = next(iter(wire.items()))
    if kind == "N":
        return str(content)
    if kind == "M":
        return "{" + ",".join(f"{json.dumps(name)}:{_json_text(part)}" for name, part in content.items()) + "}"
    return "[" + ",".join(map(_json_text, content)) + "]" if kind == "L" else json.dumps(content)


def _texts(partition: Partition) -> list[str]:
    return [_json_text({"M": orjson.loads(item)}) for item in partition.items]


def _moved(partition: Partition, texts: list[str], *, left: int = 0, packed: bool = False) -> Verdict:
    for index in range(len(partition.items) - left):
        partition.alive[index] = 0
    body = f"[{','.join(texts)}]".encode()
    headers = {"content-encoding": "gzip"} if packed else {}
    return verify({DEVICE: partition}, [("cold/x", StoredObject(gzip.compress(body) if packed else body, headers))])


def _counts(verdict: Verdict) -> dict[str, int]:
    names = ("items", "equal", "altered", "lost", "left", "extra")
    return {name: count for name, count in verdict.to_json().items() if name in names and count}


def test_an_exact_move_is_equal() -> None:
    partition = _partition()
    assert _counts(_moved(partition, _texts(partition))) == {"items": 4, "equal": 4}


def test_compressed_objects_are_read() -> None:
    partition = _partition()
    assert _counts(_moved(partition, _texts(partition), packed=True)) == {"items": 4, "equal": 4}


def test_numbers_that_became_strings_are_altered() -> None:
    partition = _partition()
    texts = _texts(partition)
    item = json.loads(texts[1])
    item["temperature"] = str(item["temperature"])
    texts[1] = json.dumps(item)
    assert _counts(_moved(partition, texts)) == {"items": 4, "equal": 3, "altered": 1}


def test_a_lost_last_digit_is_altered() -> None:
    partition = _partition()
    texts = [json.dumps(json.loads(text)) for text in _texts(partition)]  # through floats
    assert _counts(_moved(partition, texts)) == {"items": 4, "altered": 4}


def test_missing_doubled_and_foreign_items_are_counted() -> None:
    partition = _partition()
    texts = _texts(partition)
    stored = [texts[0], texts[0], texts[1], '{"iotDeviceId":"nobody","id":"x"}']
    assert _counts(_moved(partition, stored, left=1)) == {"items": 4, "equal": 2, "extra": 2, "lost": 1, "left": 1}


def test_the_data_set_is_the_same_every_time_and_too_exact_for_floats() -> None:
    assert list(device_items(3, 50)) == list(device_items(3, 50))
    item = orjson.loads(next(iter(device_items(3, 1)))[1])
    assert len(item) == 8
    digits = item["energyTotal"]["N"]
    assert len(digits) > 22
    assert f"{float(digits):.25g}" != digits


def test_sizes_count_names_and_values() -> None:
    item = {"a": {"S": "é"}, "bc": {"N": "1234"}, "d": {"M": {"e": {"BOOL": True}}}, "f": {"L": [{"B": "AAAA"}]}}
    assert stored_size(item) == (1 + 2) + (2 + 3) + (1 + 3 + 1 + 1 + 1) + (1 + 3 + 3 + 1)
