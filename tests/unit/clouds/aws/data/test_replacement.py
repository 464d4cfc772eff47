"""Replacement in DynamoDB: by the attributes read; a version with more of them is put back."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Sequence
from typing import Any

import pytest

from l3kit.clouds.aws.data.puts import unchanged
from l3kit.clouds.aws.data.replacement import replace
from l3kit.clouds.aws.data.statements import MAX_COMPARISONS
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering.retry import Passing
from tests.support.scripted_dynamodb import Content, ScriptedClient, Told

NEW = b'{"iotDeviceId":"d","id":"a","v":2.50}'
FAILED = "ConditionalCheckFailedException"


def wire(**more: Any) -> Content:
    return {"iotDeviceId": {"S": "d"}, "id": {"S": "a"}, **more}


SEEN = wire(v={"N": "1"}, w={"SS": ["a", "b"]})
STORED = wire(v={"N": "2.5"})


def telling(answers: Sequence[Told]) -> ScriptedClient:
    left = list(answers)
    return ScriptedClient(lambda operation, content: left.pop(0))


def run(client: ScriptedClient, seen: Content = SEEN) -> bool:
    return asyncio.run(replace(client.table, NEW, seen))


def test_the_whole_item_is_put_on_condition_of_every_attribute_read() -> None:
    client = telling([{"Attributes": {**SEEN, "w": {"SS": ["b", "a"]}}}])
    assert run(client)
    ((operation, content),) = client.asked
    assert (operation, content["Item"]) == ("PutItem", wire(v={"N": "2.50"}))
    assert content["ConditionExpression"] == "#0=:0 AND #1=:1 AND #2=:2 AND #3=:3"
    assert list(content["ExpressionAttributeNames"].values()) == ["iotDeviceId", "id", "v", "w"]
    assert list(content["ExpressionAttributeValues"].values()) == list(SEEN.values())


@pytest.mark.parametrize("there", [{"Item": wire(v={"N": "3"})}, {"Item": wire(v={"S": "2.5"})}, {}])
def test_another_version_or_none_is_told(there: Content) -> None:
    client = telling([(FAILED, there)])
    assert not run(client)
    assert len(client.asked) == 1


def test_a_put_whose_answer_was_lost_is_sent_again_and_found_done() -> None:
    client = telling([Passing("lost"), (FAILED, {"Item": STORED})])
    assert run(client)
    assert client.operations == ["PutItem", "PutItem"]


def test_a_version_with_more_attributes_is_put_back_in_the_place_of_what_replaced_it() -> None:
    richer = {**SEEN, "more": {"BOOL": True}}
    client = telling([{"Attributes": richer}, {"Attributes": STORED}])
    assert not run(client)
    back = client.asked[1][1]
    assert back["Item"] == richer
    assert list(back["ExpressionAttributeNames"].values()) == ["iotDeviceId", "id", "v", "more", "w"]
    assert back["ConditionExpression"].endswith("#2=:2 AND attribute_not_exists(#3) AND attribute_not_exists(#4)")


def test_a_version_that_gained_what_the_replacement_has_is_not_replaced_at_all() -> None:
    client = telling([(FAILED, {"Item": wire(v={"N": "9"})})])
    assert not run(client, wire())
    content = client.asked[0][1]
    assert content["ConditionExpression"] == "#0=:0 AND #1=:1 AND attribute_not_exists(#2)"
    assert content["ExpressionAttributeNames"]["#2"] == "v"
    assert list(content["ExpressionAttributeValues"]) == [":0", ":1"]
    assert len(client.asked) == 1


@pytest.mark.parametrize(("held", "new"), [(10, 300), (140, 300), (149, 150), (300, 500), (0, 200)])
def test_a_condition_keeps_to_what_dynamodb_takes(held: int, new: int) -> None:
    seen = wire(**{f"held {n}": {"N": str(n)} for n in range(held)})
    content = unchanged(seen, wire(**{f"new {n}": {"N": str(n)} for n in range(new)}))
    terms = content["ConditionExpression"].split(" AND ")
    assert len(content["ConditionExpression"]) <= 4096
    assert len(terms) <= MAX_COMPARISONS
    assert len(terms) > min(held + 1, MAX_COMPARISONS - 1)
    placeholders = set(re.findall(r"[#:]\d+", content["ConditionExpression"]))
    assert placeholders == {*content["ExpressionAttributeNames"], *content["ExpressionAttributeValues"]}


def test_a_version_written_between_a_replacement_and_its_put_back_is_put_back_as_well() -> None:
    richer, newest = {**SEEN, "more": {"BOOL": True}}, {**STORED, "later": {"N": "7"}}
    client = telling([{"Attributes": richer}, {"Attributes": newest}, {"Attributes": richer}])
    assert not run(client)
    assert [content["Item"] for _, content in client.asked[1:]] == [richer, newest]
    last = client.asked[2][1]
    assert set(richer) <= set(last["ExpressionAttributeNames"].values())


def test_a_put_back_whose_answer_was_lost_ends_with_the_same_item() -> None:
    richer = {**STORED, "more": {"BOOL": True}}
    client = telling([{"Attributes": richer}, Passing("lost"), {"Attributes": richer}, {"Attributes": richer}])
    assert not run(client, wire())
    assert [content["Item"] for _, content in client.asked[1:]] == [richer] * 3


def test_what_was_written_after_the_replacement_is_left_alone() -> None:
    client = telling([{"Attributes": {**SEEN, "more": {"BOOL": True}}}, (FAILED, {})])
    assert not run(client)
    assert len(client.asked) == 2


def test_of_hundreds_of_attributes_those_not_in_the_condition_are_compared_with_the_old_item() -> None:
    many = wire(**{f"a{n:03d}": {"N": str(n)} for n in range(300)})
    assert run(telling([{"Attributes": many}]), many)
    client = telling([{"Attributes": {**many, "a299": {"N": "-1"}}}, {"Attributes": STORED}])
    assert not run(client, many)
    assert len(client.asked[0][1]["ExpressionAttributeNames"]) == MAX_COMPARISONS


def test_an_item_that_cannot_be_put_back_is_in_the_log_and_an_error(caplog: pytest.LogCaptureFixture) -> None:
    richer = {**SEEN, "more": {"S": "precious"}}
    client = telling([{"Attributes": richer}, ("AccessDeniedException", {})])
    with caplog.at_level(logging.ERROR), pytest.raises(StoreError, match=r"could not be put back.*AccessDenied.*log"):
        run(client)
    assert json.dumps(richer) in caplog.text


def test_an_item_that_dynamodb_refuses_is_named() -> None:
    with pytest.raises(ItemRefusedError, match=r"item d/a: too large"):
        run(telling([("ValidationException", {"message": "too large"})]))
