"""Who is asked about, how often, and what becomes of a request that is allowed in part."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from l3kit.sandbox.aws.account import ACCESS_KEY
from l3kit.sandbox.aws.iam.callers import Callers
from l3kit.sandbox.aws.iam.directory import Directory
from l3kit.sandbox.aws.iam.documents import parse_policy
from l3kit.sandbox.aws.iam.dynamodb_guard import DynamoDBGuard
from l3kit.sandbox.aws.iam.enforcement import Enforcement
from l3kit.sandbox.aws.iam.evaluation import Identity, Need, evaluate
from l3kit.sandbox.aws.iam.keys import Keys
from l3kit.sandbox.aws.iam.moto_iam import Element, MotoIam, parse_xml
from l3kit.sandbox.aws.iam.operator import operator_policies
from l3kit.sandbox.aws.iam.principals import Principal
from l3kit.sandbox.aws.iam.resource_policies import ResourcePolicies
from l3kit.sandbox.upstream import BODY
from tests.support.aws_callers import allow, document, table_arn

ROLE_ARN = "arn:aws:iam::123456789012:role/r"
TRUST = document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})


class Account(MotoIam):
    """An account of one role with one policy; it counts what it is asked."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.asked: list[str] = []
        self.during: Callable[[], None] | None = None

    async def call(self, action: str, **parameters: str) -> Element | None:
        self.asked.append(action)
        await asyncio.sleep(0)
        role = f"<Role><Arn>{ROLE_ARN}</Arn><RoleId>AROA</RoleId><AssumeRolePolicyDocument>{escape(TRUST)}"
        answers = {
            "GetRole": f"<a>{role}</AssumeRolePolicyDocument></Role></a>",
            "ListRolePolicies": "<a><PolicyNames><member>p</member></PolicyNames></a>",
            "GetRolePolicy": f"<a><PolicyDocument>{escape(self.policy)}</PolicyDocument></a>",
            "ListAttachedRolePolicies": "<a/>",
        }
        if self.during and action == "GetRolePolicy":
            self.during()
        known = parameters.get("RoleName") == "r" and action in answers
        return parse_xml(answers[action].encode()) if known else None


def judge_of(account: Account) -> tuple[Enforcement, Directory]:
    directory, keys = Directory(account), Keys(None)  # type: ignore[arg-type]
    callers = Callers(directory, {"f": ROLE_ARN}.get)
    policies = ResourcePolicies(keys, lambda _: None, lambda _: None)
    enforcement = Enforcement(callers, directory, policies, keys)
    enforcement.guards["dynamodb"] = DynamoDBGuard(enforcement)
    return enforcement, directory


def request(operation: str, content: Any) -> web.Request:
    headers = {
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20250101/us-east-1/dynamodb/aws4_request",
        "X-Amz-Security-Token": "sandbox/f/1",
    }
    made = make_mocked_request("POST", "/", headers)
    made[BODY] = json.dumps(content).encode()
    return made


async def answered(enforcement: Enforcement, made: web.Request, handler: Any = None) -> Any:
    async def done(passed: web.Request) -> web.StreamResponse:
        return web.Response(body=b"{}")

    answer = await enforcement.handle(made, "dynamodb", handler or done)
    assert isinstance(answer, web.Response)
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body) | {"status": answer.status}


def test_a_role_is_looked_up_once_until_something_is_written() -> None:
    account = Account(document(allow("dynamodb:GetItem")))
    enforcement, directory = judge_of(account)

    async def run() -> None:
        for _ in range(3):
            assert (await answered(enforcement, request("GetItem", {"TableName": "t"})))["status"] == 200
        assert account.asked.count("GetRole") == 1
        directory.note_write("PutRolePolicy", {"RoleName": "other"})
        directory.note_write("GetRole", {"RoleName": "r"})
        await answered(enforcement, request("GetItem", {"TableName": "t"}))
        assert account.asked.count("GetRole") == 1
        account.policy = document(allow("dynamodb:PutItem"))
        directory.note_write("PutRolePolicy", {"RoleName": "r"})
        assert (await answered(enforcement, request("GetItem", {"TableName": "t"})))["status"] == 400
        assert account.asked.count("GetRole") == 2

    asyncio.run(run())


def test_what_was_read_while_it_was_written_is_read_again() -> None:
    account = Account(document(allow("dynamodb:*")))
    enforcement, directory = judge_of(account)

    def change() -> None:
        account.during, account.policy = None, document(allow("s3:*"))
        directory.note_write("PutRolePolicy", {"RoleName": "r"})

    account.during = change
    # The old policy was on its way while the write was carried out; it must not be kept.
    asyncio.run(answered(enforcement, request("GetItem", {"TableName": "t"})))
    assert asyncio.run(answered(enforcement, request("GetItem", {"TableName": "t"})))["status"] == 400


def test_refused_statements_of_a_batch_are_answered_in_their_places() -> None:
    account = Account(document(allow("dynamodb:PartiQLDelete", table_arn("mine"))))
    enforcement, _ = judge_of(account)
    texts = [
        """DELETE FROM "yours" WHERE "id"=?""",
        """DELETE FROM "mine" WHERE "id"=?""",
        """INSERT INTO "mine" VALUE {'id':?}""",
    ]
    seen: list[str] = []

    async def handler(passed: web.Request) -> web.StreamResponse:
        seen.extend(one["Statement"] for one in json.loads(passed[BODY])["Statements"])
        return web.json_response({"Responses": [{"TableName": "mine", "Item": {"id": {"S": "2"}}}]})

    batch = {"Statements": [{"Statement": text} for text in texts]}
    responses = asyncio.run(answered(enforcement, request("BatchExecuteStatement", batch), handler))["Responses"]
    assert seen == texts[1:2]
    assert [one.get("Error", {}).get("Code") for one in responses] == ["AccessDenied", None, "AccessDenied"]
    assert responses[1]["Item"] == {"id": {"S": "2"}}
    assert f"dynamodb:PartiQLDelete on resource: {table_arn('yours')} because" in responses[0]["Error"]["Message"]
    seen.clear()
    refused = request("BatchExecuteStatement", {"Statements": batch["Statements"][:1]})
    alone = asyncio.run(answered(enforcement, refused, handler))
    assert (alone["status"], seen) == (200, [])


def test_an_operation_that_nobody_mapped_is_refused_in_words() -> None:
    enforcement, _ = judge_of(Account(document(allow("*"))))
    answer = asyncio.run(answered(enforcement, request("ExportTableToPointInTime", {})))
    assert answer["status"] == 400
    assert "does not know which permissions dynamodb:ExportTableToPointInTime needs" in answer["Message"]


def test_the_operator_may_what_the_table_lists_on_any_twins_resources() -> None:
    made = [parse_policy(text, "identity", name) for name, text in operator_policies().items()]
    operator = Identity(Principal("user", "arn:aws:iam::123456789012:user/o", "o"), tuple(made))
    for action, resource, allowed in (
        ("dynamodb:Query", table_arn("anything-hot-iot-data"), True),
        ("dynamodb:UpdateItem", table_arn("anything-hot-iot-data"), False),
        ("iam:CreateUser", "arn:aws:iam::123456789012:user/o", False),
    ):
        assert evaluate(operator, Need(action, resource)).allowed is allowed
    assert 1 <= len(made) <= 10  # as many as one user may have attached
