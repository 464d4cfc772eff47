"""Writing to the hot store: each item once, another version only after the old one is in the dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.messages import Telemetry
from l3kit.tiering.ports import Created, Held, Refused
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.hot_writing import HotWriting
from l3kit.tiering.stream.letters import DeadLetter, Letters
from tests.support.memory_stores import MemoryHotStore, MemoryObjectStore
from tests.support.moving import Instead, refusing

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def item(key: str, content: str, device: str = "d") -> Telemetry:
    text = f'{{"iotDeviceId":"{device}","id":"{key}","v":{content}}}'
    return Telemetry(device, key, text.encode())


class Tables:
    """Two tables in memory, chosen by the device, and their dead letters."""

    def __init__(self, hot: Any = None) -> None:
        self.hot = hot or MemoryHotStore()
        self.other = MemoryHotStore()
        self.bucket = MemoryObjectStore("letters")
        self.waits: list[float] = []

    def store(self, *items: Telemetry) -> Counts:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        letters = Letters(self.bucket, "writer", lambda: NOW)
        retry = RetryPolicy(tries=5, sleep=sleep)
        table_for = lambda one: self.other if one.device_id == "other" else self.hot  # noqa: E731
        return asyncio.run(HotWriting(table_for, letters, retry).take(items))

    @property
    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.from_json(key, body) for key, (_, body) in self.bucket.objects.items()]


def test_new_items_are_created_in_one_call_to_each_table() -> None:
    tables = Tables()
    assert tables.store(item("1", "1"), item("2", "2"), item("1", "1", "other")) == Counts(stored=3)
    assert (list(tables.hot.devices), list(tables.other.devices)) == (["d"], ["other"])


def test_a_canary_that_is_delivered_again_with_another_trace_is_the_same() -> None:
    tables = Tables()
    assert tables.store(item("1", "1", CANARY_DEVICE)) == Counts(stored=1)
    assert tables.store(item("1", "2", CANARY_DEVICE)) == Counts(same=1)
    assert tables.letters == []


def test_equal_content_is_the_same_item_however_it_is_written() -> None:
    tables = Tables()
    tables.store(item("1", "1.10"))
    other = Telemetry("d", "1", b'{"id":"1","iotDeviceId":"d","v":1.1}')
    assert tables.store(other) == Counts(same=1)
    assert tables.hot.devices["d"]["1"] == item("1", "1.10").json
    assert not tables.letters


def test_a_set_in_another_order_is_the_same_item() -> None:
    tables = Tables()
    tables.store(item("1", '{"$stringSet":["a","b"]}'))  # in the order in which DynamoDB returns it
    assert tables.store(item("1", '{"$stringSet":["b","a"]}')) == Counts(same=1)
    assert not tables.letters


@pytest.mark.parametrize(("old", "new"), [("1", "2"), ("1", '"1"'), ("1", "1.0000000000000000000001"), ("1", "true")])
def test_other_content_replaces_the_old_version_which_is_kept(old: str, new: str) -> None:
    tables = Tables()
    tables.store(item("1", old))
    assert tables.store(item("1", new)) == Counts(superseded=1)
    assert tables.hot.devices["d"]["1"] == item("1", new).json
    assert [(one.problem, one.message) for one in tables.letters] == [("superseded", item("1", old).json)]


def test_of_several_versions_in_one_call_the_last_one_stays() -> None:
    tables = Tables()
    versions = [item("1", "1"), item("2", "9"), item("1", "2"), item("1", "2"), item("1", "3")]
    assert tables.store(*versions) == Counts(stored=2, same=1, superseded=2)
    assert tables.hot.devices["d"]["1"] == item("1", "3").json
    assert sorted(one.message for one in tables.letters) == [item("1", "1").json, item("1", "2").json]


def test_the_old_version_is_kept_before_it_is_replaced() -> None:
    tables = Tables()
    tables.store(item("1", "1"))
    tables.bucket = refusing(tables.bucket, "create", StoreError("bucket", "503"))  # type: ignore[assignment]
    with pytest.raises(StoreError):
        tables.store(item("1", "2"))
    assert tables.hot.devices["d"]["1"] == item("1", "1").json


def test_a_version_that_another_writer_put_meanwhile_is_kept_as_well() -> None:
    hot = MemoryHotStore()
    tables = Tables()
    between = [item("1", "7"), item("1", "8")]

    async def raced(own: Any, new: bytes, held: Held) -> bool:
        if between:
            await hot.put_items("d", [between.pop(0).json])
        return bool(await own(new, held))

    tables.hot = hot
    tables.store(item("1", "1"))
    tables.hot = Instead(hot, "replace_item", raced)
    assert tables.store(item("1", "2")) == Counts(superseded=1)
    assert hot.devices["d"]["1"] == item("1", "2").json
    kept = {one.message for one in tables.letters}
    assert kept == {item("1", content).json for content in ("1", "7", "8")}
    assert len(tables.waits) == 2


def test_an_item_that_moved_on_between_is_created_again() -> None:
    hot = MemoryHotStore()

    async def gone(own: Any, new: bytes, held: Held) -> bool:
        hot.devices["d"].clear()
        return bool(await own(new, held))

    tables = Tables()
    tables.hot = hot
    tables.store(item("1", "1"))
    tables.hot = Instead(hot, "replace_item", gone)
    assert tables.store(item("1", "2")) == Counts(stored=1)


def test_endless_contention_is_an_error_after_some_tries() -> None:
    async def never(own: Any, new: bytes, held: Held) -> bool:
        return False

    hot = MemoryHotStore()
    tables = Tables(Instead(hot, "replace_item", never))
    tables.store(item("1", "1"))
    with pytest.raises(StoreError, match="item d/1: is changed by another writer"):
        tables.store(item("1", "2"))
    assert hot.devices["d"]["1"] == item("1", "1").json


def test_what_the_store_refuses_is_a_dead_letter_and_stops_no_other() -> None:
    async def one_refused(own: Any, items: Sequence[bytes]) -> list[Any]:
        return [Refused("too large") if b"big" in one else Created() for one in items]

    tables = Tables(Instead(MemoryHotStore(), "create_items", one_refused))
    assert tables.store(item("1", "1"), item("2", '"big"')) == Counts(stored=1, dead=1)
    assert [(one.problem, one.cause, one.device) for one in tables.letters] == [("refused-by-store", "too large", "d")]


def test_a_replacement_that_the_store_refuses_is_a_dead_letter() -> None:
    hot = MemoryHotStore()
    tables = Tables()
    tables.hot = hot
    tables.store(item("1", "1"))
    tables.hot = refusing(hot, "replace_item", ItemRefusedError("item d/1", "too large"))
    assert tables.store(item("1", "2")) == Counts(dead=1)
    assert "refused-by-store" in {one.problem for one in tables.letters}
    assert hot.devices["d"]["1"] == item("1", "1").json


def test_content_that_no_parser_takes_is_another_version() -> None:
    tables = Tables()
    tables.hot.devices["d"] = {"1": b"\xff"}
    assert tables.store(item("1", "1")) == Counts(superseded=1)
    assert [one.message for one in tables.letters] == [b"\xff"]
