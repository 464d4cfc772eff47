"""Receipts of archived chunks, and telling a device's last chunk while a bucket is listed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.format.chunks import RESERVED_NUMBERS, Chunk, ChunkKey, object_key, parse_object_key
from l3kit.tiering.format.last_chunks import LastChunks, NumberSpace, number_space
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.ports import ObjectInfo
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX, archived_digest, leave_receipt, remove_old_receipts
from tests.support.memory_stores import MemoryObjectStore

BODY = b'[{"id":"a"}]'
DIGEST = hashlib.sha256(BODY).hexdigest()


def key(number: int, device_id: str = "d", start: str = "2026-01-01T00:00:00Z") -> ChunkKey:
    return ChunkKey(device_id, start, "2026-01-02T00:00:00Z", number)


def test_a_receipt_tells_the_digest_and_may_be_left_twice() -> None:
    async def steps() -> None:
        cold = MemoryObjectStore("cold")
        assert await archived_digest(cold, str(key(1))) is None
        await leave_receipt(cold, str(key(1)), DIGEST)
        await leave_receipt(cold, str(key(1)), DIGEST)
        assert await archived_digest(cold, str(key(1))) == DIGEST
        with pytest.raises(KeyConflictError):
            await leave_receipt(cold, str(key(1)), "0" * 64)

    asyncio.run(steps())


def test_something_else_under_a_receipts_key_is_an_error_that_names_it() -> None:
    async def steps() -> None:
        cold = MemoryObjectStore("cold")
        await cold.create(RECEIPT_PREFIX + "x", b"[]", sha256="0" * 64)
        with pytest.raises(StoreError, match=r"_l3kit/archived/x.*is not a valid receipt"):
            await archived_digest(cold, "x")

    asyncio.run(steps())


def test_a_chunk_that_was_archived_is_not_stored_again_and_seals_as_what_it_was() -> None:
    async def steps() -> None:
        cold = MemoryObjectStore("cold")
        target = LocalTarget(cold)
        chunk = Chunk(key(3), BODY, DIGEST, 1)
        await leave_receipt(cold, str(chunk.key), DIGEST)
        await target.store(chunk, again=True)
        assert await cold.head(str(chunk.key)) is None
        assert await target.seal(chunk.key) == DIGEST
        await target.store(Chunk(key(4), BODY, DIGEST, 1), again=True)
        assert await cold.head(str(key(4))) is not None

    asyncio.run(steps())


def test_only_the_receipts_of_last_chunks_are_kept() -> None:
    async def steps() -> None:
        cold = MemoryObjectStore("cold")
        periods = [key(RESERVED_NUMBERS + n, "f") for n in (7, 9)]
        left = [key(1), key(4, start="2025-01-01T00:00:00Z"), key(2, "e"), key(7, "f"), *periods]
        for one in left:
            await leave_receipt(cold, str(one), DIGEST)
        await cold.create(RECEIPT_PREFIX + "foreign", b"x", sha256="0" * 64)
        await remove_old_receipts(cold, {("e", False): 3, ("f", False): 6, ("f", True): RESERVED_NUMBERS + 8})
        there = {info.key.removeprefix(RECEIPT_PREFIX) async for info in cold.list(RECEIPT_PREFIX)}
        assert there == {str(left[1]), str(left[3]), str(periods[1]), "foreign"}

    asyncio.run(steps())


numbers = st.integers(1, 30) | st.integers(RESERVED_NUMBERS, RESERVED_NUMBERS + 9)
chunks = st.tuples(st.sampled_from(["a", "b/c", "ü"]), numbers, st.integers(1, 9))


@given(st.sets(chunks, max_size=25), st.booleans())
def test_exactly_the_chunks_with_a_number_spaces_highest_number_are_marked_as_last(
    found: set[tuple[str, int, int]], foreign: bool
) -> None:
    keys = sorted(object_key(d, f"2026-01-0{day}T00:00:00Z", "2026-02-01T00:00:00Z", n) for d, n, day in found)
    keys += ["zz-by-hand.json"] if foreign else []

    async def listing() -> AsyncIterator[ObjectInfo]:
        for name in keys:
            yield ObjectInfo(name, 1, "etag", datetime(2026, 1, 1, tzinfo=UTC))

    async def steps() -> tuple[list[tuple[str, bool]], dict[NumberSpace, int]]:
        last = LastChunks()
        return [(info.key, is_last) async for info, is_last in last.mark(listing())], last.highest

    marked, highest = asyncio.run(steps())
    assert sorted(name for name, _ in marked) == sorted(keys)
    wanted: dict[NumberSpace, int] = {}
    for name in map(parse_object_key, keys):
        if name:
            wanted[number_space(name)] = max(name.number, wanted.get(number_space(name), 0))
    assert highest == wanted
    for name, is_last in ((parse_object_key(name), is_last) for name, is_last in marked):
        assert is_last == (name is not None and name.number == wanted[number_space(name)])
