"""A response to deletes is taken without being parsed only if it has exactly the items that were read."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from l3kit.clouds.aws.data.shapes import Shapes
from l3kit.clouds.aws.data.statements import Conditions
from l3kit.clouds.aws.data.untouched import fingerprints, without_items

ITEMS = [{"iotDeviceId": {"S": "d"}, "id": {"S": str(number)}, "v": {"N": "1.50"}} for number in range(3)]
CONSUMED = [{"TableName": "hot", "CapacityUnits": 3.0}]


def read(items: list[dict[str, Any]]) -> Any:
    page = Shapes("id", Conditions("hot")).read(orjson.dumps({"Count": len(items), "Items": items}))
    assert page is not None
    return page.fingerprints


def deleted(item: dict[str, Any]) -> dict[str, Any]:
    return {"TableName": "hot", "Item": item}


def answer(*responses: dict[str, Any]) -> bytes:
    return orjson.dumps({"Responses": responses, "ConsumedCapacity": CONSUMED})


def rest_of(content: bytes) -> dict[str, Any] | None:
    return without_items(content, b'"hot"', read(ITEMS))


def test_a_response_with_exactly_the_items_read_is_returned_without_them() -> None:
    assert rest_of(answer(*map(deleted, ITEMS))) == {"Responses": [], "ConsumedCapacity": CONSUMED}


def test_the_order_of_the_members_does_not_matter() -> None:
    responses = [{"Item": item, "TableName": "hot"} for item in ITEMS]
    content = orjson.dumps({"ConsumedCapacity": CONSUMED, "Responses": responses})
    assert rest_of(content) == {"Responses": [], "ConsumedCapacity": CONSUMED}


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize(
    "other",
    [
        deleted({**ITEMS[0], "w": {"S": ""}}),
        deleted({**ITEMS[0], "v": {"N": "1.51"}}),
        deleted({**ITEMS[0], "v": {"S": "1.50"}}),
        {"TableName": "hot"},
        {"TableName": "hot", "Error": {"Code": "ConditionalCheckFailed"}},
        {**deleted(ITEMS[0]), "Error": {"Code": "X"}},
    ],
)
def test_any_other_response_is_left_to_the_parser(at: int, other: dict[str, Any]) -> None:
    responses = [deleted(item) for item in ITEMS]
    responses[at] = other
    assert rest_of(answer(*responses)) is None


def test_responses_that_are_too_few_or_too_many_are_left_to_the_parser() -> None:
    responses = [deleted(item) for item in ITEMS]
    assert rest_of(answer(*responses[:2])) is None
    assert rest_of(answer(*responses, {"TableName": "hot"})) is None
    assert rest_of(answer(*responses, deleted(ITEMS[0]))) is None
    assert rest_of(b'{"Responses":[') is None
    assert rest_of(b"{}") is None
    assert rest_of(b"") is None


def test_unknown_items_are_left_to_the_parser() -> None:
    assert without_items(answer(deleted(ITEMS[0])), b'"hot"', fingerprints()) is None
