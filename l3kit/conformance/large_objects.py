"""Contract of every object store for streamed content."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from l3kit.conformance.backend import Backend, Suite
from l3kit.conformance.object_bodies import create, digest, pieces, use
from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.ports import ObjectStore


class LargeObjectsSuite(Suite):
    """Streamed objects; `ObjectStoreSuite` includes them."""

    @pytest.mark.parametrize("size", [0, 3, 8 * 1024 * 1024, 20_000_001])
    def test_large_content_is_streamed_and_its_digest_compared(self, backend: Backend, size: int) -> None:
        body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

        async def steps(store: ObjectStore) -> None:
            info = await store.create_large("k", pieces(body, 3_000_000), sha256=digest(body))
            assert (info.size, info.sha256) == (size, digest(body))
            assert await store.read("k") == body
            again = await store.create_large("k", pieces(body, 1_000_000), sha256=digest(body))
            assert again.etag == info.etag

        use(backend, steps)

    @pytest.mark.parametrize("size", [10, 12_000_000])
    def test_large_content_of_a_wrong_digest_never_becomes_visible(self, backend: Backend, size: int) -> None:
        async def steps(store: ObjectStore) -> None:
            with pytest.raises(StoreError, match="digest"):
                await store.create_large("k", pieces(b"x" * size, 5_000_000), sha256=digest(b"other"))
            assert await store.head("k") is None
            assert [info.key async for info in store.list()] == []

        use(backend, steps)

    def test_large_content_that_breaks_off_never_becomes_visible(self, backend: Backend) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield b"x" * 9_000_000
            raise ConnectionResetError

        async def steps(store: ObjectStore) -> None:
            with pytest.raises(ConnectionResetError):
                await store.create_large("k", broken(), sha256=digest(b""))
            assert await store.head("k") is None

        use(backend, steps)

    def test_large_content_under_a_taken_key_is_a_conflict(self, backend: Backend) -> None:
        async def steps(store: ObjectStore) -> None:
            await create(store, "k", b"[1]")
            body = b"x" * 9_000_000
            with pytest.raises(KeyConflictError):
                await store.create_large("k", pieces(body, 4_000_000), sha256=digest(body))
            assert await store.read("k") == b"[1]"

        use(backend, steps)
