"""Contract of every object store."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from l3kit.conformance.backend import Backend
from l3kit.conformance.large_objects import LargeObjectsSuite
from l3kit.conformance.object_bodies import KEYS, create, digest, use
from l3kit.conformance.object_copies import ObjectCopiesSuite
from l3kit.conformance.object_versions import ObjectVersionsSuite
from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.ports import ObjectStore, Tier


class ObjectStoreSuite(LargeObjectsSuite, ObjectCopiesSuite, ObjectVersionsSuite):
    """All cases of the port `ObjectStore`."""

    @pytest.mark.parametrize("key", KEYS)
    def test_an_object_is_created_found_listed_read_and_deleted_by_any_key(self, backend: Backend, key: str) -> None:
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

    def test_the_same_content_again_is_a_success_and_other_content_a_conflict(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            await create(store, "k", b"[1]")
            await create(store, "k", b"[1]")
            with pytest.raises(KeyConflictError) as conflict:
                await create(store, "k", b"[2]")
            assert conflict.value.existing_sha256 == digest(b"[1]")
            assert await store.read("k") == b"[1]"

        use(backend, steps)

    def test_of_many_creations_of_one_key_at_once_exactly_one_wins(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            bodies = [b"[%d]" % n for n in range(8)]
            results = await asyncio.gather(*(create(store, "k", body) for body in bodies), return_exceptions=True)
            won = [body for body, result in zip(bodies, results, strict=True) if result is None]
            assert len(won) == 1
            assert all(isinstance(result, KeyConflictError) for result in results if result is not None)
            assert await store.read("k") == won[0]

        use(backend, steps)

    def test_compressed_content_keeps_its_encoding_and_the_digest_of_what_is_inside(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            body = gzip.compress(b"[1,2,3]", mtime=0)
            await store.create("k.gz", body, sha256=digest(b"[1,2,3]"), content_encoding="gzip")
            info = await store.head("k.gz")
            assert info is not None
            assert (info.content_encoding, info.sha256) == ("gzip", digest(b"[1,2,3]"))
            assert await store.read("k.gz") == body

        use(backend, steps)

    def test_ranges_are_read(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            await create(store, "k", b"0123456789")
            assert await store.read("k", start=3) == b"3456789"
            assert await store.read("k", start=3, length=4) == b"3456"
            assert await store.read("k", length=2) == b"01"
            assert await store.read("k", start=8, length=100) == b"89"

        use(backend, steps)

    def test_a_missing_object_is_none_to_head_and_an_error_to_read(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            assert await store.head("nothing") is None
            with pytest.raises(StoreError, match="nothing"):
                await store.read("nothing")
            assert await store.delete("nothing")

        use(backend, steps)

    def test_a_delete_with_an_etag_leaves_another_version(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            await create(store, "k", b"[1]")
            info = await store.head("k")
            assert info is not None
            assert not await store.delete("k", etag="0" * 32)
            assert await store.read("k") == b"[1]"
            assert await store.delete("k", etag=info.etag)
            assert await store.head("k") is None

        use(backend, steps)

    def test_listing_is_in_key_order_and_by_prefix(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            for key in ("b/2", "a/1", "b/10", "bb/1", "B/1"):
                await create(store, key, b"[]")
            assert [info.key async for info in store.list()] == ["B/1", "a/1", "b/10", "b/2", "bb/1"]
            assert [info.key async for info in store.list("b/")] == ["b/10", "b/2"]
            assert [info.size async for info in store.list("a/")] == [2]

        use(backend, steps)

    def test_a_listing_of_more_than_one_page_is_whole(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            keys = [f"k/{n:04d}" for n in range(1_050)]
            for start in range(0, len(keys), 50):
                await asyncio.gather(*(create(store, key, b"[]") for key in keys[start : start + 50]))
            assert [info.key async for info in store.list("k/")] == keys

        use(backend, steps)

    @pytest.mark.parametrize("tier", ["cold", "archive", "letters"])
    def test_objects_are_in_the_tiers_class_and_our_own_are_not(self, backend: Backend, tier: Tier) -> None:
        async def steps(store: ObjectStore) -> None:
            await create(store, "k", b"[]")
            await create(store, "_l3kit/reports/r.json", b"{}")
            ours, own = await store.head("k"), await store.head("_l3kit/reports/r.json")
            assert ours is not None
            assert own is not None
            assert ours.storage_class == backend.classes[tier]
            assert own.storage_class == backend.own_class
            assert await store.read("_l3kit/reports/r.json") == b"{}"

        use(backend, steps, tier)

    def test_an_archived_object_is_read_only_after_a_restore(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            await create(store, "k", b"[1]")
            assert await store.restore_state("k") == "archived"
            with pytest.raises(StoreError, match=r"(?i)restore"):
                await store.read("k")
            assert await store.restore("k", days=1) in ("restoring", "restored")
            assert await store.restore("k", days=1) in ("restoring", "restored")
            assert await store.read("k") == b"[1]"

        use(backend, steps, "archive")

    @pytest.mark.parametrize("tier", ["cold", "letters"])
    def test_an_object_of_any_other_tier_is_readable_at_once(self, backend: Backend, tier: Tier) -> None:
        async def steps(store: ObjectStore) -> None:
            await create(store, "k", b"[1]")
            assert await store.restore_state("k") == "readable"
            assert await store.read("k") == b"[1]"

        use(backend, steps, tier)

    def test_a_dead_letter_is_there_once_and_can_be_listed_and_deleted(self, backend: Backend) -> None:
        """Cover the calls for writing and replaying dead letters, in the class that only they have."""

        async def steps(store: ObjectStore) -> None:
            key = "not-json/2024-01-01/0f.json"
            await create(store, key, b'{"cause":"x"}')
            await create(store, key, b'{"cause":"x"}')
            with pytest.raises(KeyConflictError):
                await create(store, key, b'{"cause":"y"}')
            assert [info.key async for info in store.list("not-json/")] == [key]
            assert await store.read(key) == b'{"cause":"x"}'
            other = "not-json/2024-01-01/f0.json"  # the same bytes of another sender
            await create(store, other, b'{"cause":"x"}')
            assert await store.delete(key)
            assert await store.head(key) is None
            assert [info.key async for info in store.list("not-json/")] == [other]

        use(backend, steps, "letters")
