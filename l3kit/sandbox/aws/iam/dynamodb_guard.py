"""DynamoDB beyond one permission per request: statements judged one by one."""

from __future__ import annotations

import json
from typing import Any

import orjson
from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.calls.dynamodb import statement_need, table_of
from l3kit.sandbox.aws.iam.enforcement import AccessRequest, Enforcement, Handler
from l3kit.sandbox.aws.iam.evaluation import Decision
from l3kit.sandbox.upstream import BODY, WHOLE

OPERATION = "BatchExecuteStatement"


class DynamoDBGuard:
    """Service-specific checks of DynamoDB."""

    def __init__(self, enforcement: Enforcement) -> None:
        self._enforcement = enforcement

    async def __call__(self, access: AccessRequest, handler: Handler) -> web.StreamResponse:
        return await (self._batch(access, handler) if access.call.operation == OPERATION else handler(access.request))

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
