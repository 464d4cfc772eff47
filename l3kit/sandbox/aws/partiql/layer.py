"""BatchExecuteStatement on top of dynalite.

Each statement becomes one conditional DeleteItem or PutItem, which dynalite decides and carries out under its lock of
that item. So a statement is atomic against every other write. The form of the answers is taken from DynamoDB's
service model and documentation, and compared with DynamoDB Local in `tests/conformance`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.item_size import item_size
from l3kit.sandbox.aws.error_answers import dynamodb_error
from l3kit.sandbox.aws.partiql.requests import Asked, RequestError, request_of
from l3kit.sandbox.aws.partiql.statements import Key, NoTableError, Write, write_of
from l3kit.sandbox.aws.partiql.tokens import StatementError
from l3kit.sandbox.aws.upstream import AwsUpstream

OPERATION = "BatchExecuteStatement"
WRITE_UNIT_BYTES = 1024
CONDITION = ("ConditionalCheckFailed", "The conditional request failed")
DUPLICATE = ("DuplicateItem", "Duplicate primary key exists in table")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a statement.

    Attributes:
        table: empty if the statement failed before its table was known.
        error: code and message.
        item: the item deleted.
        units: write units.
    """

    table: str = ""
    error: tuple[str, str] | None = None
    item: Mapping[str, Any] | None = None
    units: int = 0


class PartiQL:
    """The operation.

    Args:
        key_of: returns a table's key with its types; None for a missing table.
    """

    def __init__(self, dynalite: AwsUpstream, key_of: Callable[[str], Key | None]) -> None:
        self._dynalite = dynalite
        self._key_of = key_of

    async def handle(self, body: bytes) -> web.Response:
        """Answer a request; its body is a JSON object."""
        try:
            request = request_of(body)
            planned = [self._planned(asked) for asked in request.statements]
            writes = [plan for plan in planned if isinstance(plan, Write)]
            if len({write.identity for write in writes}) < len(writes):
                raise RequestError("Provided list of item keys contains duplicates")
        except RequestError as error:
            return dynamodb_error("ValidationException", str(error))
        carried_out = iter(await self._carry_out(writes))
        outcomes = [next(carried_out) if isinstance(plan, Write) else plan for plan in planned]
        content: dict[str, Any] = {"Responses": [_response(*each) for each in zip(planned, outcomes, strict=True)]}
        if request.capacity:
            content["ConsumedCapacity"] = [
                {"TableName": one.table, "CapacityUnits": float(one.units)} for one in outcomes if one.units
            ]
        return web.Response(body=odd_text.dumps(content), content_type="application/x-amz-json-1.0")

    def _planned(self, asked: Asked) -> Write | Outcome:
        try:
            return write_of(asked.text, asked.parameters, self._key_of)
        except NoTableError as error:
            return Outcome(error=("ResourceNotFound", str(error)))
        except StatementError as error:
            return Outcome(error=("ValidationError", str(error)))

    async def _carry_out(self, writes: Sequence[Write]) -> list[Outcome]:
        if not writes:
            return []
        calls = [{"target": write.target, "content": write.content} for write in writes]
        answers = await self._dynalite.call_many("dynamodb", calls)
        return [_outcome(write, each["status"], each["content"]) for write, each in zip(writes, answers, strict=True)]


def _outcome(write: Write, status: int, content: Mapping[str, Any]) -> Outcome:
    """Convert a write's answer to the statement's outcome.

    A DELETE of a missing item succeeds regardless of its other conditions, according to DynamoDB's documentation
    ("PartiQL delete statements for DynamoDB"). DynamoDB Local answers ConditionalCheckFailed instead.
    """
    if status == 200:
        old = content.get("Attributes")
        return Outcome(write.table, item=old, units=_units(write.content["Item"] if write.inserts else old))
    kind = str(content.get("__type", "")).rpartition("#")[2]
    if kind == "ConditionalCheckFailedException":
        there = content.get("Item")
        if there is None:
            return Outcome(write.table, units=1)
        return Outcome(write.table, DUPLICATE if write.inserts else CONDITION, units=_units(there))
    code = {"ResourceNotFoundException": "ResourceNotFound", "ValidationException": "ValidationError"}
    message = content.get("message") or content.get("Message") or kind
    return Outcome(write.table, (code.get(kind, "InternalServerError"), message))


def _units(item: Mapping[str, Any] | None) -> int:
    if not item or len(odd_text.dumps(item)) <= WRITE_UNIT_BYTES:  # JSON is longer than what counts
        return 1
    return math.ceil(item_size(item) / WRITE_UNIT_BYTES)


def _response(plan: Write | Outcome, outcome: Outcome) -> dict[str, Any]:
    response: dict[str, Any] = {}
    if outcome.error:
        code, message = outcome.error
        response["Error"] = {"Code": code, "Message": message}
    elif outcome.item and isinstance(plan, Write) and plan.returning:
        response["Item"] = outcome.item
    return {**response, "TableName": outcome.table} if outcome.table else response
