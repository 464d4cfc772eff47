"""Contract of every object store."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.ports import ObjectStore, Tier
from tests.conformance.backends import ARCHIVED, BACKENDS, Backend

KEYS = [
    "EWR/2013-01-01T06:00:00Z-2013-01-31T05:00:00Z/chunk-00001.json",
    "传感器-1/a-b/chunk-00001.json",
    "a+b c/2026-01-01T00:00:00+01:00-x/chunk-00001.json",
    "a%2Fb/%25/ü&=?#.json",
    "quote'\"<>&amp;/x",
]


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def use(backend: Backend, steps: Callable[[ObjectStore], Awaitable[None]], tier: Tier = "cold") -> None:
    async def run() -> None:
        store = backend.objects(tier)
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())


async def create(store: ObjectStore, key: str, body: bytes) -> None:
    await store.create(key, body, sha256=digest(body), metadata={"items": "3"})


@pytest.mark.parametrize("key", KEYS)
def test_an_object_is_created_found_listed_read_and_deleted_by_any_key(backend: Backend, key: str) -> None:
    async def steps(store: ObjectStore) -> None:
        await create(store, key, b"[1,2,3]")
        info = await store.head(key)
        assert info is not None
        assert (info.key, info.size, info.sha256) == (key, 7, digest(b"[1,2,3]"))
        assert info.metadata["items"] == "3"
        assert [listed.key async for listed in store.list()] == [key]
        assert await store.read(key) == b"[1,2,3]"
        assert await store.delete(key)
        assert await store.head(key) is None

    use(backend, steps)


def test_the_same_content_again_is_a_success_and_other_content_a_conflict(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        await create(store, "k", b"[1]")
        await create(store, "k", b"[1]")
        with pytest.raises(KeyConflictError) as conflict:
            await create(store, "k", b"[2]")
        assert conflict.value.existing_sha256 == digest(b"[1]")
        assert await store.read("k") == b"[1]"

    use(backend, steps)


def test_of_many_creations_of_one_key_at_once_exactly_one_wins(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        bodies = [b"[%d]" % n for n in range(8)]
        results = await asyncio.gather(*(create(store, "k", body) for body in bodies), return_exceptions=True)
        won = [body for body, result in zip(bodies, results, strict=True) if result is None]
        assert len(won) == 1
        assert all(isinstance(result, KeyConflictError) for result in results if result is not None)
        assert await store.read("k") == won[0]

    use(backend, steps)


def test_compressed_content_keeps_its_encoding_and_the_digest_of_what_is_inside(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        body = gzip.compress(b"[1,2,3]", mtime=0)
        await store.create("k.gz", body, sha256=digest(b"[1,2,3]"), content_encoding="gzip")
        info = await store.head("k.gz")
        assert info is not None
        assert (info.content_encoding, info.sha256) == ("gzip", digest(b"[1,2,3]"))
        assert await store.read("k.gz") == body

    use(backend, steps)


def test_ranges_are_read(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        await create(store, "k", b"0123456789")
        assert await store.read("k", start=3) == b"3456789"
        assert await store.read("k", start=3, length=4) == b"3456"
        assert await store.read("k", length=2) == b"01"
        assert await store.read("k", start=8, length=100) == b"89"

    use(backend, steps)


def test_a_missing_object_is_none_to_head_and_an_error_to_read(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        assert await store.head("nothing") is None
        with pytest.raises(StoreError, match="nothing"):
            await store.read("nothing")
        assert await store.delete("nothing")

    use(backend, steps)


def test_a_delete_with_an_etag_leaves_another_version(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        await create(store, "k", b"[1]")
        info = await store.head("k")
        assert info is not None
        assert not await store.delete("k", etag="0" * 32)
        assert await store.read("k") == b"[1]"
        assert await store.delete("k", etag=info.etag)
        assert await store.head("k") is None

    use(backend, steps)


def test_listing_is_in_key_order_and_by_prefix(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        for key in ("b/2", "a/1", "b/10", "bb/1", "B/1"):
            await create(store, key, b"[]")
        assert [info.key async for info in store.list()] == ["B/1", "a/1", "b/10", "b/2", "bb/1"]
        assert [info.key async for info in store.list("b/")] == ["b/10", "b/2"]
        assert [info.size async for info in store.list("a/")] == [2]

    use(backend, steps)


@pytest.mark.parametrize(
    "backend", [pytest.param(n, marks=[pytest.mark.slow] * (n in ("aws", "azure"))) for n in BACKENDS], indirect=True
)
def test_a_listing_of_more_than_one_page_is_whole(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        keys = [f"k/{n:04d}" for n in range(1_050)]
        for start in range(0, len(keys), 50):
            await asyncio.gather(*(create(store, key, b"[]") for key in keys[start : start + 50]))
        assert [info.key async for info in store.list("k/")] == keys

    use(backend, steps)


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        ("cold", {"STANDARD_IA", "cold", "Cool", "COLDLINE"}),
        ("archive", {"DEEP_ARCHIVE", "archive", "Archive", "ARCHIVE"}),
    ],
)
def test_objects_are_in_the_tiers_class_and_our_own_are_not(backend: Backend, tier: Tier, words: set[str]) -> None:
    async def steps(store: ObjectStore) -> None:
        await create(store, "k", b"[]")
        await create(store, "_l3kit/reports/r.json", b"{}")
        ours, own = await store.head("k"), await store.head("_l3kit/reports/r.json")
        assert ours is not None
        assert own is not None
        assert ours.storage_class in words
        assert own.storage_class in ("STANDARD", "Hot")
        assert await store.read("_l3kit/reports/r.json") == b"{}"

    use(backend, steps, tier)


def test_an_archived_object_is_read_only_after_a_restore(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        await create(store, "k", b"[1]")
        assert await store.restore_state("k") == "archived"
        with pytest.raises(StoreError, match=r"(?i)restore"):
            await store.read("k")
        assert await store.restore("k", days=1) in ("restoring", "restored")
        assert await store.restore("k", days=1) in ("restoring", "restored")
        assert await store.read("k") == b"[1]"

    use(backend, steps, "archive")


def test_a_cold_object_is_readable_at_once(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        await create(store, "k", b"[1]")
        assert await store.restore_state("k") == "readable"

    use(backend, steps)


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("size", [0, 3, 8 * 1024 * 1024, pytest.param(20_000_001, marks=pytest.mark.slow)])
def test_large_content_is_streamed_and_its_digest_compared(backend: Backend, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    async def steps(store: ObjectStore) -> None:
        info = await store.create_large("k", pieces(body, 3_000_000), sha256=digest(body))
        assert (info.size, info.sha256) == (size, digest(body))
        assert await store.read("k") == body
        again = await store.create_large("k", pieces(body, 1_000_000), sha256=digest(body))
        assert again.etag == info.etag

    use(backend, steps)


@pytest.mark.parametrize("size", [10, 12_000_000])
def test_large_content_of_a_wrong_digest_never_becomes_visible(backend: Backend, size: int) -> None:
    async def steps(store: ObjectStore) -> None:
        with pytest.raises(StoreError, match="digest"):
            await store.create_large("k", pieces(b"x" * size, 5_000_000), sha256=digest(b"other"))
        assert await store.head("k") is None
        assert [info.key async for info in store.list()] == []

    use(backend, steps)


def test_large_content_that_breaks_off_never_becomes_visible(backend: Backend) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 9_000_000
        raise ConnectionResetError

    async def steps(store: ObjectStore) -> None:
        with pytest.raises(ConnectionResetError):
            await store.create_large("k", broken(), sha256=digest(b""))
        assert await store.head("k") is None

    use(backend, steps)


def test_large_content_under_a_taken_key_is_a_conflict(backend: Backend) -> None:
    async def steps(store: ObjectStore) -> None:
        await create(store, "k", b"[1]")
        body = b"x" * 9_000_000
        with pytest.raises(KeyConflictError):
            await store.create_large("k", pieces(body, 4_000_000), sha256=digest(body))
        assert await store.read("k") == b"[1]"

    use(backend, steps)


def use_two(backend: Backend, steps: Callable[[ObjectStore, ObjectStore], Awaitable[None]]) -> None:
    async def run() -> None:
        cold, archive = backend.objects("cold"), backend.objects("archive")
        try:
            await steps(cold, archive)
        finally:
            await cold.close()
            await archive.close()

    asyncio.run(run())


@pytest.mark.parametrize("key", KEYS)
def test_a_copy_keeps_content_and_metadata_in_the_other_tiers_class(backend: Backend, key: str) -> None:
    async def steps(cold: ObjectStore, archive: ObjectStore) -> None:
        await create(cold, key, b"[1,2]")
        info = await cold.head(key)
        assert info is not None
        for _ in range(2):  # a repeat after a lost answer
            copied = await archive.copy_from(cold, info)
            assert (copied.size, copied.sha256, copied.metadata["items"]) == (5, info.sha256, "3")
        assert await archive.restore_state(key) == ARCHIVED.get(backend.name, "archived")

    use_two(backend, steps)


def test_a_copy_never_overwrites_other_content(backend: Backend) -> None:
    async def steps(cold: ObjectStore, archive: ObjectStore) -> None:
        await create(cold, "k", b"[1]")
        await create(archive, "k", b"[2]")
        info = await cold.head("k")
        assert info is not None
        with pytest.raises(KeyConflictError):
            await archive.copy_from(cold, info)
        there = await archive.head("k")
        assert there is not None
        assert there.sha256 == digest(b"[2]")

    use_two(backend, steps)


def test_a_copy_takes_exactly_the_version_that_was_seen(backend: Backend) -> None:
    async def steps(cold: ObjectStore, archive: ObjectStore) -> None:
        await create(cold, "k", b"[1]")
        info = await cold.head("k")
        assert info is not None
        await cold.delete("k")
        await create(cold, "k", b"[2]")
        with pytest.raises(StoreError, match="changed"):
            await archive.copy_from(cold, info)
        assert await archive.head("k") is None

    use_two(backend, steps)
