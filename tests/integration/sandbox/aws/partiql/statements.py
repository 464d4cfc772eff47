"""Tables, statements and values for PartiQL's cases, and where they run.

The cases hold for the real service, by its documentation and service model. `L3KIT_FOREIGN_DYNAMODB=http://...` runs
them against another server; `python -m tests.programs.dynamodb_local` against Amazon's DynamoDB Local. What that one is
known to do otherwise stands in DYNAMODB_LOCAL, and the cases fail there.
"""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from l3kit.sandbox.aws.account import ACCESS_KEY, SECRET_KEY

FOREIGN = os.environ.get("L3KIT_FOREIGN_DYNAMODB")
DYNAMODB_LOCAL: Mapping[str, str] = {
    "test_a_delete_of_an_item_that_is_not_there_succeeds_whatever_its_conditions": "it says ConditionalCheckFailed; "
    "the developer guide's page on DELETE says success with nothing deleted",
    "test_write_units_are_told_for_each_statement": "it tells no capacity for PartiQL",
    "test_more_parameters_than_question_marks_are_refused": "it takes them",
    "test_numbers_are_keys_by_their_value": "it deletes the item and does not give it back",
    "test_an_empty_list_of_parameters_is_refused": "it takes one as none",
}
"""Differences of version 1.25.1 from the service's documentation and model."""

Item = dict[str, Any]


def nested(levels: int) -> Item:
    """A text nested in `levels` lists."""
    return {"L": [nested(levels - 1)]} if levels else {"S": "x"}


EQUAL: Sequence[tuple[Item, Item]] = [
    ({"S": ""}, {"S": ""}),
    ({"S": "🌡 é"}, {"S": "🌡 é"}),
    ({"N": "1"}, {"N": "1.0"}),
    ({"N": "100"}, {"N": "1E2"}),
    ({"N": "-0.00012300"}, {"N": "-1.23e-4"}),
    ({"N": "0"}, {"N": "-0.0"}),
    ({"N": "12345678901234567890123456789012345678"}, {"N": "12345678901234567890123456789012345678.0"}),
    ({"B": "AAEC"}, {"B": "AAEC"}),
    ({"BOOL": False}, {"BOOL": False}),
    ({"NULL": True}, {"NULL": True}),
    ({"SS": ["a", "b", "c"]}, {"SS": ["c", "a", "b"]}),
    ({"NS": ["1", "2.50"]}, {"NS": ["2.5", "1.0"]}),
    ({"BS": ["AA==", "AQ=="]}, {"BS": ["AQ==", "AA=="]}),
    ({"L": []}, {"L": []}),
    ({"M": {}}, {"M": {}}),
    ({"L": [{"N": "1"}, {"S": "x"}]}, {"L": [{"N": "1.00"}, {"S": "x"}]}),
    ({"M": {"lat": {"N": "48.20"}, "lon": {"N": "16"}}}, {"M": {"lon": {"N": "1.6E1"}, "lat": {"N": "48.2"}}}),
    (
        {"M": {"l": {"L": [{"M": {"s": {"SS": ["b", "a"]}}}, {"L": []}, {"NULL": True}]}}},
        {"M": {"l": {"L": [{"M": {"s": {"SS": ["a", "b"]}}}, {"L": []}, {"NULL": True}]}}},
    ),
]
UNEQUAL: Sequence[tuple[Item, Item]] = [
    ({"S": "1"}, {"N": "1"}),
    ({"S": "a"}, {"S": "A"}),
    ({"S": "é"}, {"S": "e\u0301"}),
    ({"N": "1"}, {"N": "1.0000000000000000000000000000000000001"}),
    ({"B": "AAEC"}, {"B": "AAED"}),
    ({"BOOL": True}, {"BOOL": False}),
    ({"NULL": True}, {"BOOL": True}),
    ({"SS": ["a", "b"]}, {"SS": ["a"]}),
    ({"SS": ["a", "b"]}, {"SS": ["a", "c"]}),
    ({"SS": ["a", "b"]}, {"L": [{"S": "a"}, {"S": "b"}]}),
    ({"NS": ["1", "2"]}, {"SS": ["1", "2"]}),
    ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
    ({"L": [{"S": "a"}]}, {"L": [{"S": "a"}, {"S": "a"}]}),
    ({"L": []}, {"M": {}}),
    ({"M": {"a": {"N": "1"}}}, {"M": {"a": {"N": "1"}, "b": {"N": "1"}}}),
    ({"M": {"a": {"N": "1"}, "b": {"N": "1"}}}, {"M": {"a": {"N": "1"}, "c": {"N": "1"}}}),
    ({"M": {"a": {"N": "1"}}}, {"M": {"a": {"S": "1"}}}),
    ({"M": {"a": {"M": {"b": {"L": [{"N": "1"}]}}}}}, {"M": {"a": {"M": {"b": {"L": [{"N": "2"}]}}}}}),
    ({"M": {}}, {"M": {"toString": {"N": "1"}}}),
]
NO_VALUES: Sequence[Item] = [
    {"N": "abc"},
    {"N": "1e126"},
    {"N": "1e-131"},
    {"L": [{"N": "1" * 39}]},
    {"SS": []},
    {"SS": ["a", "a"]},
    {"NS": ["1", "1.0"]},
    {"NULL": False},
    {"M": {"": {"S": "x"}}},
    {"M": {"m": {}}},
    nested(40),
]
NAMES = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    'a"b',
    "a.b[0]",
    "with blank",
    "传感器🌡",
    "size",
    "a#b:c",
]


