"""Creation of items in DynamoDB, 25 per request, each only if its key is free.

An INSERT reports that an item's key was taken, but not the existing item, which is then read. An item with attribute
names that are too long for a statement is created by a PutItem of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.deletes import DUPLICATE, PASSING, refused
from l3kit.clouds.aws.data.dynamodb import DynamoTable
from l3kit.clouds.aws.data.item_size import LARGEST_GROWTH, MAX_BYTES, check_size
from l3kit.clouds.aws.data.items import to_chunk_json, to_wire
from l3kit.clouds.aws.data.puts import CONDITION_FAILED, INVALID, Put, absent
from l3kit.clouds.aws.data.statements import MAX_REQUEST_BYTES, MAX_STATEMENTS, Insertions, request
from l3kit.errors import ItemRefusedError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.item_json import KEYS, PARTITION_KEY, SORT_KEY
from l3kit.tiering.hot_creates import CREATED, Batch, BatchCreates, Entry, cut, held
from l3kit.tiering.ports import Creation, Refused

UNHOLDABLE = frozenset({"ItemCollectionSizeLimitExceeded", "ValidationError"})
"""Error codes of single statements for an item that DynamoDB cannot store."""

Wire = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Insert:
    """An item in wire form. `statement`: with parameters, as JSON; None if there is none for it."""

    wire: Wire
    statement: bytes | None

    @property
    def name(self) -> str:
        return f"item {self.wire[PARTITION_KEY]['S']}/{self.wire[SORT_KEY]['S']}"


def checked_wire(item: bytes) -> Wire:
    """Convert an item to wire form. Raises: ItemRefusedError if DynamoDB certainly cannot hold it."""
    wire = to_wire(item)
    if len(item) > MAX_BYTES // LARGEST_GROWTH:
        check_size(f"item {wire[PARTITION_KEY]['S']}/{wire[SORT_KEY]['S']}", wire)
    return wire


class ConditionalCreates:
    """Creates items in one table."""

    def __init__(self, table: DynamoTable, bounded: Bounded) -> None:
        self._table = table
        self._insertions = Insertions(table.name)
        self._batches = BatchCreates(
            self._encode, _cut, self._send, bounded, table.client.retry, table.client.usage, f"table {table.name}"
        )

    async def run(self, items: Sequence[bytes]) -> list[Creation]:
        """Create items as `HotStore.create_items` does."""
        return await self._batches.run(items)

    def _encode(self, item: bytes) -> Insert:
        wire = checked_wire(item)
        try:
            statement = self._insertions.of(wire)
            if statement is None:
                orjson.dumps(wire)
            return Insert(wire, statement)
        except TypeError:
            raise ItemRefusedError(Insert(wire, None).name, "has a lone surrogate, which is not valid text") from None

    async def _send(self, batch: Batch[Insert]) -> Sequence[Creation | None]:
        statements = [entry.encoded.statement for entry in batch if entry.encoded.statement is not None]
        if not statements:
            return await self._put(batch)
        answer = await self._table.send(
            "BatchExecuteStatement", "batch_create", request(b",".join(statements)), INVALID
        )
        if answer.code and len(batch) == 1:
            return await self._put(batch)  # which takes an empty name in a map, as PartiQL does not
        if answer.code:
            raise ItemRefusedError(batch[0].encoded.name, answer.message)
        content = odd_text.loads(answer.body)
        self._table.count_write(content)
        outcomes: list[Creation | None] = []
        taken: list[int] = []
        for number, response in enumerate(content["Responses"]):
            error = response.get("Error")
            outcomes.append(None if error else CREATED)
            if error is None or error["Code"] in PASSING:
                continue
            if error["Code"] == DUPLICATE:
                taken.append(number)
            elif error["Code"] in UNHOLDABLE:
                outcomes[number] = Refused(f"{batch[number].encoded.name}: {error.get('Message', error['Code'])}")
            else:
                raise refused(self._table, "batch_create", error)
        for number, outcome in zip(taken, await self._taken([batch[number] for number in taken]), strict=True):
            outcomes[number] = outcome
        return outcomes

    async def _put(self, batch: Batch[Insert]) -> list[Creation | None]:
        """Create the one item of a batch without a statement."""
        (entry,) = batch
        put = Put(self._table.name, entry.encoded.wire, absent())
        answer = await self._table.send("PutItem", "create", put.body(), CONDITION_FAILED | INVALID)
        if answer.code in CONDITION_FAILED:
            return await self._taken(batch)
        if answer.code:
            raise ItemRefusedError(entry.encoded.name, answer.message)
        self._table.count_write(odd_text.loads(answer.body))
        return [CREATED]

    async def _taken(self, batch: Batch[Insert]) -> list[Creation | None]:
        """Read the items that hold these keys; None for one deleted in the meantime."""
        if not batch:
            return []
        keys = [{key: entry.encoded.wire[key] for key in KEYS} for entry in batch]
        found = {_key(one): one for one in await self._table.read_items(keys)}
        there = [found.get(_key(key)) for key in keys]
        return [None if one is None else held(to_chunk_json, one, one) for one in there]


def _key(item: Any) -> tuple[str, str]:
    return item[PARTITION_KEY]["S"], item[SORT_KEY]["S"]


def _cut(entries: Sequence[Entry[Insert]]) -> Iterator[Batch[Insert]]:
    yield from cut(
        [entry for entry in entries if entry.encoded.statement is not None],
        MAX_STATEMENTS,
        MAX_REQUEST_BYTES,
        lambda entry: len(entry.encoded.statement or b"") + 1,
    )
    yield from ([entry] for entry in entries if entry.encoded.statement is None)
