"""Values that a store, a reader or a result cannot hold are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.aws.data import items as aws_items
from l3kit.clouds.azure.data import items as azure_items
from l3kit.clouds.gcp.data import item_writes
from l3kit.errors import ConfigurationError, ItemRefusedError
from l3kit.operate.reading import merged
from l3kit.operate.telemetry import checked_reading, loading_rules
from l3kit.tiering.format.exact_numbers import exact_dumps, exact_loads
from l3kit.tiering.runtime.readers import read_history, read_last
from tests.support.memory_stores import MemoryHotStore
from tests.unit.raw_errors.telling import told
from tests.unit.raw_errors.test_places import _result

ODD: Mapping[str, bytes] = {
    "half a surrogate pair": b'"\\ud83d"',
    "40 levels": b"[" * 40 + b"]" * 40,
    "200 levels": b"[" * 200 + b"]" * 200,
    "500 levels": b'{"a":' * 500 + b"1" + b"}" * 500,
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "a whole number of 5,000 digits": b"1" * 5_000,
    "a number beyond doubles": b"1e400",
    "a number that no Decimal holds": b"1e99999999999999999999",
}
PUTTING: Mapping[str, Callable[[bytes], object]] = {
    "put_telemetry": lambda item: checked_reading("d", item, loading_rules(3)),
    "DynamoDB": aws_items.to_wire,
    "Cosmos DB": azure_items.to_document,
    "Firestore": lambda item: item_writes.put_write("c", "projects/p/databases/d", item),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("store", PUTTING)
def test_an_odd_value_is_taken_or_refused_with_the_reason(store: str, odd: str) -> None:
    error = _refused(lambda: PUTTING[store](_item(odd)))
    assert error is None or (error.resource and error.cause and len(str(error)) < 500)


def _item(odd: str) -> bytes:
    return b'{"iotDeviceId":"d","id":"2026-01-01T00:00:00.000Z","v":%b}' % ODD[odd]


def _refused(work: Callable[[], object]) -> ItemRefusedError | None:
    try:
        work()
    except ItemRefusedError as error:
        return error
    return None


@pytest.mark.parametrize("odd", [odd for odd in ODD if "half" not in odd])
def test_an_odd_value_can_be_read_or_is_told(odd: str) -> None:
    if odd in ("100,000 levels", "a number that no Decimal holds"):
        with pytest.raises(ValueError, match=r"it is nested too deeply|it has a number that cannot be read"):
            exact_loads(_item(odd))
        return
    ((row,), *_) = merged([("hot", exact_loads(_item(odd)))])
    assert (row["tier"], row["id"]) == ("hot", "2026-01-01T00:00:00.000Z")


def test_the_hot_readers_tell_a_number_of_5000_digits_digit_by_digit() -> None:
    store = MemoryHotStore()
    asyncio.run(store.put_items("d", [_item("a whole number of 5,000 digits")]))
    history = asyncio.run(read_history(store, {"iot_device_id": "d"}))
    last = asyncio.run(read_last(store, {"iot_device_id": "d"}, 0))
    assert history["items"][0]["v"] == last["item"]["v"] == Decimal("1" * 5_000)
    assert b"1" * 5_000 in exact_dumps(history)


def test_a_result_holds_halves_of_surrogate_pairs_and_huge_numbers(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    _result(path).write("passed", {"text": "\ud83d", "n": 10**5_000})
    content = json.loads(path.read_text("utf-8"))
    assert content["text"] == "\ud83d"
    assert content["n"] == "1" + "0" * 5_000


def test_a_result_that_holds_itself_is_told(tmp_path: Path) -> None:
    ring: dict[str, Any] = {}
    ring["ring"] = ring
    with pytest.raises(ConfigurationError, match="nested too deeply") as caught:
        _result(tmp_path / "out.json").write("passed", ring)
    told(caught.value)
    assert list(tmp_path.iterdir()) == []
