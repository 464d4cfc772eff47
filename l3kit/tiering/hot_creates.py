"""Creation of many items in a hot store: by batches, until each item is decided."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from l3kit.errors import ItemRefusedError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.ports import Created, Creation, Held, Refused, Usage
from l3kit.tiering.retry import RetryPolicy

E = TypeVar("E")
T = TypeVar("T")

CREATED = Created()


@dataclass(frozen=True, slots=True)
class Entry(Generic[E]):
    """One item. `index`: its position in the call; `encoded`: in the store's form."""

    index: int
    encoded: E


Batch = Sequence[Entry[E]]


@dataclass(frozen=True, slots=True)
class BatchCreates(Generic[E]):
    """Creates items of one store as `HotStore.create_items` does.

    Attributes:
        encode: converts an item; raises ItemRefusedError.
        cut: splits entries into requests.
        send: sends one request; returns an outcome for each entry, None if it is open and the entry must be sent
            again. Raises ItemRefusedError if the store refuses the request because of an item: it is then sent in
            halves, until the refused item is alone.
    """

    encode: Callable[[bytes], E]
    cut: Callable[[Sequence[Entry[E]]], Iterable[Batch[E]]]
    send: Callable[[Batch[E]], Coroutine[Any, Any, Sequence[Creation | None]]]
    bounded: Bounded
    retry: RetryPolicy
    usage: Usage
    resource: str

    async def run(self, items: Sequence[bytes]) -> list[Creation]:
        """Create the items. Raises: StoreError."""
        outcomes: list[Creation | None] = [None] * len(items)
        entries: list[Entry[E]] = []
        for index, item in enumerate(items):
            try:
                entries.append(Entry(index, self.encode(item)))
            except ItemRefusedError as error:
                outcomes[index] = Refused(str(error))

        async def send(entries: list[Entry[E]]) -> list[Entry[E]]:
            batches = list(self.cut(entries))
            answers = await self.bounded.run([self._send(batch) for batch in batches])
            for batch, answer in zip(batches, answers, strict=True):
                for entry, outcome in zip(batch, answer, strict=True):
                    outcomes[entry.index] = outcome
            return [entry for entry in entries if outcomes[entry.index] is None]

        if entries:
            await self.retry.until_none_left(self.usage, "batch_create", self.resource, entries, send)
        return [outcome for outcome in outcomes if outcome is not None]

    async def _send(self, batch: Batch[E]) -> Sequence[Creation | None]:
        try:
            return await self.send(batch)
        except ItemRefusedError as error:
            if len(batch) == 1:
                return [Refused(str(error))]
        middle = len(batch) // 2
        return [*await self._send(batch[:middle]), *await self._send(batch[middle:])]


def held(decode: Callable[[T], bytes], stored: T, seen: object) -> Held | Refused:
    """The outcome for a taken key. `decode`: converts the stored item to chunk JSON; raises ItemRefusedError."""
    try:
        return Held(decode(stored), seen)
    except ItemRefusedError as error:
        return Refused(f"its key is taken by what cannot be read: {error}")


def cut(entries: Sequence[T], most: int, most_bytes: int, size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Split entries into batches of at most `most` entries and `most_bytes` bytes, at least one entry each."""
    batch: list[T] = []
    size = 0
    for entry in entries:
        length = size_of(entry)
        if batch and (len(batch) == most or size + length > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield batch
