"""DynamoDB checks beyond one permission per request: statements of a batch, and tables' resource policies."""

from __future__ import annotations

import json
from typing import Any

import orjson
from aiohttp import web

from l3kit.sandbox.aws.answers import json_answer
from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.calls.dynamodb import statement_need, table_arn, table_of
from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, parse_policy
from l3kit.sandbox.aws.iam.enforcement import AccessRequest, Enforcement, Handler
from l3kit.sandbox.aws.iam.evaluation import Decision
from l3kit.sandbox.aws.iam.table_policies import OPERATIONS, TablePolicies, invalid
from l3kit.sandbox.upstream import BODY, WHOLE, Upstream

_PREFIX = "DynamoDB_20120810."


class DynamoDBGuard:
    """Service-specific checks of DynamoDB."""

    def __init__(self, enforcement: Enforcement, tables: TablePolicies, moto: Upstream) -> None:
        self._enforcement = enforcement
        self._tables = tables
        self._moto = moto

    async def __call__(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        operation = access.call.operation
        if operation == "BatchExecuteStatement":
            return await self._batch(access, handler)
        if operation in OPERATIONS:
            return await self._of_policies(access)
        if operation == "CreateTable" and access.call.content.get("ResourcePolicy"):
            return await self._create(access, handler)
        answer = await handler(access.request)
        if operation == "DeleteTable" and answer.status == 200:
            self._tables.forget(table_arn(str(access.call.content.get("TableName", ""))))
        return answer

    async def _of_policies(self, access: AccessRequest) -> web.StreamResponse:
        arn = str(access.call.content.get("ResourceArn", ""))
        asked = {"TableName": table_of(arn)}
        there = await self._moto.call_json("dynamodb", _PREFIX + "DescribeTable", asked)
        if there.status != 200:
            return there.to_response()
        return self._tables.answer(access.call.operation, access.call.content)

    async def _create(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        content = dict(access.call.content)
        text, arn = str(content.pop("ResourcePolicy")), table_arn(str(content.get("TableName", "")))
        try:
            parse_policy(text, "resource")
        except MalformedPolicyError as error:
            return invalid(error)
        access.request[BODY] = json.dumps(content).encode()
        answer = await handler(access.request)
        if answer.status == 200:
            self._tables.put(arn, text)
        return answer

    async def _batch(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        """Carry out BatchExecuteStatement: answer `AccessDenied` for a refused statement and execute the others.

        Source: DynamoDB API Reference, BatchStatementError.
        """
        found = access.call.content.get("Statements")
        statements = found if isinstance(found, list) else []
        refused: dict[int, dict[str, Any]] = {}
        decided: dict[tuple[str, str], Decision] = {}  # all statements have the request's context
        for number, statement in enumerate(statements):
            need = statement_need(access.call, statement)
            if need is None:
                continue
            about = need.action, need.resource
            if about not in decided:
                decided[about] = await self._enforcement.decide(access.identity, need)
            decision = decided[about]
            if not decision.allowed:
                text = refusals.message(access.principal, need, decision)
                error = {"Code": "AccessDenied", "Message": text}
                refused[number] = {"Error": error, "TableName": table_of(need.resource)}
        if not refused:
            return await handler(access.request)
        left = [one for number, one in enumerate(statements) if number not in refused]
        answered: dict[str, Any] = {"Responses": []}
        if left:
            access.request[BODY] = orjson.dumps({**access.call.content, "Statements": left})
            access.request[WHOLE] = True
            answer = await handler(access.request)
            if answer.status != 200 or not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
                return answer
            answered = json.loads(answer.body)
        others = iter(answered["Responses"])
        woven = [refused.get(number) or next(others) for number in range(len(statements))]
        return json_answer({**answered, "Responses": woven})
