"""Reading a DynamoDB table of others: the requests, where a page ends, and what becomes of answers that are none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from l3kit.clouds.aws.source_table import SEGMENTS, DynamoSource, check_table_name
from l3kit.clouds.ports.source_table import SourceFacts, SourcePage
from l3kit.errors import ConfigurationError, StoreError
from l3kit.tiering.retry import Passing
from tests.support.scripted_dynamodb import Content, ScriptedClient, Told

KEYS = ("sensor", "ts")


def wire(sensor: str, ts: int, **more: Any) -> Content:
    return {"sensor": {"S": sensor}, "ts": {"N": str(ts)}, **more}


class Table:
    """Answers as DynamoDB does for a table with these items, which are in the order of a Scan."""

    def __init__(self, *items: Content, fault: Callable[[int], Told | None] = lambda call: None) -> None:
        self.items = items
        self.calls = 0
        self.client = ScriptedClient(self._answer)
        self._fault = fault

    @property
    def source(self) -> DynamoSource:
        return DynamoSource(self.client.table, {})

    def _answer(self, operation: str, content: Content) -> Told:
        self.calls += 1
        told = self._fault(self.calls)
        if told is not None:
            return told
        found = [one for one in self.items if operation == "Scan" or one["sensor"] == content[":d"]]
        start = content.get("ExclusiveStartKey")
        if start:
            found = [one for one in found if self._after(one, start)]
        page = found[: content["Limit"]]
        more = {"LastEvaluatedKey": {k: page[-1][k] for k in KEYS}} if len(page) == content["Limit"] else {}
        return {"Items": page, "ConsumedCapacity": {"CapacityUnits": 1.5}, **more}

    def _after(self, one: Content, start: Content) -> bool:
        order = list(dict.fromkeys(each["sensor"]["S"] for each in self.items))
        place = order.index(one["sensor"]["S"]), float(one["ts"]["N"])
        return place > (order.index(start["sensor"]["S"]), float(start["ts"]["N"]))


class ByQuery(Table):
    def _answer(self, operation: str, content: Content) -> Told:
        if operation == "Query":
            content = {**content, ":d": content["ExpressionAttributeValues"][":d"]}
        return super()._answer(operation, content)


def pages(table: Table, device: str = "sensor", most: int = 2) -> list[SourcePage]:
    """All pages, each read by a new source from what the former one left."""

    async def read() -> list[SourcePage]:
        found: list[SourcePage] = []
        facts = SourceFacts("table t", "", KEYS)
        for part in table.source.reading(facts, device).parts:
            place: str | None = None
            while True:
                found.append(await table.source.reading(facts, device).read(part, place, most))
                place = found[-1].next
                if place is None:
                    break
        return found

    return asyncio.run(read())


ITEMS = [wire("b", 1), wire("b", 2), wire("b", 3), wire("a", 1), wire("c", 1), wire("c", 2)]


def keys(found: list[SourcePage]) -> list[tuple[str, int]]:
    told = [json.loads(item.key) for page in found for item in page.items]
    return [(one["sensor"], one["ts"]) for one in told]


def test_devices_are_read_one_after_the_other_with_strongly_consistent_queries() -> None:
    table = ByQuery(*ITEMS)
    found = pages(table)
    assert keys(found) == [("b", 1), ("b", 2), ("b", 3), ("a", 1), ("c", 1), ("c", 2)]
    assert all(content["ConsistentRead"] is True for _, content in table.client.asked)
    assert set(table.client.operations) == {"Query", "Scan"}
    assert {content["Limit"] for name, content in table.client.asked if name == "Scan"} == {1}
    assert sum(page.units for page in found) == 1.5 * len(table.client.asked)
    assert table.client.usage.read_units == 1.5 * len(table.client.asked)


def test_a_sample_goes_on_with_the_next_device() -> None:
    table = ByQuery(*ITEMS)

    async def read() -> list[str]:
        reading = table.source.reading(SourceFacts("table t", "", KEYS), "sensor")
        first = await reading.read("devices", None, 1)
        second = await reading.read("devices", first.next_device, 1)
        return [json.loads(page.items[0].key)["sensor"] for page in (first, second)]

    assert asyncio.run(read()) == ["b", "a"]


def test_a_table_of_another_key_is_scanned_in_segments() -> None:
    table = Table(*ITEMS)
    pages(table, "machine", most=50)
    asked = [(content["Segment"], content["TotalSegments"]) for _, content in table.client.asked]
    assert asked == [(n, SEGMENTS) for n in range(SEGMENTS)]
    assert all(content["ConsistentRead"] for _, content in table.client.asked)


@pytest.mark.parametrize("call", range(1, 10))
def test_a_throttled_or_lost_call_is_made_again_and_costs_no_item(call: int) -> None:
    table = ByQuery(
        *ITEMS, fault=lambda at: Passing("query returned 400 Throttling") if at in (call, call + 1) else None
    )
    assert len(keys(pages(table))) == len(ITEMS)
    assert len(table.client.waited) == 2
    assert table.client.usage.retries != {}


def test_a_table_that_stays_throttled_is_told() -> None:
    table = ByQuery(*ITEMS, fault=lambda at: Passing("scan returned 400 ThrottlingException"))
    with pytest.raises(StoreError, match=r"table hot: scan returned 400 Throttling.*gave up after \d+ tries. Run it"):
        pages(table)


@pytest.mark.parametrize("device", ["sensor", "machine"])
def test_a_table_that_was_deleted_while_it_was_read_is_told(device: str) -> None:
    table = ByQuery(*ITEMS, fault=lambda at: ("ResourceNotFoundException", {}) if at == 2 else None)
    with pytest.raises(StoreError, match="no longer exists: it was deleted while it was read"):
        pages(table, device)


def test_a_device_that_is_listed_again_ends_the_reading() -> None:
    class Broken(ByQuery):
        def _after(self, one: Content, start: Content) -> bool:
            return True

    with pytest.raises(StoreError, match="lists a device again"):
        pages(Broken(*ITEMS[:3]), most=50)


def test_an_item_that_json_cannot_hold_is_refused_and_the_others_are_read() -> None:
    odd = wire("b", 2, text={"S": "\ud800"}, v={"N": "1.50"})
    (page, *_) = pages(ByQuery(ITEMS[0], odd, ITEMS[2]), most=3)
    assert [bool(item.refusal) for item in page.items] == [False, True, False]
    refused = page.items[1]
    assert refused.key == '{"sensor":"b","ts":2}'
    assert json.loads(refused.json)["v"] == {"N": "1.50"}


DESCRIBED = {
    "TableName": "hot",
    "TableStatus": "ACTIVE",
    "TableId": "42",
    "KeySchema": [{"AttributeName": "ts", "KeyType": "RANGE"}, {"AttributeName": "sensor", "KeyType": "HASH"}],
    "ItemCount": 1000,
    "TableSizeBytes": 409_600,
    "ProvisionedThroughput": {"ReadCapacityUnits": 50},
}


def facts_of(told: Told, own: dict[str, str] | None = None) -> SourceFacts:
    client = ScriptedClient(lambda operation, content: told)
    return asyncio.run(DynamoSource(client.table, own or {}).facts())


def test_half_of_what_is_provisioned_is_taken_and_the_count_is_told() -> None:
    found = facts_of({"Table": DESCRIBED})
    assert (found.keys, found.items, found.units, found.share) == (KEYS, 1000, 100.0, 25.0)
    assert found.capacity == "50 read units a second are provisioned; reading everything takes about 100 read units"
    on_demand = {**DESCRIBED, "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "ItemCount": 0}
    found = facts_of({"Table": on_demand})
    assert (found.items, found.units, found.share) == (None, None, 0.0)
    assert found.capacity.startswith("on demand; DynamoDB has not counted the items yet")
    assert facts_of({"Table": {**DESCRIBED, "TableId": "43"}}).identity != facts_of({"Table": DESCRIBED}).identity


@pytest.mark.parametrize(
    ("told", "own", "cause"),
    [
        (("ResourceNotFoundException", {}), {}, "table hot: is not there. Check the name"),
        ({"Table": {**DESCRIBED, "TableStatus": "CREATING"}}, {}, "is creating, and cannot be read. Wait"),
        ({"Table": DESCRIBED}, {"hot": "journal table"}, "is the twin's own journal table"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(told: Told, own: dict[str, str], cause: str) -> None:
    with pytest.raises(ConfigurationError, match=cause):
        facts_of(told, own)


@pytest.mark.parametrize("name", ["", "ab", "a b", "arn:aws:dynamodb:eu-west-1:1:table/x", "x" * 256])
def test_what_is_no_name_of_a_table_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the name of a DynamoDB table"):
        check_table_name(name)
