"""Creation by batches: until each item is decided, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from l3kit.errors import ItemRefusedError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.hot_creates import CREATED, Batch, BatchCreates, cut, held
from l3kit.tiering.ports import Creation, Held, Refused, Usage
from l3kit.tiering.retry import RetryPolicy


async def at_once(seconds: float) -> None:
    await asyncio.sleep(0)


def encode(item: bytes) -> bytes:
    if item == b"unholdable":
        raise ItemRefusedError("item", "cannot be held")
    return item


class Store:
    """Refuses every batch with `bad` as a whole, leaves each second item open, tells the others as held."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []

    async def send(self, batch: Batch[bytes]) -> Sequence[Creation | None]:
        self.batches.append([entry.encoded for entry in batch])
        if any(entry.encoded == b"bad" for entry in batch):
            raise ItemRefusedError("item", "is bad")
        return [Held(entry.encoded, None) if n % 2 == 0 else None for n, entry in enumerate(batch)]

    def run(self, items: Sequence[bytes]) -> list[Creation]:
        bounded, retry = Bounded(1), RetryPolicy(sleep=at_once)
        creates: BatchCreates[Any] = BatchCreates(
            encode, lambda entries: cut(entries, 4, 100, lambda entry: 1), self.send, bounded, retry, Usage(), "store"
        )
        return asyncio.run(creates.run(items))


def test_what_is_open_is_sent_again_and_outcomes_are_in_the_order_of_the_items() -> None:
    store = Store()
    items = [b"%d" % n for n in range(6)]
    assert store.run(items) == [Held(item, None) for item in items]
    assert store.batches[:3] == [[b"0", b"1", b"2", b"3"], [b"4", b"5"], [b"1", b"3", b"5"]]


def test_a_refused_batch_is_halved_until_the_bad_item_is_alone() -> None:
    store = Store()
    outcomes = store.run([b"0", b"unholdable", b"bad", b"3", b"4"])
    assert outcomes[1:3] == [Refused("item: cannot be held"), Refused("item: is bad")]
    assert [outcomes[n] for n in (0, 3, 4)] == [Held(item, None) for item in (b"0", b"3", b"4")]


def test_nothing_to_create_is_no_request() -> None:
    store = Store()
    assert store.run([]) == []
    assert store.run([b"unholdable"]) == [Refused("item: cannot be held")]
    assert store.batches == []


@pytest.mark.parametrize(
    ("sizes", "batches"),
    [
        ([], []),
        ([1, 1, 1], [[1, 1, 1]]),
        ([1] * 7, [[1] * 3, [1] * 3, [1]]),
        ([60, 50, 200, 1], [[60], [50], [200], [1]]),
    ],
)
def test_batches_have_a_number_and_a_size(sizes: list[int], batches: list[list[int]]) -> None:
    assert list(cut(sizes, 3, 100, lambda size: size)) == batches


def test_a_key_taken_by_what_cannot_be_read_is_told() -> None:
    outcome = held(encode, b"unholdable", 1)
    assert outcome == Refused("its key is taken by what cannot be read: item: cannot be held")
    assert held(encode, b"x", 1) == Held(b"x", 1)
    assert outcome != CREATED
