"""Calls of DynamoDB and S3 for the faults arranged by tests: descriptions, failures and half-done batches."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.aws.error_answers import dynamodb_error, s3_error
from l3kit.sandbox.aws.partiql.parser import subject
from l3kit.sandbox.faults.services import Caller, Handler, Service, caller_by_agent
from l3kit.sandbox.upstream import BODY, WHOLE

THROTTLED = (
    {"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity of your table or index"},
    {"Code": "ProvisionedThroughputExceeded", "Message": "The level of throughput was exceeded"},
)
"""Returned alternately, because DynamoDB's service model has both and a caller must handle both."""


class _DynamoDB(Service):
    needs_body = True

    def describe(self, request: web.Request) -> str:
        return f"{self.name} {operation(request)} {_subject(request[BODY])}".rstrip()

    def error(self, status: int) -> web.Response:
        return dynamodb_error("InternalServerError", "The request processing has failed", status)

    def throttled(self) -> web.Response:
        return dynamodb_error("ProvisionedThroughputExceededException", "The level of throughput was exceeded")

    async def partial(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if operation(request) == "BatchWriteItem":
            return await _half_of_items(request, handler)
        if operation(request) == "BatchExecuteStatement":
            return await _half_of_statements(request, handler)
        return await handler(request)


class _S3(Service):
    def describe(self, request: web.Request) -> str:
        method = "COPY" if "x-amz-copy-source" in request.headers else request.method
        return f"{self.name} {'LIST' if 'list-type' in request.query else method} {request.path.lstrip('/')}"

    def error(self, status: int) -> web.Response:
        code = "InternalError" if status == 500 else "ServiceUnavailable"
        return s3_error(status, code, "We encountered an internal error. Please try again.")

    def throttled(self) -> web.Response:
        return s3_error(503, "SlowDown", "Please reduce your request rate.")


_DYNAMODB, _OBJECTS = _DynamoDB("dynamodb"), _S3("s3")


def service_of(request: web.Request) -> Service:
    """Return DynamoDB for its calls, S3 for all others."""
    return _DYNAMODB if operation(request) else _OBJECTS


def caller_of(request: web.Request) -> Caller:
    """Return the calling function and its instance, by its session token or its user agent."""
    token = request.headers.get("X-Amz-Security-Token", "").split("/")
    return (token[1], token[2]) if len(token) == 3 else caller_by_agent(request)


def operation(request: web.Request) -> str:
    """Return the DynamoDB operation; empty for other services."""
    return request.headers.get("X-Amz-Target", "").rpartition(".")[2]


def statements_of(content: Any) -> list[str]:
    """Return the PartiQL statements of a request; empty for other requests."""
    if not isinstance(content, dict):
        return []
    entries = content.get("Statements", [content])
    if not isinstance(entries, list):
        return []
    found = [entry.get("Statement") for entry in entries if isinstance(entry, dict)]
    return [statement for statement in found if isinstance(statement, str)]


def _subject(body: bytes) -> str:
    """Return the table; for a journal record also its key and state, for PartiQL statements the verbs."""
    content = json.loads(body or b"{}")
    if statements := statements_of(content):
        read = [subject(statement) for statement in statements]
        return " ".join([*sorted({table for _, table in read}), *sorted({verb for verb, _ in read})]).strip()
    table = content.get("TableName") or next(iter(content.get("RequestItems", {})), "")
    record = content.get("Item") or content.get("Key") or {}
    about = [record[name]["S"] for name in ("name", "entry_state") if "S" in record.get(name, {})]
    return " ".join([table, *about])


async def _half_of_items(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out the first half of the items and answer that the rest is unprocessed."""
    content = json.loads(request[BODY])
    ((table, entries),) = content["RequestItems"].items()
    done, left = entries[: len(entries) // 2], entries[len(entries) // 2 :]
    if done:
        answer = await _with_body(request, {**content, "RequestItems": {table: done}}, handler)
        if answer.status != 200:
            return answer
    return json_answer({"UnprocessedItems": {table: left}})


async def _half_of_statements(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out every second statement, starting with the second, and answer that the others are throttled."""
    content = json.loads(request[BODY])
    statements = content["Statements"]
    answered: dict[str, Any] = {"Responses": []}
    if done := statements[1::2]:
        answer = await _with_body(request, {**content, "Statements": done}, handler)
        if answer.status != 200:
            return answer
        assert isinstance(answer.body, bytes)
        answered = json.loads(answer.body)
    carried_out = iter(answered["Responses"])
    answered["Responses"] = [
        next(carried_out) if number % 2 else {"Error": THROTTLED[number // 2 % 2]} for number in range(len(statements))
    ]
    return json_answer(answered)


async def _with_body(request: web.Request, content: Any, handler: Handler) -> web.Response:
    request[BODY] = json.dumps(content).encode()
    request[WHOLE] = True
    answer = await handler(request)
    assert isinstance(answer, web.Response)
    return answer
