"""Conditional deletes in DynamoDB, 25 per request, each only if the item is unchanged since it was read.

PartiQL conditions cannot check the *number* of attributes, nor hundreds of them. So each response returns the deleted
item; one that differs from what was read is put back at once, unless a newer one has been written in between.
"""

from __future__ import annotations

import json
import logging
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import orjson

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.client import remedy
from l3kit.clouds.aws.data.dynamodb import DynamoTable
from l3kit.clouds.aws.data.items import to_chunk_json
from l3kit.clouds.aws.data.pages import no_collector
from l3kit.clouds.aws.data.statements import (
    MAX_REQUEST_BYTES,
    MAX_STATEMENTS,
    PARAMETERS_END,
    Condition,
    insertion,
    request,
)
from l3kit.clouds.aws.data.untouched import without_items
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.item_json import SORT_KEY

log = logging.getLogger(__name__)

PUT_BACK_TRIES = 20
"""Maximum tries to put an item back; until one succeeds, the item exists nowhere else."""
CHANGED = "ConditionalCheckFailed"
"""The item has changed, or in DynamoDB Local is missing. In AWS a missing item counts as deleted (developer guide)."""
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
"""Retryable codes of single statements (BatchStatementError in the API reference)."""

Wire = dict[str, Any]


class Deletions(NamedTuple):
    """Conditional deletes of items; the lists are parallel.

    Attributes:
        sort_keys: ascending.
        parameters: the parameters of the conditions' statements, each joined by commas.
        partly: by sort key, the chunk JSON of items that the condition compares only in part.
        fingerprints: of the items as stored; empty if they are unknown.
    """

    sort_keys: Sequence[str]
    conditions: Sequence[Condition]
    parameters: Sequence[bytes]
    partly: Mapping[str, bytes]
    fingerprints: Sequence[int] = ()

    def of(self, sort_keys: Sequence[str]) -> Deletions:
        """The deletes of a subset of the items."""
        start = bisect_left(self.sort_keys, sort_keys[0])
        run = self._run(start, start + len(sort_keys))
        if run.sort_keys == sort_keys:
            return run
        wanted = set(sort_keys)
        chosen = [index for index, key in enumerate(self.sort_keys) if key in wanted]
        lists: list[list[Any]] = [
            [listed[index] for index in chosen] for listed in (self.sort_keys, self.conditions, self.parameters)
        ]
        prints = [self.fingerprints[index] for index in chosen] if self.fingerprints else ()
        return Deletions(lists[0], lists[1], lists[2], self.partly, prints)

    def batches(self) -> list[Deletions]:
        """Split into requests."""
        bounds = [*range(0, len(self.sort_keys), MAX_STATEMENTS), len(self.sort_keys)]
        whole = [self._run(*pair) for pair in pairwise(bounds)]
        return [batch for one in whole for batch in one._small_enough()]

    def body(self) -> bytes:
        """The request body."""
        first = self.conditions[0]
        if self.conditions.count(first) == len(self.conditions):  # same attributes, so the statements are the same
            between = PARAMETERS_END + b"," + first.head
            return request(first.head + between.join(self.parameters) + PARAMETERS_END)
        pairs = zip(self.conditions, self.parameters, strict=True)
        return request(b",".join([one.head + values + PARAMETERS_END for one, values in pairs]))

    def _run(self, start: int, end: int) -> Deletions:
        return Deletions(
            self.sort_keys[start:end],
            self.conditions[start:end],
            self.parameters[start:end],
            self.partly,
            self.fingerprints[start:end],
        )

    def _small_enough(self) -> list[Deletions]:
        count = len(self.sort_keys)
        heads = sum([len(condition.head) for condition in self.conditions])
        if count < 2 or heads + sum(map(len, self.parameters)) <= MAX_REQUEST_BYTES:
            return [self]
        middle = count // 2
        return [*self._run(0, middle)._small_enough(), *self._run(middle, count)._small_enough()]


@dataclass(slots=True)
class _Outcome:
    """Outcome of a request. `left`: sort keys of items that may remain."""

    left: list[str] = field(default_factory=list)
    put_back: list[Wire] = field(default_factory=list)
    passing: bool = False
    refusal: Mapping[str, str] | None = None


