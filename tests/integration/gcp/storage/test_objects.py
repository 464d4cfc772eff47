"""Copies, compressed objects, keys and entity tags as only Cloud Storage has them."""

from __future__ import annotations

import asyncio
import gzip
import os
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from google.cloud import storage

from l3kit.clouds.gcp.data.object_store import GcsObjectStore
from l3kit.errors import KeyConflictError, StoreError
from tests.integration.gcp.storage.faults import MIB, Fault, Handler, Line, answer_lost, answers, digest, pieces


@pytest.mark.parametrize("fault", [None, answers(503), answer_lost])
def test_a_large_copy_takes_several_rewrites_and_keeps_everything(use: Any, line: Line, fault: Fault | None) -> None:
    body = gzip.compress(os.urandom(5 * MIB // 2))

    async def steps(cold: GcsObjectStore, archive: GcsObjectStore) -> None:
        metadata = {"items": "3", "device": "传感器 1"}
        info = await cold.create("k", body, sha256="a" * 64, content_encoding="gzip", metadata=metadata)
        if fault is not None:
            line.will("POST", "/rewriteTo/", fault)
        copied = await archive.copy_from(cold, info)
        assert archive.usage.requests["copy"] == 3 + (fault is not None)
        assert (copied.storage_class, copied.content_encoding, copied.size) == ("ARCHIVE", "gzip", len(body))
        assert dict(copied.metadata) == {**metadata, "sha256": "a" * 64}
        assert await archive.read("k") == body

    use(steps, "cold", "archive")


def test_a_source_replaced_while_it_is_copied_is_not_copied(use: Any, line: Line, client: storage.Client) -> None:
    async def replaced(request: web.Request, handler: Handler) -> web.StreamResponse:
        blob = client.bucket("bucket-cold").blob("k")
        await asyncio.to_thread(blob.upload_from_string, b"[2]")
        return await handler(request)

    async def steps(cold: GcsObjectStore, archive: GcsObjectStore) -> None:
        info = await cold.create("k", b"[1]", sha256=digest(b"[1]"))
        line.will("POST", "/rewriteTo/", replaced)
        with pytest.raises(StoreError, match="changed"):
            await archive.copy_from(cold, info)
        assert await archive.head("k") is None

    use(steps, "cold", "archive")


def test_a_copy_of_what_others_wrote_is_compared_by_its_checksum(use: Any, client: storage.Client) -> None:
    async def steps(cold: GcsObjectStore, archive: GcsObjectStore) -> None:
        client.bucket("bucket-cold").blob("k").upload_from_string(b"theirs", content_type="text/x")
        info = await cold.head("k")
        assert info is not None
        assert info.sha256 is None
        for _ in range(2):
            assert (await archive.copy_from(cold, info)).size == 6
        assert client.bucket("bucket-archive").get_blob("k").content_type == "text/x"
        client.bucket("bucket-archive").blob("k").upload_from_string(b"others")
        with pytest.raises(KeyConflictError):
            await archive.copy_from(cold, info)

    use(steps, "cold", "archive")


def test_a_copy_repeated_after_the_source_is_gone_is_a_success(use: Any) -> None:
    async def steps(cold: GcsObjectStore, archive: GcsObjectStore) -> None:
        info = await cold.create("k", b"[1]", sha256=digest(b"[1]"))
        await archive.copy_from(cold, info)
        await cold.delete("k", etag=info.etag)
        assert (await archive.copy_from(cold, info)).sha256 == info.sha256
        with pytest.raises(StoreError, match="changed"):
            await archive.copy_from(cold, replace(info, key="other"))

    use(steps, "cold", "archive")


def test_archived_objects_are_readable_at_once(use: Any) -> None:
    async def steps(store: GcsObjectStore) -> None:
        info = await store.create("k", b"[1]", sha256=digest(b"[1]"))
        assert info.storage_class == "ARCHIVE"
        assert await store.restore_state("k") == "readable"
        assert await store.restore("k", days=1) == "readable"
        assert await store.read("k") == b"[1]"
        for ask in (store.restore_state("no"), store.restore("no", days=1)):
            with pytest.raises(StoreError, match="does not exist"):
                await ask

    use(steps, "archive")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_compressed_objects_are_read_as_they_are_stored_also_in_ranges(use: Any, encoding: str) -> None:
    body = gzip.compress(b"[1,2,3]" * 1000, mtime=0)

    async def steps(store: GcsObjectStore) -> None:
        await store.create("k", body, sha256="a" * 64, content_encoding=encoding)
        assert await store.read("k") == body
        assert await store.read("k", start=2, length=5) == body[2:7]
        assert await store.read("k", start=2, length=0) == b""

    use(steps)


@pytest.mark.parametrize("key", ["", "x" * 1025, "é" * 513, ".", "..", "a\nb", "a\rb", "\ud800"])
def test_a_key_that_cannot_be_is_refused_without_asking(use: Any, line: Line, key: str) -> None:
    async def steps(store: GcsObjectStore) -> None:
        for ask in (
            lambda: store.create(key, b"[]", sha256=digest(b"[]")),
            lambda: store.create_large(key, pieces(b"[]"), sha256=digest(b"[]")),
            lambda: store.head(key),
            lambda: store.read(key),
            lambda: store.delete(key),
        ):
            with pytest.raises(StoreError, match="the key"):
                await ask()
        assert line.asked == []

    use(steps)


@pytest.mark.parametrize("key", ["x" * 1024, "é" * 512, "a\tb", "...", "a/../b", "//", "\U0010ffff"])
def test_an_odd_key_that_can_be_is_kept(use: Any, key: str) -> None:
    async def steps(store: GcsObjectStore) -> None:
        await store.create(key, b"[]", sha256=digest(b"[]"))
        assert [one.key async for one in store.list()] == [key]
        assert await store.read(key) == b"[]"

    use(steps)


@pytest.mark.parametrize("etag", ["0", "1", "9" * 40, "d41d8cd98f00b204e9800998ecf8427e", "²"])
def test_a_delete_with_another_stores_etag_leaves_the_object(use: Any, etag: str) -> None:
    async def steps(store: GcsObjectStore) -> None:
        assert await store.delete("k", etag=etag)
        await store.create("k", b"[]", sha256=digest(b"[]"))
        assert not await store.delete("k", etag=etag)
        assert await store.head("k") is not None

    use(steps)
