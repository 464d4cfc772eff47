"""DynamoDB: data calls go to dynalite, all others to moto; tables exist in both."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from aiohttp import web

from l3kit.clouds.aws.data import odd_text
from l3kit.sandbox.aws.error_answers import dynamodb_error
from l3kit.sandbox.aws.partiql import OPERATION, PartiQL
from l3kit.sandbox.aws.partiql.statements import Key
from l3kit.sandbox.aws.upstream import AwsUpstream
from l3kit.sandbox.upstream import BODY, Answer

PREFIX = "DynamoDB_20120810."
SETTLE_TRIES = 100
SETTLE_SECONDS = 0.02
DATA_CALLS = frozenset(
    (
        "PutItem",
        "GetItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "Scan",
        "BatchGetItem",
        "BatchWriteItem",
    )
)
_DYNALITE_TABLE_KEYS = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
)


class DynamoDB:
    """Route calls by X-Amz-Target. A table is created and deleted in both emulators or in neither.

    Args:
        expect: called with each request, before it is parsed.
    """

    def __init__(self, moto: AwsUpstream, dynalite: AwsUpstream, expect: Callable[[], None] = lambda: None) -> None:
        self._expect = expect
        self._moto = moto
        self._dynalite = dynalite
        self._keys: dict[str, Key] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._partiql = PartiQL(dynalite, self._keys.get)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request after reading its whole body, so that an incomplete request never reaches an emulator."""
        self._expect()
        operation = request.headers.get("X-Amz-Target", "").removeprefix(PREFIX)
        body: bytes = request.get(BODY) or await request.read()
        if not _is_object(body):
            return dynamodb_error("SerializationException", "The body is not a JSON object")
        if operation in DATA_CALLS:
            return await self._dynalite.forward(request, body=body)
        if operation == OPERATION:
            return await self._partiql.handle(body)
        if operation in ("CreateTable", "DeleteTable"):
            name = _table_name(body)
            await self._dynalite.reach()  # before moto creates or deletes the table
            async with self._locks[name]:
                if operation == "CreateTable":
                    return await self._create(request, body, name)
                return await self._delete(request, body, name)
        return await self._moto.forward(request, body=body)

    async def _create(self, request: web.Request, body: bytes, name: str) -> web.Response:
        made = await self._moto.repeat(request, body)
        if made.status != 200:
            return made.to_response()
        wanted: dict[str, Any] = json.loads(body)
        table = {key: wanted[key] for key in _DYNALITE_TABLE_KEYS if key in wanted}
        twin = await self._dynalite.call_json("dynamodb", PREFIX + "CreateTable", table)
        if twin.status == 200:
            types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
            self._keys[name] = [(part["AttributeName"], types[part["AttributeName"]]) for part in table["KeySchema"]]
            await self._settled(name, lambda answer: b'"ACTIVE"' in answer.body)
            return made.to_response()
        await self._moto.call_json("dynamodb", PREFIX + "DeleteTable", {"TableName": name})
        return twin.to_response()

    async def _delete(self, request: web.Request, body: bytes, name: str) -> web.Response:
        gone = await self._moto.repeat(request, body)
        if gone.status == 200:
            twin = await self._dynalite.call_json("dynamodb", PREFIX + "DeleteTable", {"TableName": name})
            if twin.status != 200 and not _is_missing(twin):
                return twin.to_response()
            self._keys.pop(name, None)
            await self._settled(name, _is_missing)
        return gone.to_response()

    async def _settled(self, name: str, done: Callable[[Answer], bool]) -> None:
        """Wait until dynalite has created or deleted the table, which moto reports immediately."""
        for _ in range(SETTLE_TRIES):
            answer = await self._dynalite.call_json("dynamodb", PREFIX + "DescribeTable", {"TableName": name})
            if done(answer):
                return
            await asyncio.sleep(SETTLE_SECONDS)


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(odd_text.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _table_name(body: bytes) -> str:
    try:
        name = json.loads(body).get("TableName", "")
    except (ValueError, AttributeError):
        return ""
    return str(name).rsplit("/", 1)[-1]


def _is_missing(answer: Answer) -> bool:
    return b"ResourceNotFoundException" in answer.body
