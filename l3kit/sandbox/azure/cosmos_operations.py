"""Atomic sets of reads and writes in one partition, the common form of point requests and batches.

The outcome is decided in advance from the stored documents, under the container's lock. Only a set of operations that
will succeed is forwarded, as one batch, which the single-threaded server carries out without interruption.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import orjson

from l3kit.sandbox.upstream import Upstream

KB = 1024
MAX_ITEM_BYTES = 2 * KB * KB
MAX_ID_BYTES = 1023
FORBIDDEN_IN_ID = "/\\?#"
SYSTEM = frozenset(("_rid", "_self", "_etag", "_attachments", "_ts"))
WRITE_UNITS = ((1, 4.95), (2, 6.29), (4, 6.67), (16, 9.52))
"""Request units of a write by size in KB, interpolated linearly and extrapolated beyond the last point."""
FAILED_UNITS = 1.0
NOT_FOUND = {"code": "NotFound", "message": "Entity with the specified id does not exist in the system."}

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One read or write; `body` is its document."""

    kind: str
    id: str
    body: Document | None = None
    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of one operation; `body`: the document, or the error's code and message."""

    status: int
    body: Document | None = None
    units: float = FAILED_UNITS

    @property
    def failed(self) -> bool:
        return self.status >= 400


@dataclass(slots=True)
class Container:
    """A container: its path, the paths of its partition key, and its lock."""

    path: str
    key_paths: Sequence[str]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def read_units(size: int) -> float:
    return max(1.0, size / KB)


def write_units(size: int) -> float:
    """Request units of creating, replacing or deleting a document of `size` bytes."""
    kilobytes = max(1.0, size / KB)
    (low, at_low), (high, at_high) = WRITE_UNITS[-2:]
    for (start, at_start), (end, at_end) in pairwise(WRITE_UNITS):
        if kilobytes <= end:
            low, at_low, high, at_high = start, at_start, end, at_end
            break
    return round(at_low + (kilobytes - low) * (at_high - at_low) / (high - low), 2)


def id_problem(id_: Any) -> str | None:
    """The reason why a document id is invalid; None for a valid one."""
    if not isinstance(id_, str) or not id_:
        return "The input content is invalid because the required properties - 'id; ' - are missing"
    if any(character in FORBIDDEN_IN_ID for character in id_):
        return "Id contains illegal chars: / \\ ? # are not allowed"
    if len(id_.encode()) > MAX_ID_BYTES:
        return f"Id is longer than {MAX_ID_BYTES} bytes"
    return None


