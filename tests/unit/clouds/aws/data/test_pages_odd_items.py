"""Pages of DynamoDB with odd items among good ones: the good ones are read, the odd ones told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.data.pages import decode as decode_dynamodb
from l3kit.clouds.aws.data.shapes import Shapes
from l3kit.clouds.aws.data.statements import Conditions
from tests.unit.clouds.odd_items import HALF, few, places, stamp

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
