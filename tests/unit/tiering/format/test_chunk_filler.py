"""A filler that is emptied chunk by chunk: nothing lost, nothing twice, every chunk as full as it can be."""

from __future__ import annotations

import zlib

from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.ports import Page

LIMIT = 150
bodies = st.lists(st.integers(1, 200).map(lambda size: b"x" * size), min_size=1, max_size=40)


def pages_of(items: list[bytes], page_length: int) -> list[Page]:
    keys = [f"{at:06d}" for at in range(len(items))]
    return [
        Page(keys[at : at + page_length], items[at : at + page_length], None, seen=at)
        for at in range(0, len(items), page_length)
    ]


@given(bodies, st.integers(1, 50))
def test_the_items_of_pages_go_into_chunks_in_order_each_once_with_the_page_they_came_from(
    items: list[bytes], page_length: int
) -> None:
    pages, filler = pages_of(items, page_length), ChunkFiller(LIMIT)
    keys, stored = [], []
    while pages or not filler.empty:
        while pages and not filler.full:
            filler.add(pages.pop(0))
        draft, body = filler.draft()
        taken = [(one.page.seen, key) for one in draft.taken for key in one.sort_keys if key <= draft.sort_keys[-1]]
        assert taken == [(int(key) // page_length * page_length, key) for key in draft.sort_keys]
        assert list(draft.crcs(draft.sort_keys).values()) == [zlib.crc32(items[int(key)]) for key in draft.sort_keys]
        keys += draft.sort_keys
        stored.append(body)
        filler.drop(draft)
    assert keys == [f"{at:06d}" for at in range(len(items))]
    assert b",".join(body[1:-1] for body in stored) == b",".join(items)
    assert all(len(body) <= LIMIT or b"," not in body for body in stored)
    firsts = [body[1:-1].partition(b",")[0] for body in stored[1:]]
    assert all(len(body) + 1 + len(first) > LIMIT for body, first in zip(stored, firsts, strict=False))


@given(bodies, st.integers(1, 10))
def test_a_limit_of_items_holds_for_the_next_chunk_alone(items: list[bytes], most: int) -> None:
    filler = ChunkFiller(10_000)
    filler.add(pages_of(items, 100)[0])
    filler.max_items = most
    assert filler.full == (len(items) >= most)
    assert filler.room() == max(1, most - len(items))
    draft, _ = filler.draft()
    assert draft.count == min(most, len(items))
    filler.drop(draft)
    filler.max_items = None
    assert filler.room() is None
    if not filler.empty:
        assert filler.draft()[0].count == len(items) - draft.count


def test_a_cleared_filler_takes_the_same_items_again() -> None:
    filler = ChunkFiller(LIMIT)
    page = pages_of([b"a" * 60] * 3, 3)[0]
    filler.add(page)
    first = filler.draft()
    filler.clear()
    assert filler.empty
    assert not filler.full
    filler.add(page)
    assert filler.draft() == first
