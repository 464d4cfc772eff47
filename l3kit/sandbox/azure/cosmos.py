"""Cosmos DB in the sandbox: an in-memory server behind a layer that makes it as strict as the service.

The server ignores a query's partition key, does not carry out batches atomically, lacks deletes in batches, has no size
limits and loses items when it pages through unordered results. This layer therefore decides all requests on documents
(`cosmos_operations`, `cosmos_sql`) and forwards those on databases and containers. It ignores `ttl` and signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web

from l3kit.sandbox.answers import own_address
from l3kit.sandbox.azure.cosmos_operations import (
    KB,
    MAX_ITEM_BYTES,
    QUERY_HEADERS,
    Container,
    Operation,
    Operations,
    Outcome,
    read_units,
)
from l3kit.sandbox.azure.cosmos_sql import Query, confine, in_fixed_order
from l3kit.sandbox.upstream import BODY, Answer, Upstream

MAX_OPERATIONS = 100
MAX_BATCH_BYTES = 2 * KB * KB
MAX_ANSWER_BYTES = 4 * KB * KB
"""Maximum size of a query's page, regardless of the requested count."""
PAGE_ITEMS = 100
"""Default page size; ten times as many for a requested count of -1."""
QUERY_UNITS = 2.3
"""Minimum charge of a query."""
NO_CONTAINER_SUBSTATUS = "1003"
CROSS_PARTITION_SUBSTATUS = "1004"
_POINT_KINDS = {"GET": "Read", "PUT": "Replace", "DELETE": "Delete"}


class BadRequestError(ValueError):
    """An invalid request, answered with status 400."""


class CosmosLayer:
    """Layer in front of one server. Requests to a container are carried out sequentially."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._containers: dict[str, Container] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request of an unchanged azure-cosmos client."""
        segments = [segment for segment in request.raw_path.partition("?")[0].split("/") if segment]
        if not segments and request.method == "GET":
            return await self._account(request)
        if len(segments) in (5, 6) and (segments[0], segments[2], segments[4]) == ("dbs", "colls", "docs"):
            if "a-im" not in request.headers:
                return await self._documents(request, "/" + "/".join(segments[:4]), segments[5:])
        elif request.method in ("PUT", "DELETE"):
            gone = "/" + "/".join(segments) + "/"
            self._containers = {p: c for p, c in self._containers.items() if not (p + "/").startswith(gone)}
        return await self._upstream.forward(request)

    async def _account(self, request: web.Request) -> web.StreamResponse:
        """Answer with this layer's address as location, and Strong consistency, because reads are never stale."""
        answer = await self._upstream.ask("GET", "/", headers={"Authorization": "-"})
        account = answer.json()
        for locations in ("writableLocations", "readableLocations"):
            for location in account.get(locations, ()):
                location["databaseAccountEndpoint"] = f"{own_address(request)}/"
        account["userConsistencyPolicy"] = {"defaultConsistencyLevel": "Strong"}
        return _json(200, account, 0.0)

    async def _documents(self, request: web.Request, path: str, rest: list[str]) -> web.StreamResponse:
        container = self._containers.get(path) or await self._look_up(path)
        if container is None:
            message = f"Owner resource does not exist: {path}"
            return _json(404, {"code": "NotFound", "message": message}, 1.0, {"x-ms-substatus": NO_CONTAINER_SUBSTATUS})
        body = request.get(BODY)
        if body is None:
            body = await request.read()
        try:
            async with container.lock:
                if rest:
                    return await self._point(request, container, unquote(rest[0]), body)
                if request.method == "GET":
                    return await self._query(request, container, Query("SELECT * FROM c"))
                if request.method != "POST":
                    return _error(405, "MethodNotAllowed", f"no {request.method} on a container's documents")
                if _is_true(request, "x-ms-documentdb-isquery") or request.content_type == "application/query+json":
                    content = _parsed(body)
                    query = Query(str(content["query"]), tuple(content.get("parameters") or ()))
                    return await self._query(request, container, query)
                if _is_true(request, "x-ms-cosmos-is-batch-request"):
                    return await self._batch(request, container, body)
                return await self._create(request, container, body)
        except BadRequestError as error:
            return _error(400, "BadRequest", str(error))

    async def _look_up(self, path: str) -> Container | None:
        answer = await self._upstream.ask("GET", path)
        if answer.status != 200:
            return None
        definition = answer.json()
        if "partitionKey" not in definition:
            return None
        return self._containers.setdefault(path, Container(path, definition["partitionKey"]["paths"]))

    async def _point(self, request: web.Request, container: Container, id_: str, body: bytes) -> web.Response:
        kind = _POINT_KINDS.get(request.method)
        if kind is None:
            return _error(405, "MethodNotAllowed", f"the l3kit sandbox offers no {request.method} on a document")
        if len(body) > MAX_ITEM_BYTES:
            return _error(413, "RequestEntityTooLarge", "Request size is too large")
        content = _parsed(body) if kind == "Replace" else None
        return await self._one(request, container, _operation(request, kind, id_, content))

    async def _create(self, request: web.Request, container: Container, body: bytes) -> web.Response:
        if len(body) > MAX_ITEM_BYTES:
            return _error(413, "RequestEntityTooLarge", "Request size is too large")
        content = _parsed(body)
        if not isinstance(content, dict):
            raise BadRequestError("the body is not a document")
        kind = "Upsert" if _is_true(request, "x-ms-documentdb-is-upsert") else "Create"
        return await self._one(request, container, _operation(request, kind, content.get("id", ""), content))

    async def _one(self, request: web.Request, container: Container, operation: Operation) -> web.Response:
        partition = _partition(request, container)
        (outcome,) = await Operations(self._upstream, container, partition).run([operation])
        etag = (outcome.body or {}).get("_etag")
        headers = {"etag": etag} if etag else {}
        minimal = request.headers.get("Prefer") == "return=minimal" and operation.kind != "Read" and not outcome.failed
        return _json(outcome.status, None if minimal else outcome.body, outcome.units, headers)

    async def _batch(self, request: web.Request, container: Container, body: bytes) -> web.Response:
        if len(body) > MAX_BATCH_BYTES:
            return _error(413, "RequestEntityTooLarge", "Request size is too large")
        content = _parsed(body)
        if not isinstance(content, list) or not content:
            raise BadRequestError("a batch is a list of operations")
        if len(content) > MAX_OPERATIONS:
            raise BadRequestError(f"Batch request has more operations than what is supported: {len(content)}")
        operations = [_batched(entry) for entry in content]
        outcomes = await Operations(self._upstream, container, _partition(request, container)).run(operations)
        failed = any(outcome.failed for outcome in outcomes)
        units = sum(outcome.units for outcome in outcomes)
        return _json(207 if failed else 200, [_entry(outcome) for outcome in outcomes], units)

    async def _query(self, request: web.Request, container: Container, query: Query) -> web.StreamResponse:
        try:
            if "x-ms-documentdb-partitionkey" in request.headers:
                query = confine(query, container.key_paths, _partition(request, container))
            elif request.method == "POST" and not _is_true(request, "x-ms-documentdb-query-enablecrosspartition"):
                message = "Cross partition query is required but disabled"
                return _error(400, "BadRequest", message, {"x-ms-substatus": CROSS_PARTITION_SUBSTATUS})
            query = in_fixed_order(query)
        except ValueError as error:
            raise BadRequestError(str(error)) from None
        count = _page_items(request)
        answer = await self._page(container, query, count, request)
        if len(answer.body) > MAX_ANSWER_BYTES:
            answer = await self._page(container, query, _fitting_count(answer), request)
        answer.headers["x-ms-request-charge"] = _charge(max(QUERY_UNITS, read_units(len(answer.body))))
        return answer.to_response()

    async def _page(self, container: Container, query: Query, count: int, request: web.Request) -> Answer:
        headers = {**QUERY_HEADERS, "x-ms-max-item-count": str(count)}
        if "x-ms-continuation" in request.headers:
            headers["x-ms-continuation"] = request.headers["x-ms-continuation"]
        return await self._upstream.ask(
            "POST", container.path + "/docs", headers=headers, body=orjson.dumps(query.body())
        )


