"""Pages of Firestore with odd documents among good ones: the good ones are read, the odd ones told."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.cloud.firestore_v1 import types
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.gcp.data.hot_store import _page as decode_firestore
from tests.unit.clouds.odd_items import few, places, stamp


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
