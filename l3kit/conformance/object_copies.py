"""Contract of every object store for copies from another tier of its cloud."""

from __future__ import annotations

import pytest

from l3kit.conformance.backend import Backend, Suite
from l3kit.conformance.object_bodies import KEYS, create, digest, use_two
from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.ports import ObjectStore


class ObjectCopiesSuite(Suite):
    """Copies between tiers; `ObjectStoreSuite` includes them."""

    @pytest.mark.parametrize("key", KEYS)
    def test_a_copy_keeps_content_and_metadata_in_the_other_tiers_class(self, backend: Backend, key: str) -> None:
        async def steps(cold: ObjectStore, archive: ObjectStore) -> None:
            await create(cold, key, b"[1,2]")
            info = await cold.head(key)
            assert info is not None
            for _ in range(2):  # a repeat after a lost answer
                copied = await archive.copy_from(cold, info)
                assert (copied.size, copied.sha256, copied.metadata["items"]) == (5, info.sha256, "3")
            assert await archive.restore_state(key) == backend.archived

        use_two(backend, steps)

    def test_a_copy_never_overwrites_other_content(self, backend: Backend) -> None:
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

    def test_a_copy_takes_exactly_the_version_that_was_seen(self, backend: Backend) -> None:
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
