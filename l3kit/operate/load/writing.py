"""Writing items of rows to the hot tier, each once; existing items with other content stay, unless replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from l3kit.errors import ItemRefusedError
from l3kit.operate.load.mapping import bad
from l3kit.operate.load.rows import BadRow, Row, RowProblem
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.equal_items import equal_content
from l3kit.tiering.format.messages import MessageProblem, Telemetry
from l3kit.tiering.ports import Created, Creation, Held, HotStore, Refused
from l3kit.tiering.retry import Passing, RetryPolicy
from l3kit.tiering.stream.hot_writing import CONCURRENT, CONTENDED

Fate = Literal["created", "same", "replaced"] | BadRow
"""`same`: the hot tier had it already, with equal content."""
SHOWN_BYTES = 300


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row and its item."""

    row: Row
    item: Telemetry

    @property
    def key(self) -> tuple[str, str]:
        return self.item.device_id, self.item.id


@dataclass(frozen=True, slots=True)
class RowWriting:
    """Writes batches of rows.

    Attributes:
        keep_old: called with an item before it is replaced, which it must have saved when it returns; None replaces
            nothing.
    """

    hot: HotStore
    keep_old: Callable[[bytes], None] | None = None
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(tries=20))
    replacing: Bounded = field(default_factory=lambda: Bounded(CONCURRENT))

    async def write(self, batch: Sequence[Prepared]) -> list[Fate]:
        """Write rows in order. Returns: the outcome of each. Raises: StoreError."""
        fates: dict[int, Fate] = {}
        left = list(range(len(batch)))
        while left:
            keys: dict[tuple[str, str], int] = {}
            for index in left:
                keys.setdefault(batch[index].key, index)
            chosen = list(keys.values())
            outcomes = await self.hot.create_items([batch[index].item.json for index in chosen])
            taken = []
            for index, outcome in zip(chosen, outcomes, strict=True):
                if isinstance(outcome, Created):
                    fates[index] = "created"
                else:
                    taken.append((index, self._settle(batch[index], outcome)))
            settled = await self.replacing.run([call for _, call in taken])
            fates.update(zip((index for index, _ in taken), settled, strict=True))
            left = [index for index in left if index not in fates]
        return [fates[index] for index in range(len(batch))]

    async def _settle(self, one: Prepared, outcome: Creation) -> Fate:
        """Settle a row whose key was not free, or which the store refuses."""
        found = outcome

        async def attempt() -> Fate | Passing:
            nonlocal found
            fate = await self._decide(one, found)
            if fate is None:
                (found,) = await self.hot.create_items([one.item.json])
                return Passing("is changed by another writer at the same time", remedy=CONTENDED)
            return fate

        name = f"item {one.item.device_id}/{one.item.id}"
        return await self.retry.until_settled(self.hot.usage, "replace", name, attempt)

    async def _decide(self, one: Prepared, found: Creation) -> Fate | None:
        """Act on the existing item; None if it has changed since."""
        if isinstance(found, Created):
            return "created"
        if isinstance(found, Refused):
            return bad(one.row, MessageProblem.REFUSED_BY_STORE, found.reason)
        if _equal(found.item, one.item.json):
            return "same"
        if self.keep_old is None:
            return bad(one.row, RowProblem.OTHER_CONTENT, _other(found))
        self.keep_old(found.item)
        try:
            return "replaced" if await self.hot.replace_item(one.item.json, found) else None
        except ItemRefusedError as error:
            return bad(one.row, MessageProblem.REFUSED_BY_STORE, str(error))


def _other(found: Held) -> str:
    shown = found.item[:SHOWN_BYTES].decode("utf-8", "replace")
    return f"the hot tier has another version: {shown}. Use --replace to put the row in its place"


def _equal(one: bytes, other: bytes) -> bool:
    try:
        return equal_content(one, other)
    except ValueError:  # an item of another program that no parser takes
        return False