def foreign_client(address: str) -> Any:
    """An unmodified boto3 client for another server."""
    return boto3.client(
        "dynamodb",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
    )


class Table:
    """A table with the hot tier's key, and statements on it."""

    def __init__(self, client: Any, kinds: str = "SS") -> None:
        self.client = client
        self.name = f"Tier.hot_{uuid.uuid4().hex[:8]}-x"
        client.create_table(
            TableName=self.name,
            KeySchema=[
                {"AttributeName": "iotDeviceId", "KeyType": "HASH"},
                {"AttributeName": "id", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in zip(("iotDeviceId", "id"), kinds, strict=True)
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, name: str = "1", **more: Item) -> Item:
        item = {**key(name), **more}
        self.client.put_item(TableName=self.name, Item=item)
        return item

    def get(self, name: str = "1") -> Item | None:
        found = self.client.get_item(TableName=self.name, Key=key(name), ConsistentRead=True)
        item: Item | None = found.get("Item")
        return item

    def delete(
        self, name: str = "1", equal: Item | None = None, missing: Sequence[str] = (), returning: bool = True
    ) -> Item:
        """A DELETE with these values and missing names as conditions."""
        given = {**key(name), **(equal or {})}
        parts = [f"{quoted(each)}=?" for each in given] + [f"{quoted(each)} IS MISSING" for each in missing]
        text = f'DELETE FROM "{self.name}" WHERE {" AND ".join(parts)}' + " RETURNING ALL OLD *" * returning
        return {"Statement": text, "Parameters": list(given.values())}

    def insert(self, name: str = "1", **more: Item) -> Item:
        item = {**key(name), **more}
        names = ", ".join("'" + each.replace("'", "''") + "': ?" for each in item)
        return {
            "Statement": f'INSERT INTO "{self.name}" VALUE {{{names}}}',
            "Parameters": list(item.values()),
        }

    def batch(self, *statements: Item, **more: Any) -> list[Item]:
        answer = self.client.batch_execute_statement(Statements=list(statements), **more)
        responses: list[Item] = answer["Responses"]
        return responses


def key(name: str) -> Item:
    return {"iotDeviceId": {"S": "d"}, "id": {"S": name}}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def in_sets(value: Any) -> Any:
    """A value with sorted sets and with boto3's binary values as bytes."""
    if isinstance(value, dict):
        return {k: sorted(v, key=str) if k in ("SS", "NS", "BS") else in_sets(v) for k, v in value.items()}
    return [in_sets(each) for each in value] if isinstance(value, list) else value


def code(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def wire(value: Item) -> Item:
    """A value in boto3's form, with bytes instead of base64."""
    ((kind, content),) = value.items()
    if kind == "B":
        return {kind: b64(content)}
    return {kind: [b64(each) for each in content]} if kind == "BS" else value


def b64(text: str) -> bytes:
    return base64.b64decode(text)
