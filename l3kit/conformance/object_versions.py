"""Contract of every object store for versions of objects: found, and permanently deleted."""

from __future__ import annotations

import asyncio

import pytest

from l3kit.conformance.backend import Backend, Suite
from l3kit.conformance.object_bodies import KEYS, create, use
from l3kit.tiering.object_versions import delete_permanently
from l3kit.tiering.ports import ObjectStore


class ObjectVersionsSuite(Suite):
    """Permanent deletion; `ObjectStoreSuite` includes it."""

    def test_versions_are_found_by_prefix_and_each_object_has_one_that_is_current(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            for key in (*KEYS, "a/1", "ab/1"):
                await create(store, key, b"[1]")
            current = [one.key async for one in store.versions() if one.current]
            assert sorted(current) == sorted({*KEYS, "a/1", "ab/1"})
            assert [(one.key, one.size) async for one in store.versions("a/1")] == [("a/1", 3)]

        use(backend, steps)

    def test_an_object_deleted_permanently_leaves_no_version_that_can_be_deleted(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            for key in KEYS:
                await create(store, key, b"[1]")
                await store.delete(key)
                await create(store, key, b"[2]")
            for key in KEYS:
                await delete_permanently(store, key)
                assert await store.head(key) is None
            assert [one async for one in store.versions() if one.kept_until is None] == []

        use(backend, steps)

    def test_a_version_can_be_deleted_twice(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            await create(store, "k", b"[1]")
            (version,) = [one async for one in store.versions("k")]
            await store.delete_version(version)
            await store.delete_version(version)
            assert await store.head("k") is None

        use(backend, steps)

    def test_former_versions_and_marks_of_deletion_go_too(self, backend: Backend) -> None:
        if backend.versioned is None:
            pytest.skip("the backend makes no store with versioning, so former versions were not deleted")
        opened = backend.versioned

        async def steps() -> None:
            store = opened("archive")
            try:
                for body in (b"[1]", b"[2]"):
                    await create(store, "k", body)
                    await store.delete("k")
                await create(store, "kk", b"[3]")
                assert len([one async for one in store.versions("k") if one.key == "k" and one.size]) == 2
                await delete_permanently(store, "k")
                assert [(one.key, one.current) async for one in store.versions()] == [("kk", True)]
            finally:
                await store.close()

        asyncio.run(steps())

    def test_deleting_permanently_takes_no_object_of_a_longer_key(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            for key in ("k", "k/1", "kk", "k.json"):
                await create(store, key, b"[1]")
            await delete_permanently(store, "k")
            assert [info.key async for info in store.list()] == ["k.json", "k/1", "kk"]

        use(backend, steps)
