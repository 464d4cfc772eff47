"""Writing items to the hot tier: each once, and another version of an item only after the old one is saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from l3kit.errors import ItemRefusedError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.equal_items import equal_content
from l3kit.tiering.format.messages import MessageProblem, Telemetry
from l3kit.tiering.ports import Created, Creation, Held, HotStore, Refused
from l3kit.tiering.retry import Passing, RetryPolicy
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.letters import Letters

CONCURRENT = 16
"""Maximum concurrent replacements."""
TableFor = Callable[[Telemetry], HotStore]
"""Chooses the table of an item."""
CONTENDED = "Another writer keeps changing it: look for a device that sends several versions of one reading"


@dataclass(slots=True)
class _Round:
    """Items of one table with distinct keys, and the items left for the next round."""

    table: HotStore
    items: list[Telemetry] = field(default_factory=list)
    keys: set[tuple[str, str]] = field(default_factory=set)


class HotWriting:
    """Writes items in order, so that the last version of an item is in the hot tier.

    Args:
        table_for: selects an item's table, so far always the same; each table gets its own batches.
        retry: policy for an item that another writer changes at the same time.
    """

    def __init__(self, table_for: TableFor, letters: Letters, retry: RetryPolicy | None = None) -> None:
        self._table_for = table_for
        self._letters = letters
        self._retry = retry or RetryPolicy(tries=20)
        self._replacing = Bounded(CONCURRENT)

    async def take(self, items: Sequence[Telemetry]) -> Counts:
        """Store items, as `Next.take` requires. Raises: StoreError."""
        counts = Counts()
        left = list(items)
        while left:
            rounds, left = self._distinct(left)
            for one in rounds:
                counts += await self._store(one.table, one.items)
        return counts

    def _distinct(self, items: Sequence[Telemetry]) -> tuple[list[_Round], list[Telemetry]]:
        """The first version of each item by table, and later versions."""
        rounds: dict[int, _Round] = {}
        left = []
        for item in items:
            table = self._table_for(item)
            one = rounds.setdefault(id(table), _Round(table))
            key = (item.device_id, item.id)
            if key in one.keys:
                left.append(item)
            else:
                one.keys.add(key)
                one.items.append(item)
        return list(rounds.values()), left

    async def _store(self, table: HotStore, items: Sequence[Telemetry]) -> Counts:
        outcomes = await table.create_items([item.json for item in items])
        created = sum(isinstance(outcome, Created) for outcome in outcomes)
        taken = [
            self._settle(table, item, outcome)
            for item, outcome in zip(items, outcomes, strict=True)
            if not isinstance(outcome, Created)
        ]
        return sum(await self._replacing.run(taken), Counts(stored=created))

    async def _settle(self, table: HotStore, item: Telemetry, outcome: Creation) -> Counts:
        """Settle an item whose key was not free, or which the store refuses."""
        found = outcome

        async def attempt() -> Counts | Passing:
            nonlocal found
            settled = await self._decide(table, item, found)
            if settled is None:
                (found,) = await table.create_items([item.json])
                return Passing("is changed by another writer at the same time", remedy=CONTENDED)
            return settled

        name = f"item {item.device_id}/{item.id}"
        return await self._retry.until_settled(table.usage, "replace", name, attempt)

    async def _decide(self, table: HotStore, item: Telemetry, found: Creation) -> Counts | None:
        """Act on the existing item; None if it has changed since."""
        if isinstance(found, Created):
            return Counts(stored=1)
        if isinstance(found, Refused):
            return await self._refused(item, found.reason)
        # a canary that is delivered again has another trace
        if item.device_id == CANARY_DEVICE or _same(found.item, item.json):
            return Counts(same=1)
        await self._keep_old(item, found)
        try:
            return Counts(superseded=1) if await table.replace_item(item.json, found) else None
        except ItemRefusedError as error:
            return await self._refused(item, str(error))

    async def _keep_old(self, item: Telemetry, found: Held) -> None:
        cause = "Another version of this item was received later and is in the hot tier"
        letter = self._letters.of(MessageProblem.SUPERSEDED, cause, found.item, device=item.device_id)
        await self._letters.write([letter])

    async def _refused(self, item: Telemetry, reason: str) -> Counts:
        await self._letters.write([self._letters.of_item(MessageProblem.REFUSED_BY_STORE, reason, item)])
        return Counts(dead=1)


def _same(one: bytes, other: bytes) -> bool:
    try:
        return equal_content(one, other)
    except ValueError:  # an item of another program that no parser takes
        return False
