"""DynamoDB beyond one permission per request: statements judged one by one."""

from __future__ import annotations

import json
from typing import Any

import orjson
from aiohttp import web

from l3kit.sandbox.aws.answers import json_answer
from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.calls.dynamodb import statement_need, table_of
from l3kit.sandbox.aws.iam.enforcement import Case, Enforcement, Handler
from l3kit.sandbox.aws.iam.evaluation import Decision
from l3kit.sandbox.upstream import BODY, WHOLE

OPERATION = "BatchExecuteStatement"


class DynamoDBGuard:
    """Around every request of DynamoDB that its own permissions let through."""

    def __init__(self, enforcement: Enforcement) -> None:
        self._enforcement = enforcement

    async def __call__(self, case: Case, handler: Handler) -> web.StreamResponse:
        return await (self._batch(case, handler) if case.call.operation == OPERATION else handler(case.request))

    async def _batch(self, case: Case, handler: Handler) -> web.StreamResponse:
        """BatchExecuteStatement: a refused statement has `AccessDenied` as its own answer, the others are executed
        (DynamoDB API Reference, BatchStatementError)."""
        found = case.call.content.get("Statements")
        statements = found if isinstance(found, list) else []
        refused: dict[int, dict[str, Any]] = {}
        decided: dict[tuple[str, str], Decision] = {}  # all statements have the request's context
        for number, statement in enumerate(statements):
            need = statement_need(case.call, statement)
            if need is None:
                continue
            about = need.action, need.resource
            if about not in decided:
                decided[about] = await self._enforcement.decide(case.identity, need)
            decision = decided[about]
            if not decision.allowed:
                text = refusals.message(case.principal, need, decision)
                error = {"Code": "AccessDenied", "Message": text}
                refused[number] = {"Error": error, "TableName": table_of(need.resource)}
        if not refused:
            return await handler(case.request)
        left = [one for number, one in enumerate(statements) if number not in refused]
        answered: dict[str, Any] = {"Responses": []}
        if left:
            case.request[BODY] = orjson.dumps({**case.call.content, "Statements": left})
            case.request[WHOLE] = True
            answer = await handler(case.request)
            if answer.status != 200 or not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
                return answer
            answered = json.loads(answer.body)
        others = iter(answered["Responses"])
        woven = [refused.get(number) or next(others) for number in range(len(statements))]
        return json_answer({**answered, "Responses": woven})
