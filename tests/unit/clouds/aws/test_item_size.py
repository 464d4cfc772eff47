"""An item's size as DynamoDB bills it."""

from __future__ import annotations

import json

import pytest

from l3kit.clouds.aws.item_size import billed_bytes


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"tx": "ab"}, 4),
        ({"tx": "é"}, 4),
        ({"n": 5}, 1 + 2),
        ({"n": 1234567}, 1 + 5),
        ({"n": -12.5}, 1 + 4),
        ({"n": 1000}, 1 + 2),
        ({"b": True, "z": None}, 4),
        ({"l": [1, "ab"]}, 1 + 3 + (1 + 2) + (1 + 2)),
        ({"m": {"k": "v"}}, 1 + 3 + 1 + 1 + 1),
    ],
    ids=["text", "utf-8", "digit", "digits", "negative", "trailing zeros", "flags", "list", "map"],
)
def test_an_items_size_follows_dynamodbs_rules(item: dict[str, object], size: int) -> None:
    keys = {"iotDeviceId": "d", "id": "t"}  # 15 bytes
    assert billed_bytes(json.dumps({**keys, **item}, ensure_ascii=False).encode()) == 15 + size
