"""Pages of Cosmos DB with odd documents among good ones: the good ones are read, the odd ones told."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.azure.data.pages import decode as decode_cosmos
from tests.unit.clouds.odd_items import HALF, few, places, stamp

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
