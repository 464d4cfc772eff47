"""Conditional deletes: each answer's statements are judged by themselves, and what must come back comes back."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from l3kit.clouds.aws.data.client import ROLE_DENIED, Answer, Call
from l3kit.clouds.aws.data.deletes import PASSING, PUT_BACK_TRIES, ConditionalDeletes, Deletions
from l3kit.clouds.aws.data.dynamodb import DynamoTable
from l3kit.clouds.aws.data.items import to_chunk_json
from l3kit.clouds.aws.data.statements import MAX_REQUEST_BYTES, Conditions, parameters
from l3kit.errors import StoreError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.ports import Usage, always
from l3kit.tiering.retry import Passing, RetryPolicy

Item = dict[str, Any]
Answers = Callable[[list[Item]], list[Item] | Passing]


class Client:
    """Answers each request by a function of its statements; what it answers is what the service says of each."""

    denied = ROLE_DENIED

    def __init__(self, answers: Answers) -> None:
        self.usage = Usage()
        self.waited: list[float] = []
        self.retry = RetryPolicy(sleep=self._sleep, random=lambda: 1.0)
        self.requests: list[list[Item]] = []
        self._answers = answers

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def attempt(self, call: Call, *, once: bool = False) -> Answer | Passing:
        self.usage.count(call.kind)
        statements = json.loads(call.body)["Statements"]
        self.requests.append(statements)
        told = self._answers(statements)
        if isinstance(told, Passing):
            return told
        consumed = [{"TableName": "hot", "CapacityUnits": float(len(statements))}]
        return Answer(200, {}, json.dumps({"Responses": told, "ConsumedCapacity": consumed}).encode())

    async def call(self, call: Call) -> Answer:
        return await self.retry.until_settled(self.usage, call.kind, call.resource, lambda: self.attempt(call))

    @property
    def inserts(self) -> list[Item]:
        return [one for request in self.requests for one in request if one["Statement"].startswith("INSERT")]


def item(key: str, **more: Any) -> Item:
    return {"iotDeviceId": {"S": "d"}, "id": {"S": key}, **more}


def deletions(items: Sequence[Item]) -> Deletions:
    conditions = Conditions("hot")
    made = [conditions.of(one) for one in items]
    partly = {one["id"]["S"]: to_chunk_json(one) for one, how in zip(items, made, strict=True) if not how.whole}
    values = [parameters(how, one) for how, one in zip(made, items, strict=True)]
    return Deletions([one["id"]["S"] for one in items], made, values, partly)


def run(client: Client, items: Sequence[Item], check: Callable[[], None] = always, attempt: int = 1) -> list[str]:
    table = DynamoTable("hot", client)  # type: ignore[arg-type]
    return asyncio.run(ConditionalDeletes(table, Bounded(4)).run(deletions(items), check, attempt))


def failed(code: str) -> Item:
    return {"Error": {"Code": code, "Message": "why"}, "TableName": "hot"}


def deleted(old: Item) -> Item:
    return {"TableName": "hot", "Item": old}


GONE = {"TableName": "hot"}
ITEMS = [item(key, v={"N": "1"}) for key in "abcd"]


def telling(responses: list[Item], inserted: Item = GONE) -> Client:
    """One answer to the deletes, and the same to every insert."""
    return Client(lambda asked: responses if asked[0]["Statement"].startswith("D") else [inserted] * len(asked))


def test_each_statement_is_decided_by_itself() -> None:
    client = telling([deleted(ITEMS[0]), failed("ConditionalCheckFailed"), GONE, deleted(ITEMS[3])])
    assert run(client, ITEMS) == ["b"]
    assert client.usage.requests == {"batch_delete": 1}
    assert client.usage.write_units == 4
    assert client.waited == []


def test_a_version_with_more_attributes_is_put_back_as_it_was_and_told() -> None:
    richer = item("b", v={"N": "1"}, w={"M": {"x": {"NULL": True}}})
    client = telling([deleted(ITEMS[0]), deleted(richer), GONE, GONE])
    assert run(client, ITEMS) == ["b"]
    (insert,) = client.inserts
    assert insert["Statement"] == """INSERT INTO "hot" VALUE {'iotDeviceId':?,'id':?,'v':?,'w':?}"""
    assert insert["Parameters"] == list(richer.values())
    assert client.usage.requests == {"batch_delete": 1, "put_back": 1}


def test_a_newer_version_that_came_meanwhile_is_left_alone() -> None:
    client = telling([deleted(item("a", v={"N": "1"}, w={"N": "1"}))], failed("DuplicateItem"))
    assert run(client, ITEMS[:1]) == ["a"]
    assert len(client.inserts) == 1


MANY = {f"a{n}": {"N": str(n)} for n in range(300)}


@pytest.mark.parametrize("change", [{"a299": {"N": "-1"}}, {"a299": {"SS": ["b", "a"]}}, {"new": {"S": ""}}])
def test_of_an_item_with_hundreds_of_attributes_the_old_one_is_compared_in_full(change: Item) -> None:
    read = item("a", **MANY)
    client = telling([deleted({**read, **change})])
    assert run(client, [read]) == ["a"]
    assert dict(zip({**read, **change}, client.inserts[0]["Parameters"], strict=True)) == {**read, **change}
    removed = {name: value for name, value in read.items() if name != "a299"}
    client = telling([deleted(removed)])
    assert run(client, [read]) == ["a"]
    assert len(client.inserts[0]["Parameters"]) == len(removed)


def test_an_item_with_hundreds_of_attributes_that_is_unchanged_is_not_put_back() -> None:
    read = item("a", **MANY, set={"SS": ["a", "b"]})
    answered = dict(reversed(list({**read, "set": {"SS": ["b", "a"]}}.items())))
    client = telling([deleted(answered)])
    assert run(client, [read]) == []
    assert client.inserts == []


@pytest.mark.parametrize("code", sorted(PASSING))
def test_a_throttled_statement_is_left_and_given_time_and_not_sent_again(code: str) -> None:
    client = telling([deleted(ITEMS[0]), failed(code), GONE, failed(code)])
    assert run(client, ITEMS, attempt=3) == ["b", "d"]
    assert len(client.requests) == 1
    assert client.waited == [0.4]
    assert client.usage.retries == {"batch_delete": 1}


def test_a_request_without_an_answer_leaves_all_and_is_not_sent_again() -> None:
    client = Client(lambda asked: Passing("the connection was closed"))
    assert run(client, ITEMS) == list("abcd")
    assert len(client.requests) == 1
    assert client.waited == [0.1]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("AccessDenied", "deploy_l3"),
        ("ResourceNotFound", "The table is missing"),
        ("ValidationError", "Report"),
        ("ItemCollectionSizeLimitExceeded", ""),
        ("SomethingNew", ""),
    ],
)
def test_a_refusal_for_good_is_told_after_what_must_come_back_has_come_back(code: str, remedy: str) -> None:
    client = telling([failed(code), deleted(item("b", v={"N": "1"}, w={"N": "1"})), GONE, GONE])
    with pytest.raises(StoreError) as raised:
        run(client, ITEMS)
    assert (raised.value.resource, raised.value.cause) == ("table hot", f"batch_delete returned {code} why")
    assert remedy in raised.value.remedy
    assert len(client.inserts) == 1


def test_a_throttled_insert_is_sent_again_until_it_is_done() -> None:
    answers = iter([[failed("ThrottlingError"), GONE], Passing("503"), [failed("DuplicateItem")]])
    richer = [item(key, v={"N": "1"}, w={"N": "1"}) for key in "ab"]

    def answer(asked: list[Item]) -> list[Item] | Passing:
        return [deleted(one) for one in richer] if asked[0]["Statement"].startswith("D") else next(answers)

    client = Client(answer)
    assert run(client, ITEMS[:2]) == ["a", "b"]
    assert [one["Parameters"][1]["S"] for one in client.inserts] == ["a", "b", "a", "a"]
    assert next(answers, None) is None


@pytest.mark.parametrize(("code", "tries"), [("AccessDenied", 1), ("ThrottlingError", PUT_BACK_TRIES)])
def test_what_cannot_be_put_back_is_in_the_log_and_told(
    code: str, tries: int, caplog: pytest.LogCaptureFixture
) -> None:
    richer = item("a", v={"N": "1"}, w={"S": "the only copy"})
    client = telling([deleted(richer), GONE, GONE, GONE], failed(code))
    with caplog.at_level(logging.ERROR), pytest.raises(StoreError, match="1 item was rewritten") as raised:
        run(client, ITEMS)
    assert json.dumps(richer) in caplog.text
    assert "the only copy" not in str(raised.value)
    assert len(client.inserts) == tries


def test_half_a_surrogate_pair_in_an_added_attribute_is_put_back() -> None:
    client = telling([deleted(item("a", v={"N": "1"}, w={"S": "x\ud800"}))])
    assert run(client, ITEMS[:1]) == ["a"]
    assert client.inserts[0]["Parameters"][3] == {"S": "x\ud800"}


def test_a_request_takes_25_and_asks_before_each() -> None:
    items = [item(f"{n:03d}", v={"N": "1"}) if n % 2 else item(f"{n:03d}") for n in range(60)]
    client = Client(lambda asked: [GONE] * len(asked))
    asked: list[bool] = []
    assert run(client, items, check=lambda: asked.append(True)) == []
    assert [len(request) for request in client.requests] == [25, 25, 10]
    assert [one["Parameters"][-2]["S"] for request in client.requests for one in request if len(one["Parameters"]) == 2]
    assert sum(len(one["Parameters"]) for request in client.requests for one in request) == 150
    assert len(asked) == 3


def test_a_request_of_large_items_takes_fewer() -> None:
    items = [item(f"{n:03d}", v={"S": "x" * 300_000}) for n in range(10)] + [item("last", v={"S": "y" * 399_000})]
    client = Client(lambda asked: [GONE] * len(asked))
    assert run(client, items) == []
    sizes = [len(json.dumps(request)) for request in client.requests]
    assert max(sizes) <= MAX_REQUEST_BYTES
    assert len(sizes) < len(items)
    keys = [value["S"] for request in client.requests for one in request for value in one["Parameters"][:1]]
    assert keys == [one["id"]["S"] for one in items]


def test_some_of_a_pages_items_can_be_chosen() -> None:
    page = deletions(ITEMS)
    assert page.of(["b", "c"]).sort_keys == ["b", "c"]
    chosen = page.of(["a", "d"])
    assert (chosen.sort_keys, chosen.parameters) == (["a", "d"], [page.parameters[0], page.parameters[3]])