class ConditionalDeletes:
    """Deletes on one table with bounded concurrency."""

    def __init__(self, table: DynamoTable, bounded: Bounded) -> None:
        self._table = table
        self._name = orjson.dumps(table.name)
        self._bounded = bounded

    async def run(self, deletions: Deletions, check: Callable[[], None], attempt: int) -> list[str]:
        """Try each once; return the sort keys of items that may remain.

        No request is sent a second time: a deleted item may have been written again since.

        Args:
            check, attempt: see `HotStore.delete_page`.
        Raises: StoreError if DynamoDB refuses permanently, after items have been put back as necessary.
        """
        outcomes = await self._bounded.run([self._delete(batch, check) for batch in deletions.batches()])
        failed = sum([outcome.passing for outcome in outcomes])
        if failed:
            self._table.client.usage.retried("batch_delete", failed)
            await self._table.client.retry.wait(attempt)
        return [key for outcome in outcomes for key in outcome.left]

    async def _delete(self, batch: Deletions, check: Callable[[], None]) -> _Outcome:
        check()
        answer = await self._table.send_once("BatchExecuteStatement", "batch_delete", batch.body())
        if answer is None:
            return _Outcome(list(batch.sort_keys), passing=True)
        rest = without_items(answer.body, self._name, batch.fingerprints)
        if rest is not None:
            self._table.count_write(rest)
            return _Outcome()
        with no_collector():
            content = odd_text.loads(answer.body)
            self._table.count_write(content)
            outcome = _judge(batch, content["Responses"])
            del content
        if outcome.put_back:
            await self._put_back(outcome.put_back)
        if outcome.refusal is not None:
            raise refused(self._table, "batch_delete", outcome.refusal)
        return outcome

    async def _put_back(self, items: Sequence[Wire]) -> None:
        """Create each item unless its key exists. Raises: StoreError, after logging the items that were lost."""
        pending = {item[SORT_KEY]["S"]: insertion(self._table.name, item) for item in items}
        failed: dict[str, Mapping[str, str]] = {}
        cause: object = f"throttled {PUT_BACK_TRIES} times"
        try:
            for attempt in range(1, PUT_BACK_TRIES + 1):
                for batch in _insert_batches(pending):
                    await self._insert(batch, pending, failed)
                if not pending:
                    break
                self._table.client.usage.retried("put_back")
                await self._table.client.retry.wait(attempt)
        except StoreError as error:
            cause = error
        if not pending and not failed:
            return
        if failed:
            cause = refused(self._table, "put_back", next(iter(failed.values())))
        lost = [item for item in items if item[SORT_KEY]["S"] in pending.keys() | failed.keys()]
        for item in lost:
            log.error("an item that was deleted could not be put back into %s: %s", self._table.name, json.dumps(item))
        items_were = count_of(len(lost), "item was", "items were")
        raise StoreError(
            f"table {self._table.name}",
            f"{items_were} rewritten during the delete and could not be put back: {cause}",
            "Put them back by hand: the function's log has their content",
        )

    async def _insert(
        self, batch: Mapping[str, bytes], pending: dict[str, bytes], failed: dict[str, Mapping[str, str]]
    ) -> None:
        """Send one request and remove the settled items from `pending`."""
        body = request(b",".join(batch.values()))
        content = odd_text.loads((await self._table.send("BatchExecuteStatement", "put_back", body)).body)
        self._table.count_write(content)
        for key, response in zip(batch, content["Responses"], strict=True):
            error = response.get("Error", {})
            if error.get("Code") in PASSING:
                continue
            del pending[key]
            if error and error["Code"] != DUPLICATE:  # DUPLICATE: a newer version has been written
                failed[key] = error


def refused(table: DynamoTable, kind: str, error: Mapping[str, str]) -> StoreError:
    """The error for a statement that DynamoDB refuses permanently."""
    code = error["Code"]
    cause = f"{kind} returned {code} {error.get('Message', '')}".rstrip()
    denied = table.client.denied
    return StoreError(f"table {table.name}", cause, remedy(code, denied) or remedy(f"{code}Exception", denied))


def _judge(batch: Deletions, responses: Sequence[Wire]) -> _Outcome:
    """Evaluate the responses, which are in the order of the statements."""
    outcome = _Outcome()
    for key, condition, response in zip(batch.sort_keys, batch.conditions, responses, strict=True):
        error = response.get("Error")
        if error is None:
            old = response.get("Item")  # none: it had been gone
            if old is not None and (len(old) != condition.attributes or not _as_read(old, batch.partly.get(key))):
                outcome.put_back.append(old)
                outcome.left.append(key)
            continue
        outcome.left.append(key)
        if error["Code"] in PASSING:
            outcome.passing = True
        elif error["Code"] != CHANGED:
            outcome.refusal = error
    return outcome


def _as_read(old: Wire, chunk_json: bytes | None) -> bool:
    """Return whether a deleted item with the right number of attributes is the one read.

    Args:
        chunk_json: None if the delete has compared the item in full.
    """
    if chunk_json is None:
        return True
    try:
        return to_chunk_json(old) == chunk_json
    except ItemRefusedError:
        return False


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
