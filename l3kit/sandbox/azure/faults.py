"""Calls of Cosmos DB and Blob Storage for the faults arranged by tests: descriptions and failures."""

from __future__ import annotations

from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.faults.services import Service


class CosmosCalls(Service):
    """Calls of Cosmos DB."""

    def describe(self, request: web.Request) -> str:
        verb = request.method
        if request.headers.get("x-ms-cosmos-is-batch-request", "").lower() == "true":
            verb = "BATCH"
        elif "query" in request.headers.get("Content-Type", ""):
            verb = "QUERY"
        return f"{self.name} {verb} {request.path.lstrip('/')}"

    def error(self, status: int) -> web.Response:
        code = "InternalServerError" if status == 500 else "ServiceUnavailable"
        return json_answer({"code": code, "message": "Something failed"}, status)

    def throttled(self) -> web.Response:
        return json_answer(
            {"code": "TooManyRequests", "message": "The request rate is too large"}, 429, {"x-ms-retry-after-ms": "5"}
        )


class BlobCalls(Service):
    """Calls of Blob Storage."""

    def describe(self, request: web.Request) -> str:
        copies = "x-ms-copy-source" in request.headers
        verb = "COPY" if copies else "LIST" if request.query.get("comp") == "list" else request.method
        part = request.query.get("comp", "") if verb == "PUT" else ""
        return " ".join([self.name, verb, *([part] if part else []), request.path.lstrip("/")])

    def error(self, status: int) -> web.Response:
        return _blob_error(status, "InternalError" if status == 500 else "ServerBusy")

    def throttled(self) -> web.Response:
        return _blob_error(503, "ServerBusy")


def _blob_error(status: int, code: str) -> web.Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return web.Response(
        status=status, body=body.encode(), content_type="application/xml", headers={"x-ms-error-code": code}
    )
