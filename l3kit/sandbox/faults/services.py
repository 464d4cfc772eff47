"""Recognise a request's service and caller; each service's answers for failures and throttling."""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

from aiohttp import web

from l3kit.sandbox.answers import dynamodb_error, json_answer, s3_error
from l3kit.sandbox.partiql.parser import subject
from l3kit.sandbox.upstream import BODY

SERVICE: web.AppKey[str] = web.AppKey("l3kit.service", str)
"""Service name of an application that serves a single service."""
FUNCTION_PREFIXES = ("/_fnurl/", "/_azure/", "/_gcp/")
AGENT = re.compile(r"l3kit-(?P<function>[a-z0-9-]+)/(?P<instance>[A-Za-z0-9-]+)")
"""Caller in the user agent of a function's requests (`stores.agent_of` of its cloud)."""


class Service(Protocol):
    """Call descriptions and error answers of one service."""

    def describe(self, request: web.Request) -> str:
        """Service, operation and object of a call."""

    def error(self, status: int) -> web.Response:
        """The service's internal error with status 500 or 503."""

    def throttled(self) -> web.Response:
        """The service's throttling answer."""


class _DynamoDB:
    def describe(self, request: web.Request) -> str:
        return f"dynamodb {operation(request)} {_dynamodb_subject(request[BODY])}".rstrip()

    def error(self, status: int) -> web.Response:
        return dynamodb_error("InternalServerError", "The request processing has failed", status)

    def throttled(self) -> web.Response:
        return dynamodb_error("ProvisionedThroughputExceededException", "The level of throughput was exceeded")


class _S3:
    def describe(self, request: web.Request) -> str:
        method = "COPY" if "x-amz-copy-source" in request.headers else request.method
        return f"s3 {'LIST' if 'list-type' in request.query else method} {request.path.lstrip('/')}"

    def error(self, status: int) -> web.Response:
        code = "InternalError" if status == 500 else "ServiceUnavailable"
        return s3_error(status, code, "We encountered an internal error. Please try again.")

    def throttled(self) -> web.Response:
        return s3_error(503, "SlowDown", "Please reduce your request rate.")


class _Function:
    def describe(self, request: web.Request) -> str:
        return f"url {request.method} {function_of(request)}"

    def error(self, status: int) -> web.Response:
        return web.Response(status=status, text="Internal Server Error")

    def throttled(self) -> web.Response:
        return json_answer({"Message": "Rate Exceeded."}, 429, {"Retry-After": "0"})


class _Cosmos:
    def describe(self, request: web.Request) -> str:
        verb = request.method
        if request.headers.get("x-ms-cosmos-is-batch-request", "").lower() == "true":
            verb = "BATCH"
        elif "query" in request.headers.get("Content-Type", ""):
            verb = "QUERY"
        return f"cosmos {verb} {request.path.lstrip('/')}"

    def error(self, status: int) -> web.Response:
        code = "InternalServerError" if status == 500 else "ServiceUnavailable"
        return json_answer({"code": code, "message": "Something failed"}, status)

    def throttled(self) -> web.Response:
        return json_answer(
            {"code": "TooManyRequests", "message": "The request rate is too large"}, 429, {"x-ms-retry-after-ms": "5"}
        )


class _Blob:
    def describe(self, request: web.Request) -> str:
        copies = "x-ms-copy-source" in request.headers
        verb = "COPY" if copies else "LIST" if request.query.get("comp") == "list" else request.method
        part = request.query.get("comp", "") if verb == "PUT" else ""
        return " ".join(["blob", verb, *([part] if part else []), request.path.lstrip("/")])

    def error(self, status: int) -> web.Response:
        return self._answer(status, "InternalError" if status == 500 else "ServerBusy")

    def throttled(self) -> web.Response:
        return self._answer(503, "ServerBusy")

    def _answer(self, status: int, code: str) -> web.Response:
        body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
        return web.Response(
            status=status, body=body.encode(), content_type="application/xml", headers={"x-ms-error-code": code}
        )


class _Storage:
    def describe(self, request: web.Request) -> str:
        return f"storage {request.method} {request.path.lstrip('/')}"

    def error(self, status: int) -> web.Response:
        return self._answer(status, "backendError")

    def throttled(self) -> web.Response:
        return self._answer(429, "rateLimitExceeded")

    def _answer(self, status: int, reason: str) -> web.Response:
        content = {"code": status, "message": reason, "errors": [{"reason": reason, "message": reason}]}
        return json_answer({"error": content}, status)


class _Other:
    """A service of a cloud from another package, described by HTTP's terms."""

    def __init__(self, name: str) -> None:
        self._name = name

    def describe(self, request: web.Request) -> str:
        return f"{self._name} {request.method} {request.path.lstrip('/')}"

    def error(self, status: int) -> web.Response:
        return web.Response(status=status)

    def throttled(self) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "0"})


_DYNAMODB, _AMAZON_S3, _FUNCTION = _DynamoDB(), _S3(), _Function()
_OTHERS: dict[str, Service] = {"cosmos": _Cosmos(), "blob": _Blob(), "storage": _Storage()}


def service_of(request: web.Request) -> Service:
    """The service that a request is for."""
    name = request.app.get(SERVICE)
    if name is not None:
        return _OTHERS.get(name) or _Other(name)
    if operation(request):
        return _DYNAMODB
    return _FUNCTION if request.path.startswith(FUNCTION_PREFIXES) else _AMAZON_S3


def operation(request: web.Request) -> str:
    """The DynamoDB operation; empty for other services."""
    return request.headers.get("X-Amz-Target", "").rpartition(".")[2]


def statements_of(content: Any) -> list[str]:
    """The PartiQL statements of a request; empty for other requests."""
    if not isinstance(content, dict):
        return []
    entries = content.get("Statements", [content])
    if not isinstance(entries, list):
        return []
    found = [entry.get("Statement") for entry in entries if isinstance(entry, dict)]
    return [statement for statement in found if isinstance(statement, str)]


def function_of(request: web.Request) -> str:
    """The function addressed by a function URL; empty for other requests."""
    return request.path.split("/")[2] if request.path.startswith(FUNCTION_PREFIXES) else ""


def caller_of(request: web.Request) -> tuple[str, str | None]:
    """The calling function and its instance, from the request's credentials or user agent."""
    token = request.headers.get("X-Amz-Security-Token", "").split("/")
    if len(token) == 3:
        return token[1], token[2]
    return agent_caller(request.headers.get("User-Agent", "")), None


def agent_caller(agent: str) -> str:
    """The function named in this user agent; empty if there is none."""
    found = AGENT.search(agent)
    return found["function"] if found else ""


def _dynamodb_subject(body: bytes) -> str:
    """The table; for a journal record also its key and state, for PartiQL statements the verbs."""
    content = json.loads(body or b"{}")
    if statements := statements_of(content):
        read = [subject(statement) for statement in statements]
        return " ".join([*sorted({table for _, table in read}), *sorted({verb for verb, _ in read})]).strip()
    table = content.get("TableName") or next(iter(content.get("RequestItems", {})), "")
    record = content.get("Item") or content.get("Key") or {}
    about = [record[name]["S"] for name in ("name", "entry_state") if "S" in record.get(name, {})]
    return " ".join([table, *about])
