"""Pages with odd items among good ones, as each store answers them: the good ones are read, the odd ones told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from google.cloud.firestore_v1 import types
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.pages import decode as decode_dynamodb
from l3kit.clouds.aws.data.shapes import Shapes
from l3kit.clouds.aws.data.statements import Conditions
from l3kit.clouds.azure.data.pages import decode as decode_cosmos
from l3kit.clouds.gcp.data.hot_store import _page as decode_firestore
from l3kit.tiering.format.exact_numbers import exact_dumps
from l3kit.tiering.runtime.readers import read_history
from tests.support.memory_stores import MemoryHotStore
from tests.support.moving import item

HALF = "\ud83d"
few = settings(max_examples=60, deadline=None)
places = st.sets(st.integers(0, 19), max_size=6)


def stamp(number: int) -> str:
    return f"2026-01-01T00:00:{number:02d}Z"


# --- DynamoDB -----------------------------------------------------------------------------------------------------

ODD_WIRE: list[dict[str, Any]] = [
    {"text": {"S": HALF}},
    {"text": {"S": f"good {HALF} text"}},
    {HALF: {"S": "a name with half of a pair"}},
    {"map": {"M": {HALF: {"N": "1"}}}},
    {"map": {"M": {"deep": {"L": [{"M": {"a": {"S": HALF}}}]}}}},
    {"set": {"SS": ["a", HALF]}},
    {"number": {"N": "NaN"}},
    {"number": {"N": "Infinity"}},
    {"numbers": {"NS": ["1", "-Infinity"]}},
    {"type": {"X": "unknown"}},
]


def dynamodb_answer(odd: set[int], kind: dict[str, Any], keys: Sequence[str]) -> bytes:
    items = [
        {"iotDeviceId": {"S": "d"}, "id": {"S": key}, "v": {"N": str(n)}, **(kind if n in odd else {})}
        for n, key in enumerate(keys)
    ]
    return json.dumps({"Items": items, "Count": len(items), "ScannedCount": len(items)}, separators=(",", ":")).encode()


@few
@given(odd=places, kind=st.sampled_from(ODD_WIRE))
def test_dynamodb_pages_lose_no_good_item_to_an_odd_one(odd: set[int], kind: dict[str, Any]) -> None:
    keys = [stamp(n) for n in range(20)]
    page = decode_dynamodb(dynamodb_answer(odd, kind, keys), Shapes("id", Conditions("hot")))
    assert page.sort_keys == [key for n, key in enumerate(keys) if n not in odd]
    assert [orjson.loads(one)["v"] for one in page.items] == [n for n in range(20) if n not in odd]
    assert [key for key, _ in page.refused] == [keys[n] for n in sorted(odd)]
    orjson.dumps(page.refused)


def test_a_sort_key_with_half_of_a_pair_is_told_in_a_form_that_a_report_can_hold() -> None:
    keys = [stamp(0), f"{stamp(1)}{HALF}", stamp(2)]
    page = decode_dynamodb(dynamodb_answer(set(), {}, keys), Shapes("id", Conditions("hot")))
    assert page.sort_keys == [keys[0], keys[2]]
    ((key, reason),) = page.refused
    assert key == f"{stamp(1)}\\ud83d"
    assert "surrogate" in reason
    orjson.dumps(page.refused)


@given(st.text(st.characters(), max_size=20))
def test_odd_text_reads_what_it_writes(text: str) -> None:
    assert odd_text.loads(odd_text.dumps({"a": text, text: 1})) == {"a": text, text: 1}
    orjson.dumps(odd_text.printable(text))


# --- Cosmos DB ----------------------------------------------------------------------------------------------------

ODD_DOCUMENTS: list[dict[str, Any]] = [
    {"v": HALF},
    {HALF: 1},
    {"v": [{"a": HALF}]},
    {"v": float("nan")},
    {"v": float("inf")},
    {"v": {"a": [None, float("-inf")]}},
    {"v": {"$other": float("nan")}},
]


@few
@given(odd=places, kind=st.sampled_from(ODD_DOCUMENTS))
def test_cosmos_pages_lose_no_good_item_to_an_odd_one(odd: set[int], kind: dict[str, Any]) -> None:
    documents = [
        {"iotDeviceId": "d", "id": stamp(n), "n": n, "v": None, **(kind if n in odd else {}), "_etag": f"e{n}"}
        for n in range(20)
    ]
    page = decode_cosmos(documents)
    good = [n for n in range(20) if n not in odd]
    assert page.sort_keys == [stamp(n) for n in good]
    assert page.etags == [f"e{n}" for n in good]
    assert [orjson.loads(one)["n"] for one in page.items] == good
    assert [key for key, _ in page.refused] == [stamp(n) for n in sorted(odd)]
    assert page.last == stamp(19)
    orjson.dumps(page.refused)


# --- Firestore ----------------------------------------------------------------------------------------------------


def _value(**more: Any) -> Any:
    return types.Value.pb()(**more)


ODD_VALUES = [
    _value(double_value=float("nan")),
    _value(double_value=float("inf")),
    _value(),
    _value(array_value={"values": [{"double_value": float("nan")}]}),
    _value(map_value={"fields": {"__type__": {"string_value": "__vector__"}}}),
    _value(timestamp_value={"seconds": 10**15}),
]


@few
@given(odd=places, kind=st.sampled_from(ODD_VALUES))
def test_firestore_pages_lose_no_good_item_to_an_odd_one(odd: set[int], kind: Any) -> None:
    made = types.Document.pb()
    documents = []
    for n in range(20):
        document = made(name=f"projects/p/databases/d/documents/c/d/items/{stamp(n)}")
        document.fields["n"].integer_value = n
        if n in odd:
            document.fields["odd"].CopyFrom(kind)
        documents.append(document)
    page = decode_firestore("d", "c/d", documents, None)
    good = [n for n in range(20) if n not in odd]
    assert page.sort_keys == [stamp(n) for n in good]
    assert [orjson.loads(one)["n"] for one in page.items] == good
    assert [key for key, _ in page.refused] == [stamp(n) for n in sorted(odd)]
    orjson.dumps(page.refused)


@pytest.mark.parametrize(("field", "value"), [("id", 7), ("id", "another"), ("iotDeviceId", 7)])
def test_a_firestore_document_whose_fields_contradict_its_place_stays_alone(field: str, value: Any) -> None:
    made = types.Document.pb()
    documents = [made(name=f"projects/p/databases/d/documents/c/d/items/{stamp(n)}") for n in range(2)]
    if isinstance(value, int):
        documents[0].fields[field].integer_value = value
    else:
        documents[0].fields[field].string_value = value
    page = decode_firestore("d", "c/d", documents, None)
    assert page.sort_keys == [stamp(1)]
    assert "contradicts the document's name" in page.refused[0][1]


# --- readers ------------------------------------------------------------------------------------------------------


def test_a_reader_can_go_on_behind_a_key_with_half_of_a_pair() -> None:
    """Only stores refuse such items; a position at one must still travel."""

    class Ending(MemoryHotStore):
        async def read_page(self, device_id: str, **kwargs: Any) -> Any:
            page = await super().read_page(device_id, **kwargs)
            return replace(page, next_after=f"{page.sort_keys[-1]}{HALF}") if page.next_after else page

    store = Ending(page_items=3)
    asyncio.run(store.put_items("d", [item("d", minute) for minute in range(7)]))
    seen: list[Any] = []
    position = None
    while True:
        answer = asyncio.run(read_history(store, {"iot_device_id": "d", "limit": 3, "next": position}))
        exact_dumps(answer)
        seen += answer["items"]
        position = answer["next"]
        if position is None:
            break
    assert [one["value"] for one in seen] == list(range(7))
