"""Creation in DynamoDB: each statement is judged by itself, and only what is open is sent again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from l3kit.clouds.aws.data.creates import ConditionalCreates
from l3kit.errors import StoreError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.ports import Created, Creation, Held, Refused
from l3kit.tiering.retry import BATCH_TRIES
from tests.support.scripted_dynamodb import Content, ScriptedClient, Told

GONE: Content = {"TableName": "hot"}


def item(key: str, **more: Any) -> bytes:
    return json.dumps({"iotDeviceId": "d", "id": key, **more}).encode()


def wire(key: str, **more: Any) -> Content:
    return {"iotDeviceId": {"S": "d"}, "id": {"S": key}, **more}


def failed(code: str) -> Content:
    return {"Error": {"Code": code, "Message": "why"}, "TableName": "hot"}


def key_of(statement: Content) -> str:
    return str(statement["Parameters"][1]["S"])


def run(client: ScriptedClient, items: Sequence[bytes]) -> list[Creation]:
    return asyncio.run(ConditionalCreates(client.table, Bounded(4)).run(items))


def saying(of_each: Callable[[str], Content], *there: Content) -> ScriptedClient:
    """Answers each statement by its sort key, and reads with these items."""

    def answers(operation: str, content: Content) -> Told:
        if operation == "BatchGetItem":
            keys = content["RequestItems"]["hot"]["Keys"]
            return {"Responses": {"hot": [one for one in there if {k: one[k] for k in ("iotDeviceId", "id")} in keys]}}
        return {"Responses": [of_each(key_of(one)) for one in content["Statements"]]}

    return ScriptedClient(answers)


def asked_for(client: ScriptedClient) -> list[list[str]]:
    """The sort keys of each insert request."""
    return [list(map(key_of, content["Statements"])) for name, content in client.asked if "Statements" in content]


def test_items_are_sent_25_at_a_time_by_one_statement_of_their_attributes() -> None:
    client = saying(lambda key: GONE)
    assert run(client, [item(f"{n:02d}", v=1.50) for n in range(60)]) == [Created()] * 60
    assert list(map(len, asked_for(client))) == [25, 25, 10]
    first = client.asked[0][1]["Statements"][0]
    assert first["Statement"] == """INSERT INTO "hot" VALUE {'iotDeviceId':?,'id':?,'v':?}"""
    assert first["Parameters"] == list(wire("00", v={"N": "1.5"}).values())
    assert client.waited == []


def test_what_is_there_is_read_strongly_consistent_and_told() -> None:
    old = wire("b", v={"N": "1.1"})
    client = saying(lambda key: failed("DuplicateItem") if key == "b" else GONE, old)
    assert run(client, [item("a"), item("b"), item("c")]) == [
        Created(),
        Held(b'{"id":"b","iotDeviceId":"d","v":1.1}', old),
        Created(),
    ]
    assert client.operations == ["BatchExecuteStatement", "BatchGetItem"]
    assert client.asked[1][1]["RequestItems"]["hot"]["ConsistentRead"] is True


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_throttled_statements_alone_are_sent_again_after_a_wait(code: str) -> None:
    refused = {"b", "d"}

    def of_each(key: str) -> Content:
        if key in refused:
            refused.discard(key)
            return failed(code)
        return GONE

    client = saying(of_each)
    assert run(client, [item(key) for key in "abcd"]) == [Created()] * 4
    assert asked_for(client) == [["a", "b", "c", "d"], ["b", "d"]]
    assert len(client.waited) == 1


def test_an_item_that_was_there_and_is_gone_again_is_created_after_all() -> None:
    tries: list[str] = []

    def of_each(key: str) -> Content:
        tries.append(key)
        return failed("DuplicateItem") if tries == ["a"] else GONE

    assert run(saying(of_each), [item("a")]) == [Created()]
    assert tries == ["a", "a"]


def test_statements_throttled_for_good_are_an_error() -> None:
    client = saying(lambda key: failed("ThrottlingError"))
    with pytest.raises(StoreError, match=f"table hot: .*{BATCH_TRIES} tries.*throttled"):
        run(client, [item("a")])


def test_a_statement_that_dynamodb_refuses_for_its_item_refuses_that_one() -> None:
    outcomes = run(saying(lambda key: failed("ValidationError") if key == "b" else GONE), [item("a"), item("b")])
    assert outcomes == [Created(), Refused("item d/b: why")]


def test_a_missing_permission_is_an_error_with_its_remedy() -> None:
    with pytest.raises(StoreError, match=r"AccessDenied.*deploy_l3"):
        run(saying(lambda key: failed("AccessDenied")), [item("a")])


def test_of_a_request_that_is_refused_for_one_item_the_others_are_created() -> None:
    def answers(operation: str, content: Content) -> Told:
        if operation == "PutItem":
            return "ValidationException", {"message": "Item size has exceeded the maximum allowed size"}
        keys = list(map(key_of, content["Statements"]))
        if "07" in keys:
            return "ValidationException", {"message": "Empty attribute name"}
        return {"Responses": [GONE] * len(keys)}

    outcomes = run(ScriptedClient(answers), [item(f"{n:02d}") for n in range(25)])
    assert outcomes[7] == Refused("item d/07: Item size has exceeded the maximum allowed size")
    assert outcomes[:7] + outcomes[8:] == [Created()] * 24


def test_an_item_that_only_a_statement_cannot_carry_is_put_where_its_key_is_free() -> None:
    """PartiQL refuses an empty name in a map, which PutItem takes."""

    def answers(operation: str, content: Content) -> Told:
        refused = operation != "PutItem" and any("odd" in key_of(one) for one in content["Statements"])
        if refused:
            return "ValidationException", {"message": "Empty attribute name"}
        return {} if operation == "PutItem" else {"Responses": [GONE] * len(content["Statements"])}

    client = ScriptedClient(answers)
    assert run(client, [item("a"), item("odd", map={"": 1})]) == [Created(), Created()]
    (put,) = [content for operation, content in client.asked if operation == "PutItem"]
    assert put["Item"]["map"] == {"M": {"": {"N": "1"}}}
    assert put["ConditionExpression"] == "attribute_not_exists(#k)"


def test_what_no_request_could_carry_is_refused_before_one() -> None:
    client = saying(lambda key: GONE)
    bad = [b"{", item("a", text="x" * 500_000), item("b", text="\ud800"), item("c", number=float("nan"))]
    outcomes = run(client, bad)
    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    assert client.asked == []


@pytest.mark.parametrize("there", [None, wire("a", v={"N": "2"})])
def test_an_item_with_names_too_long_for_a_statement_is_put_where_its_key_is_free(there: Content | None) -> None:
    names = {f"{n:03d}{'x' * 100}": n for n in range(100)}

    def answers(operation: str, content: Content) -> Told:
        if operation == "BatchGetItem":
            return {"Responses": {"hot": [there]}}
        return {} if there is None else ("ConditionalCheckFailedException", {})

    client = ScriptedClient(answers)
    (outcome,) = run(client, [item("a", **names)])
    assert isinstance(outcome, Created if there is None else Held)
    operation, content = client.asked[0]
    assert (operation, content["ConditionExpression"]) == ("PutItem", "attribute_not_exists(#k)")
    assert content["Item"].keys() == {"iotDeviceId", "id", *names}
