"""Sizes of pages, and deletes of what a page held."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from l3kit.tiering.bounded import Bounded
from l3kit.tiering.hot_pages import MAX_PAGE_ITEMS, PAGE_BYTES, BatchDeletes, PageSize, Seen
from l3kit.tiering.ports import Page, Usage
from l3kit.tiering.retry import RetryPolicy


def test_the_number_of_items_follows_the_size_of_those_seen() -> None:
    size = PageSize(1024)
    assert (size.items(None), size.items(7), size.items(0)) == (1024, 7, 1)
    size.note(4 * PAGE_BYTES, 4)
    assert size.items(None) == 1
    size.note(0, 0)
    assert size.items(None) == 1
    size.note(1000, 100)
    assert size.items(None) == MAX_PAGE_ITEMS


def deletes(left: Sequence[str], sent: list[Any], waited: list[float]) -> BatchDeletes:
    async def send(place: str, batch: Sequence[tuple[str, Any]]) -> list[str]:
        sent.append((place, list(batch)))
        return [key for key, _ in batch if key in left]

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    return BatchDeletes(2, send, Bounded(4), RetryPolicy(sleep=sleep, random=lambda: 1.0), Usage())


PAGE = Page(["a", "b", "c", "d"], [b"{}"] * 4, None, Seen("device", [1, 2, 3, 4]))


def test_items_are_deleted_in_batches_each_with_the_version_that_was_seen() -> None:
    sent: list[Any] = []
    waited: list[float] = []
    one = deletes((), sent, waited)
    assert asyncio.run(one.run(PAGE, ["a", "c", "d"], lambda: None, 1)) == []
    assert sorted(sent) == [("device", [("a", 1), ("c", 3)]), ("device", [("d", 4)])]
    assert (waited, one.usage.retries) == ([], {})
    assert asyncio.run(one.run(PAGE, [], lambda: None, 1)) == []
    assert len(sent) == 2


def test_what_may_be_there_still_is_returned_after_a_wait() -> None:
    waited: list[float] = []
    one = deletes(("b", "c"), [], waited)
    assert sorted(asyncio.run(one.run(PAGE, PAGE.sort_keys, lambda: None, 3))) == ["b", "c"]
    assert (waited, one.usage.retries) == ([0.4], {"batch_delete": 2})


def test_nothing_is_sent_once_the_check_fails() -> None:
    sent: list[Any] = []

    def lost() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        asyncio.run(deletes((), sent, []).run(PAGE, PAGE.sort_keys, lost, 1))
    assert sent == []
