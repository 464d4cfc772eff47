"""Deletes that the store decides: 25 a request, each on the condition that the item is as it was read.

PartiQL has no condition on the *number* of attributes, and none that holds hundreds of them. So each deleted item comes
back in the answer; one that is not exactly what was read is put back at once, unless a newer one has come meanwhile.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from l3kit.clouds.aws.client import REMEDIES
from l3kit.clouds.aws.dynamodb import DynamoTable
from l3kit.clouds.aws.items import SORT_KEY, to_chunk_json
from l3kit.clouds.aws.statements import (
    MAX_REQUEST_BYTES,
    MAX_STATEMENTS,
    Condition,
    answered,
    insertion,
    request,
)
from l3kit.errors import L3Error, StoreError
from l3kit.tiering.bounded import Bounded

log = logging.getLogger(__name__)

PUT_BACK_TRIES = 20
"""How often what a put-back left undone is sent again; the item is nowhere else."""
CHANGED = "ConditionalCheckFailed"
"""The item has changed; or is gone, as DynamoDB Local says. By the developer guide a missing one counts as deleted."""
DUPLICATE = "DuplicateItem"
PASSING = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)
"""Codes of single statements that a later try may cure (BatchStatementError in the API reference)."""
_END = b"]}"

Wire = dict[str, Any]


class Deletion(NamedTuple):
    """The delete of one item as it was read.

    `parameters` are those of the condition's statement, joined by commas. `chunk_json` is what was read, where the
    condition does not compare all of it.
    """

    sort_key: str
    condition: Condition
    parameters: bytes
    chunk_json: bytes | None = None


@dataclass(slots=True)
class _Outcome:
    """What a request's answer says. `left`: sort keys of items that may be there still."""

    left: list[str] = field(default_factory=list)
    put_back: list[Wire] = field(default_factory=list)
    passing: bool = False
    refusal: Mapping[str, str] | None = None


class ConditionalDeletes:
    """Deletes on one table, a limited number of requests under way at once."""

    def __init__(self, table: DynamoTable, bounded: Bounded) -> None:
        self._table = table
        self._bounded = bounded

    async def run(self, deletions: Sequence[Deletion], check: Callable[[], None], attempt: int) -> list[str]:
        """Try each once; returns the sort keys of items that may be there still.

        No request is sent a second time: an item that had been deleted may have been written anew since.

        Args:
            check, attempt: see `HotStore.delete_page`.
        Raises: StoreError where DynamoDB refuses for good; what is to be put back has been put back before.
        """
        batches = _batches(deletions)
        outcomes = await self._bounded.run([self._delete(batch, check) for batch in batches])
        failed = sum(outcome.passing for outcome in outcomes)
        if failed:
            self._table.client.usage.retried("batch_delete", failed)
            await self._table.client.retry.wait(attempt)
        return [key for outcome in outcomes for key in outcome.left]

    async def _delete(self, batch: Sequence[Deletion], check: Callable[[], None]) -> _Outcome:
        check()
        body = request([one.condition.head + one.parameters + _END for one in batch])
        answer = await self._table.send_once("BatchExecuteStatement", "batch_delete", body)
        if answer is None:
            return _Outcome([one.sort_key for one in batch], passing=True)
        content = answered(answer.body)
        self._table.count_write(content)
        outcome = _judge(batch, content["Responses"])
        if outcome.put_back:
            await self._put_back(outcome.put_back)
        if outcome.refusal is not None:
            raise self._refused("batch_delete", outcome.refusal)
        return outcome

    async def _put_back(self, items: Sequence[Wire]) -> None:
        """Create each item unless there is one of its key. Raises: StoreError; the log then has the content."""
        pending = {item[SORT_KEY]["S"]: insertion(self._table.name, item) for item in items}
        refused: dict[str, Mapping[str, str]] = {}
        cause: object = f"throttled {PUT_BACK_TRIES} times"
        try:
            for attempt in range(1, PUT_BACK_TRIES + 1):
                for batch in _insert_batches(pending):
                    await self._insert(batch, pending, refused)
                if not pending:
                    break
                self._table.client.usage.retried("put_back")
                await self._table.client.retry.wait(attempt)
        except StoreError as error:
            cause = error
        if not pending and not refused:
            return
        if refused:
            cause = self._refused("put_back", next(iter(refused.values())))
        lost = [item for item in items if item[SORT_KEY]["S"] in pending.keys() | refused.keys()]
        for item in lost:
            log.error("an item that was deleted could not be put back into %s: %s", self._table.name, json.dumps(item))
        raise StoreError(
            f"table {self._table.name}",
            f"{len(lost)} items were rewritten while they were deleted and could not be put back: {cause}",
            "The function's log has their content: put them back by hand",
        )

    async def _insert(
        self, batch: Mapping[str, bytes], pending: dict[str, bytes], refused: dict[str, Mapping[str, str]]
    ) -> None:
        """One request; what it settled is taken out of `pending`."""
        answer = await self._table.send("BatchExecuteStatement", "put_back", request(list(batch.values())))
        content = answered(answer.body)
        self._table.count_write(content)
        for key, response in zip(batch, content["Responses"], strict=True):
            error = response.get("Error", {})
            if error.get("Code") in PASSING:
                continue
            del pending[key]
            if error and error["Code"] != DUPLICATE:  # that one means that a newer version has come
                refused[key] = error

    def _refused(self, kind: str, error: Mapping[str, str]) -> StoreError:
        code = error["Code"]
        cause = f"{kind} was answered {code} {error.get('Message', '')}".rstrip()
        remedy = REMEDIES.get(code) or REMEDIES.get(f"{code}Exception", "")
        return StoreError(f"table {self._table.name}", cause, remedy)


def _judge(batch: Sequence[Deletion], responses: Sequence[Wire]) -> _Outcome:
    """The responses stand in the order of the statements, and each decides its own."""
    outcome = _Outcome()
    for one, response in zip(batch, responses, strict=True):
        error = response.get("Error")
        if error is None:
            old = response.get("Item")  # none: it had been gone
            if old is not None and not _as_read(one, old):
                outcome.put_back.append(old)
                outcome.left.append(one.sort_key)
            continue
        outcome.left.append(one.sort_key)
        if error["Code"] in PASSING:
            outcome.passing = True
        elif error["Code"] != CHANGED:
            outcome.refusal = error
    return outcome


def _as_read(deletion: Deletion, old: Wire) -> bool:
    """Whether the old item is what was read: by content, unless all was compared and only more could be there."""
    if len(old) != deletion.condition.attributes:
        return False
    if deletion.chunk_json is None:
        return True
    try:
        return to_chunk_json(old) == deletion.chunk_json
    except (L3Error, orjson.JSONEncodeError):
        return False


def _batches(deletions: Sequence[Deletion]) -> list[Sequence[Deletion]]:
    batches: list[Sequence[Deletion]] = []
    start = size = 0
    for index, one in enumerate(deletions):
        own = len(one.condition.head) + len(one.parameters)
        if index - start == MAX_STATEMENTS or (index > start and size + own > MAX_REQUEST_BYTES):
            batches.append(deletions[start:index])
            start, size = index, 0
        size += own
    if start < len(deletions):
        batches.append(deletions[start:])
    return batches


def _insert_batches(pending: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    batches: list[dict[str, bytes]] = []
    size = 0
    for key, statement in pending.items():
        if not batches or len(batches[-1]) == MAX_STATEMENTS or size + len(statement) > MAX_REQUEST_BYTES:
            batches.append({})
            size = 0
        batches[-1][key] = statement
        size += len(statement)
    return batches