def _fitting_count(answer: Answer) -> int:
    """Number of a page's results that fit into an answer; at least one."""
    sizes = accumulate(len(orjson.dumps(result)) + 1 for result in orjson.loads(answer.body)["Documents"])
    return max(1, sum(size < MAX_ANSWER_BYTES - KB for size in sizes))


def _page_items(request: web.Request) -> int:
    try:
        count = int(request.headers.get("x-ms-max-item-count", PAGE_ITEMS))
    except ValueError:
        raise BadRequestError("x-ms-max-item-count is not a number") from None
    return count if count > 0 else 10 * PAGE_ITEMS


def _partition(request: web.Request, container: Container) -> list[Any]:
    text = request.headers.get("x-ms-documentdb-partitionkey")
    if text is None:
        raise BadRequestError("PartitionKey value must be supplied for this operation.")
    try:
        values = orjson.loads(text)
    except ValueError:
        raise BadRequestError("the partition key header is not JSON") from None
    if not isinstance(values, list) or len(values) != len(container.key_paths):
        raise BadRequestError("The partition key has other components than the container's definition")
    return values


def _operation(request: web.Request, kind: str, id_: Any, body: Any) -> Operation:
    return Operation(kind, id_, body, request.headers.get("If-Match"), request.headers.get("If-None-Match"))


def _batched(entry: Any) -> Operation:
    if not isinstance(entry, dict):
        raise BadRequestError("an operation of a batch must be an object")
    body = entry.get("resourceBody")
    id_ = entry.get("id") or (body.get("id", "") if isinstance(body, dict) else "")
    return Operation(str(entry.get("operationType")), id_, body, entry.get("ifMatch"), entry.get("ifNoneMatch"))


def _entry(outcome: Outcome) -> dict[str, Any]:
    entry: dict[str, Any] = {"statusCode": outcome.status, "requestCharge": round(outcome.units, 2)}
    if outcome.body is not None and not outcome.failed:
        entry |= {"eTag": outcome.body["_etag"], "resourceBody": outcome.body}
    return entry


def _parsed(body: bytes) -> Any:
    if b'"__proto__"' in body:
        raise BadRequestError("this sandbox cannot keep an attribute named __proto__: its JavaScript loses it")
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise BadRequestError(f"the body is not JSON ({error})") from None


def _is_true(request: web.Request, header: str) -> bool:
    return request.headers.get(header, "").lower() == "true"


def _charge(units: float) -> str:
    return f"{units:.2f}"


def _json(status: int, content: Any, units: float, headers: Mapping[str, str] | None = None) -> web.Response:
    body = b"" if content is None or status in (204, 304) else orjson.dumps(content)
    return web.Response(
        status=status,
        body=body,
        content_type="application/json",
        headers={"x-ms-request-charge": _charge(units), **(headers or {})},
    )


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return _json(status, {"code": code, "message": message}, 1.0, headers)
