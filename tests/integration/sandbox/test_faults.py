"""Faults on order: each does to a function's n-th call just what it says, to that function alone."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

from l3kit.errors import SandboxError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import REGION
from l3kit.sandbox.aws.part import environment
from l3kit.sandbox.faults import arranged as faults
from l3kit.sandbox.faults.arranged import Action

pytestmark = pytest.mark.sandbox

Aws = Callable[[str], Any]
Invoke = Callable[..., tuple[Any, str | None]]

CALLER = """
import http.client, json, os
from urllib.parse import urlsplit

def call(operation, content, seconds=60):
    place = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=seconds)
    connection.request("POST", "/", json.dumps(content), {
        "X-Amz-Target": "DynamoDB_20120810." + operation, "X-Amz-Date": "20250101T000000Z",
        "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"],
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=" + os.environ["AWS_ACCESS_KEY_ID"] +
                         "/20250101/us-east-1/dynamodb/aws4_request, "
                         "SignedHeaders=host, Signature=0",
    })
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"{}")

def handler(event, context):
    seen = []
    for asked in event["calls"]:
        try:
            seen.append(call(*asked))
        except (OSError, http.client.HTTPException) as error:
            seen.append([0, type(error).__name__])
    return seen
"""


class Caller:
    """A deployed function that makes the calls it is told to, and a table for them."""

    def __init__(self, sandbox: SandboxState, deploy: Callable[..., str], invoke: Invoke, aws: Aws) -> None:
        self.endpoint, self._invoke, self._aws = sandbox.gateway, invoke, aws
        self.name = deploy(CALLER, Timeout=240)
        self.table = f"t-{uuid.uuid4().hex[:8]}"
        aws("dynamodb").create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, *ids: str) -> tuple[Any, str | None]:
        return self.ask(*map(self.put_of, ids))

    def put_of(self, name: str) -> list[Any]:
        return ["PutItem", {"TableName": self.table, "Item": {"id": {"S": name}}}]

    def ask(self, *calls: list[Any]) -> tuple[Any, str | None]:
        return self._invoke(self.name, {"calls": list(calls)})

    def arm(self, action: Action, at: int = 2, **more: Any) -> faults.ArmedFault:
        return faults.arm(self.endpoint, self.name, action, at=at, **more)

    def stored(self) -> list[str]:
        return sorted(item["id"]["S"] for item in self._aws("dynamodb").scan(TableName=self.table)["Items"])


@pytest.fixture
def caller(sandbox: SandboxState, deploy: Callable[..., str], invoke: Invoke, aws: Aws) -> Caller:
    return Caller(sandbox, deploy, invoke, aws)


def statuses(seen: Any) -> list[int]:
    return [status for status, _ in seen]


def test_watching_lists_the_calls_of_that_function_alone_and_changes_nothing(caller: Caller, aws: Aws) -> None:
    armed = caller.arm("watch")
    seen, error = caller.put("a", "b")
    aws("dynamodb").put_item(TableName=caller.table, Item={"id": {"S": "mine"}})
    assert (error, statuses(seen)) == (None, [200, 200])
    assert armed.calls() == [f"dynamodb PutItem {caller.table}"] * 2
    assert armed.disarm() == ([f"dynamodb PutItem {caller.table}"] * 2, 0)
    assert caller.stored() == ["a", "b", "mine"]


@pytest.mark.parametrize(("action", "stored"), [("kill_before", ["a"]), ("kill_after", ["a", "b"])])
def test_the_process_is_killed_before_or_after_the_call_takes_effect(
    caller: Caller, action: Action, stored: list[str]
) -> None:
    armed = caller.arm(action)
    seen, error = caller.put("a", "b", "c")
    assert error == "Unhandled"
    assert seen["errorType"] == "Runtime.ExitError"
    assert "signal: killed" in seen["errorMessage"]
    assert armed.disarm()[1] == 1
    assert caller.stored() == stored
    assert statuses(caller.put("d")[0]) == [200]


@pytest.mark.parametrize(
    ("action", "stored"),
    [
        ("lose_answer", ["a", "b", "c"]),
        ("cut_answer", ["a", "b", "c"]),
        ("silence", ["a", "c"]),
        ("silence_after", ["a", "b", "c"]),
    ],
)
def test_an_answer_that_does_not_come_leaves_open_what_happened(
    caller: Caller, action: Action, stored: list[str]
) -> None:
    armed = caller.arm(action)
    seen, error = caller.ask(caller.put_of("a"), [*caller.put_of("b"), 1.5], caller.put_of("c"))
    assert (error, statuses(seen)) == (None, [200, 0, 200])
    assert seen[1][1] == ("TimeoutError" if action.startswith("silence") else seen[1][1])
    assert armed.disarm()[1] == 1
    assert caller.stored() == stored


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("error_500", 500, "InternalServerError"),
        ("error_503", 503, "InternalServerError"),
        ("throttle", 400, "ProvisionedThroughputExceededException"),
    ],
)
def test_a_refusal_has_no_effect_and_comes_as_often_as_asked(
    caller: Caller, action: Action, status: int, kind: str
) -> None:
    armed = caller.arm(action, times=2)
    seen, _ = caller.put("a", "b", "c", "d")
    assert statuses(seen) == [200, status, status, 200]
    assert seen[1][1]["__type"].endswith(f"#{kind}")
    assert armed.disarm()[1] == 2
    assert caller.stored() == ["a", "d"]


def test_half_of_a_batch_is_left_unprocessed(caller: Caller) -> None:
    puts = [{"PutRequest": {"Item": {"id": {"S": i}}}} for i in "abc"]
    armed = caller.arm("partial", at=1)
    seen, _ = caller.ask(["BatchWriteItem", {"RequestItems": {caller.table: puts}}])
    assert seen == [[200, {"UnprocessedItems": {caller.table: puts[1:]}}]]
    armed.disarm()
    assert caller.stored() == ["a"]


def delete_of(table: str, name: str) -> dict[str, Any]:
    return {"Statement": f'DELETE FROM "{table}" WHERE "id"=? RETURNING ALL OLD *', "Parameters": [{"S": name}]}


def test_every_second_statement_of_a_batch_is_carried_out_and_the_others_are_throttled(caller: Caller) -> None:
    caller.put(*"abcde")
    armed = caller.arm("partial", at=1)
    seen, _ = caller.ask(["BatchExecuteStatement", {"Statements": [delete_of(caller.table, i) for i in "abcde"]}])
    assert armed.disarm() == ([f"dynamodb BatchExecuteStatement {caller.table} DELETE"], 1)
    ((status, content),) = seen
    responses = content["Responses"]
    assert (status, [one.get("Item", {}).get("id") for one in responses[1::2]]) == (200, [{"S": "b"}, {"S": "d"}])
    assert [one["Error"]["Code"] for one in responses[::2]] == [
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "ThrottlingError",
    ]
    assert caller.stored() == ["a", "c", "e"]


@pytest.mark.parametrize(
    ("action", "status", "stored"),
    [("throttle", 400, ["a", "b"]), ("error_500", 500, ["a", "b"]), ("lose_answer", 0, ["b"])],
)
def test_a_batch_of_statements_fails_as_any_other_call(
    caller: Caller, action: Action, status: int, stored: list[str]
) -> None:
    caller.put("a", "b")
    armed = caller.arm(action, at=1)
    seen, _ = caller.ask(["BatchExecuteStatement", {"Statements": [delete_of(caller.table, "a")]}])
    assert (statuses(seen), armed.disarm()[1]) == ([status], 1)
    assert caller.stored() == stored


def test_a_request_is_delivered_again_after_further_calls_of_that_caller(caller: Caller, aws: Aws) -> None:
    caller.put("a", "b")
    armed = caller.arm("deliver_again", at=1, after=2)
    statement = delete_of(caller.table, "a")
    seen, _ = caller.ask(["BatchExecuteStatement", {"Statements": [statement]}])
    assert seen[0][1]["Responses"][0]["Item"] == {"id": {"S": "a"}}
    assert caller.stored() == ["b"]
    caller.put("a")
    aws("dynamodb").put_item(TableName=caller.table, Item={"id": {"S": "mine"}})
    assert (armed.delivered(), caller.stored()) == (0, ["a", "b", "mine"])
    caller.put("c")
    assert (armed.delivered(), caller.stored()) == (1, ["b", "c", "mine"])
    caller.put("a")
    assert caller.stored() == ["a", "b", "c", "mine"]
    assert armed.disarm()[1] == 1


def test_a_request_is_delivered_again_when_told_to(caller: Caller, aws: Aws) -> None:
    armed = caller.arm("deliver_again", at=1)
    caller.put("a", "b")
    aws("dynamodb").delete_item(TableName=caller.table, Key={"id": {"S": "a"}})
    armed.go_on()
    assert (armed.delivered(), caller.stored()) == (1, ["a", "b"])
    with pytest.raises(SandboxError, match="nothing is held"):
        armed.go_on()


def test_what_waits_for_its_second_delivery_is_delivered_and_nothing_else_is_no_error(caller: Caller, aws: Aws) -> None:
    armed = caller.arm("deliver_again", at=1)
    assert armed.deliver() == 0
    caller.put("a", "b")
    aws("dynamodb").delete_item(TableName=caller.table, Key={"id": {"S": "a"}})
    assert (armed.deliver(), caller.stored()) == (1, ["a", "b"])
    assert armed.deliver() == 1


def test_an_object_that_is_delivered_again_overwrites_what_was_written_since(sandbox: SandboxState, aws: Aws) -> None:
    aws("s3").create_bucket(Bucket="delivered-again")
    variables = environment(sandbox)
    caller = boto3.client(
        "s3",
        endpoint_url=sandbox.gateway,
        region_name=REGION,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        config=Config(
            retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, user_agent="l3kit-late-writer/1"
        ),
    )
    armed = faults.arm(sandbox.gateway, "late-writer", "deliver_again", at=1)
    first = {"Bucket": "delivered-again", "Key": "k", "Body": b"first" * 50_000}
    digest = base64.b64encode(hashlib.sha256(first["Body"]).digest()).decode()  # type: ignore[arg-type]
    caller.put_object(**first, ChecksumSHA256=digest)
    aws("s3").put_object(Bucket="delivered-again", Key="k", Body=b"second")
    armed.go_on()
    assert aws("s3").get_object(Bucket="delivered-again", Key="k")["Body"].read() == first["Body"]
    assert armed.disarm() == (["s3 PUT delivered-again/k"], 1)


@pytest.mark.parametrize(("action", "stored"), [("pause_before", ["a"]), ("pause_after", ["a", "b"])])
def test_a_call_is_held_until_it_may_go_on(caller: Caller, action: Action, stored: list[str]) -> None:
    armed = caller.arm(action)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(caller.put("a", "b")))
    thread.start()
    assert armed.wait_until_held()
    assert caller.stored() == stored
    armed.go_on()
    thread.join()
    assert statuses(answers[0][0]) == [200, 200]
    with pytest.raises(SandboxError, match="nothing is held"):
        armed.go_on()


@pytest.mark.parametrize(("at", "stored"), [(2, ["a"]), (3, ["a", "b"])])
def test_a_held_call_goes_on_into_another_fault_at_itself_or_later(caller: Caller, at: int, stored: list[str]) -> None:
    armed = caller.arm("pause_before")
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(caller.put("a", "b", "c")))
    thread.start()
    assert armed.wait_until_held()
    with pytest.raises(SandboxError, match="action must be one of"):
        armed.go_on("explode", at)  # type: ignore[arg-type]
    armed.go_on("kill_before", at)
    thread.join()
    assert answers[0][1] == "Unhandled"
    assert (len(armed.disarm()[0]), caller.stored()) == (at, stored)


def test_delays_are_repeatable_and_lose_nothing(caller: Caller) -> None:
    armed = caller.arm("delay", at=0, seed=4, milliseconds=5)
    assert statuses(caller.put("a", "b")[0]) == [200, 200]
    armed.disarm()
    assert caller.stored() == ["a", "b"]


def test_a_plan_that_makes_no_sense_is_refused_with_what_is_allowed(caller: Caller) -> None:
    with pytest.raises(SandboxError, match="action must be one of watch, delay, kill_before"):
        caller.arm("explode")  # type: ignore[arg-type]
    armed = caller.arm("watch")
    armed.disarm()
    with pytest.raises(SandboxError, match="no such plan"):
        armed.calls()


def test_faults_cannot_be_ordered_without_the_admin_header(sandbox: SandboxState) -> None:
    import http.client
    from urllib.parse import urlsplit

    place = urlsplit(sandbox.gateway)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    connection.request("POST", "/_sandbox/faults", json.dumps({"caller": "x"}))
    assert connection.getresponse().status == 403