class Operations:
    """Operations on one partition of a container; the caller holds the container's lock.

    Args:
        partition: partition key values from the request's header.
    """

    def __init__(self, upstream: Upstream, container: Container, partition: Sequence[Any]) -> None:
        self._upstream = upstream
        self._container = container
        self._partition = partition
        self._key = orjson.dumps(list(partition)).decode()

    async def run(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Carry out all operations or none; if one fails, the others are answered with status 424."""
        stored = await self._load(operations)
        forwarded: list[Mapping[str, Any]] = []
        now: dict[str, Document | None] = dict(stored)
        for index, operation in enumerate(operations):
            failure = self._decide(operation, now, forwarded)
            if failure is not None:
                return _only(index, failure, len(operations))
        if all(operation.kind == "Read" for operation in operations):
            return [_success("Read", 200, stored[operation.id], None) for operation in operations]
        answers = await self._post(forwarded, go_on=False)
        if refused := [answer["statusCode"] for answer in answers if answer["statusCode"] >= 400]:
            raise RuntimeError(f"the Cosmos DB server refused what should succeed, with {refused[0]}")
        return [
            _success(operation.kind, answer["statusCode"], answer.get("resourceBody"), stored.get(operation.id))
            for operation, answer in zip(operations, answers, strict=True)
        ]

    async def _load(self, operations: Sequence[Operation]) -> dict[str, Document | None]:
        ids = list(dict.fromkeys(operation.id for operation in operations if id_problem(operation.id) is None))
        if not ids:
            return {}
        reads = [{"operationType": "Read", "id": id_, "partitionKey": self._key} for id_ in ids]
        answers = await self._post(reads, go_on=True)
        return {
            id_: answer["resourceBody"] if answer["statusCode"] == 200 else None
            for id_, answer in zip(ids, answers, strict=True)
        }

    def _decide(
        self, operation: Operation, now: dict[str, Document | None], forwarded: list[Mapping[str, Any]]
    ) -> Outcome | None:
        """The failure of an operation; None if it will succeed, with its effect applied to `now`."""
        problem = id_problem(operation.id)
        if problem:
            return _bad_request(problem)
        there = now.get(operation.id)
        failure = _precondition(operation, there)
        if failure:
            return failure
        entry: dict[str, Any] = {"operationType": operation.kind, "id": operation.id, "partitionKey": self._key}
        if operation.kind == "Read":
            forwarded.append(entry)
            return None
        if operation.kind == "Delete":
            now[operation.id] = None
            forwarded.append(entry)
            return None
        body = operation.body
        failure = self._body_problem(operation, body)
        if failure:
            return failure
        assert body is not None
        now[operation.id] = {name: value for name, value in body.items() if name not in SYSTEM}
        forwarded.append({**entry, "resourceBody": now[operation.id]})
        return None

    def _body_problem(self, operation: Operation, body: Document | None) -> Outcome | None:
        if not isinstance(body, dict) or body.get("id") != operation.id:
            return _bad_request("the document's id differs from the one addressed")
        for path, value in zip(self._container.key_paths, self._partition, strict=False):
            if _value_at(body, path) != value:
                return _bad_request(
                    "PartitionKey extracted from document doesn't match the one specified in the header"
                )
        if len(orjson.dumps(body)) > MAX_ITEM_BYTES:
            return _failure(413, "RequestEntityTooLarge", "Request size is too large")
        return None

    async def _post(self, entries: Sequence[Mapping[str, Any]], *, go_on: bool) -> list[dict[str, Any]]:
        headers = {
            "Content-Type": "application/json",
            "x-ms-cosmos-is-batch-request": "true",
            "x-ms-cosmos-batch-continue-on-error": str(go_on).lower(),
        }
        answer = await self._upstream.ask(
            "POST", self._container.path + "/docs", headers=headers, body=orjson.dumps(entries)
        )
        if answer.status >= 400:
            raise RuntimeError(f"the Cosmos DB server answered a batch with {answer.status} {answer.body[:200]!r}")
        answers: list[dict[str, Any]] = orjson.loads(answer.body)
        return answers


QUERY_HEADERS = {
    "Content-Type": "application/query+json",
    "x-ms-documentdb-isquery": "true",
    "x-ms-documentdb-query-enablecrosspartition": "true",
}


def _precondition(operation: Operation, there: Document | None) -> Outcome | None:
    if operation.kind == "Create":
        return None if there is None else _failure(409, "Conflict", "Resource with specified id already exists.")
    if operation.kind not in ("Upsert", "Read", "Replace", "Delete"):
        return _bad_request(f"the l3kit sandbox offers no operation {operation.kind!r} on documents")
    if there is None and operation.kind != "Upsert":
        return Outcome(404, dict(NOT_FOUND))
    etag = there.get("_etag") if there is not None else None
    if operation.if_match is not None and there is not None and operation.if_match not in ("*", etag):
        return _failure(412, "PreconditionFailed", "One of the specified pre-condition is not met")
    if operation.if_none_match is not None and there is not None and operation.if_none_match in ("*", etag):
        if operation.kind == "Read":
            return Outcome(304, None)
        return _failure(412, "PreconditionFailed", "One of the specified pre-condition is not met")
    return None


def _success(kind: str, status: int, body: Document | None, before: Document | None) -> Outcome:
    size = len(orjson.dumps(before if body is None else body))
    return Outcome(status, body, read_units(size) if kind == "Read" else write_units(size))


def _value_at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.strip("/").split("/"):
        if not isinstance(value, dict) or part not in value:
            return {}
        value = value[part]
    return value


def _only(index: int, outcome: Outcome, count: int) -> list[Outcome]:
    return [outcome if at == index else Outcome(424, None, 0.0) for at in range(count)]


def _bad_request(message: str) -> Outcome:
    return _failure(400, "BadRequest", message)


def _failure(status: int, code: str, message: str) -> Outcome:
    return Outcome(status, {"code": code, "message": message})
