"""The object store on Cloud Storage where the network or the service fails, and what only Cloud Storage does.

What every object store does is in tests/conformance.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import storage

from l3kit.clouds.gcp.data import object_stores
from l3kit.clouds.gcp.data.object_store import GcsObjectStore
from l3kit.clouds.gcp.data.object_stores import GcsPlace, open_objects
from l3kit.errors import ConfigurationError, KeyConflictError, StoreError
from l3kit.tiering.ports import Tier
from l3kit.tiering.retry import RetryPolicy
from tests.conformance.gcs_backend import PROJECT, gcs_server, unchanged_client

MIB = 1024 * 1024
AGENT = "l3kit/0.1 test-cold-to-archive-mover/7"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fault = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass
class Line:
    """Between client and service: what was asked, and what goes wrong next, by method and a part of the address."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)
    faults: list[tuple[str, str, Fault]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)

    def will(self, method: str, part: str, *faults: Fault) -> None:
        self.faults += [(method, part, fault) for fault in faults]

    @property
    def middleware(self) -> Any:
        @web.middleware
        async def pass_on(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.asked.append((request.method, request.raw_path, request.headers.get("User-Agent", "")))
            self.ranges += request.headers.getall("Content-Range", [])
            for entry in self.faults:
                if request.method == entry[0] and entry[1] in request.raw_path:
                    self.faults.remove(entry)
                    return await entry[2](request, handler)
            return await handler(request)

        return pass_on


def answers(status: int, **headers: str) -> Fault:
    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        await request.content.read()
        return web.json_response(
            {"error": {"code": status, "message": "says the test"}}, status=status, headers=headers
        )

    return fault


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def answer_lost(request: web.Request, handler: Handler) -> web.StreamResponse:
    await handler(request)
    return await cut(request)


async def never_arrived(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await cut(request)


async def damaged(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.Response(body=b"[9]", headers={"x-goog-hash": "crc32c=AAAAAA=="})


def breaks_after(size: int) -> Fault:
    """The service gets so many bytes, then the connection is gone."""

    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        whole = request._payload.iter_any()  # `content` would be remembered

        class Partial:
            async def iter_any(self) -> AsyncIterator[bytes]:
                left = size
                async for block in whole:
                    yield block[:left]
                    left -= len(block)
                    if left <= 0:
                        await cut(request)
                        raise ConnectionResetError

        request._payload = Partial()  # type: ignore[assignment]
        return await handler(request)

    return fault


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def address(tmp_path: Path, line: Line) -> Iterator[str]:
    with gcs_server(tmp_path, [line.middleware], rewrite_bytes=MIB) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[storage.Client]:
    with unchanged_client(address) as made:
        yield made


def place(address: str, line: Line) -> GcsPlace:
    async def note(seconds: float) -> None:
        line.waits.append(seconds)

    return GcsPlace(PROJECT, address, agent=AGENT, retry=RetryPolicy(tries=4, sleep=note, random=lambda: 1.0))


@pytest.fixture
def use(address: str, client: storage.Client, line: Line) -> Callable[..., None]:
    """Runs steps on stores of new buckets named after their tiers."""

    def run(steps: Callable[..., Awaitable[None]], *tiers: Tier) -> None:
        async def go() -> None:
            stores = []
            for tier in tiers or ("cold",):
                client.create_bucket(f"bucket-{tier}")
                stores.append(open_objects(f"bucket-{tier}", tier, place(address, line)))
            line.asked.clear()
            try:
                await steps(*stores)
            finally:
                for store in stores:
                    await store.close()

        asyncio.run(go())

    return run


async def pieces(body: bytes, size: int = 3_000_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def test_a_throttled_or_failed_request_is_repeated_and_counted(use: Any, line: Line) -> None:
    async def steps(store: GcsObjectStore) -> None:
        line.will("POST", "/upload/", answers(503), answers(429, **{"Retry-After": "2"}))
        await store.create("k", b"[1]", sha256=digest(b"[1]"))
        assert (store.usage.requests, store.usage.retries) == ({"put": 3}, {"put": 2})
        assert (len(line.asked), store.usage.bytes_out) == (3, 9)
        assert line.waits == [0.1, 2.0]

    use(steps)


def test_every_kind_of_request_is_asked_once_a_count(use: Any, line: Line) -> None:
    async def steps(store: GcsObjectStore, archive: GcsObjectStore) -> None:
        await store.create("k", b"[1]", sha256=digest(b"[1]"))
        info = await store.head("k")
        assert info is not None
        await store.read("k")
        assert len([one async for one in store.list()]) == 1
        await archive.copy_from(store, info)
        await archive.restore("k", days=1)
        await archive.create_large("large", pieces(b"x" * 20 * MIB), sha256=digest(b"x" * 20 * MIB))
        await store.delete("k")
        total = sum(store.usage.requests.values()) + sum(archive.usage.requests.values())
        assert total == len(line.asked)
        assert {agent.startswith(AGENT) for _, _, agent in line.asked} == {True}

    use(steps, "cold", "archive")


def test_a_create_whose_answer_was_lost_is_a_success_and_the_same_object(use: Any, line: Line) -> None:
    async def steps(store: GcsObjectStore) -> None:
        line.will("POST", "/upload/", answer_lost)
        info = await store.create("k", b"[1]", sha256=digest(b"[1]"))
        assert [one.etag async for one in store.list()] == [info.etag]

    use(steps)


def test_a_create_that_would_be_someone_elses_content_is_a_conflict_after_a_retry(
    use: Any, line: Line, client: storage.Client
) -> None:
    async def steps(store: GcsObjectStore) -> None:
        line.will("POST", "/upload/", never_arrived)
        client.bucket("bucket-cold").blob("k").upload_from_string(b"theirs")
        with pytest.raises(KeyConflictError):
            await store.create("k", b"[1]", sha256=digest(b"[1]"))
        assert await store.read("k") == b"theirs"

    use(steps)


def test_a_failure_that_lasts_is_told_with_its_cause(use: Any, line: Line) -> None:
    async def steps(store: GcsObjectStore) -> None:
        line.will("GET", "/o/k", *[answers(503)] * 4)
        with pytest.raises(StoreError, match=r"bucket-cold/k: .*503 says the test; gave up after 4 tries"):
            await store.read("k")
        assert store.usage.retries == {"get": 3}

    use(steps)


def test_a_refusal_is_not_repeated(use: Any, line: Line) -> None:
    async def steps(store: GcsObjectStore) -> None:
        line.will("GET", "/o/k", answers(403))
        with pytest.raises(StoreError, match=r"403 says the test\. The service account lacks"):
            await store.read("k")
        assert len(line.asked) == 1

    use(steps)


def test_nobody_listening_is_a_store_error(line: Line) -> None:
    async def go() -> None:
        store = open_objects("bucket", "cold", place("http://127.0.0.1:1", line))
        with pytest.raises(StoreError, match=r"not answered \(.*refused.*\)"):
            await store.head("k")
        await store.close()

    asyncio.run(go())


def test_a_download_damaged_on_its_way_is_repeated(use: Any, line: Line) -> None:
    async def steps(store: GcsObjectStore) -> None:
        await store.create("k", b"[1]", sha256=digest(b"[1]"))
        line.will("GET", "alt=media", damaged)
        assert await store.read("k") == b"[1]"
        assert store.usage.retries == {"get": 1}

    use(steps)


def test_a_small_content_of_a_wrong_digest_is_not_sent(use: Any, line: Line) -> None:
    async def steps(store: GcsObjectStore) -> None:
        with pytest.raises(StoreError, match="digest"):
            await store.create("k", b"[1]", sha256=digest(b"[2]"))
        assert line.asked == []

    use(steps)


@pytest.mark.parametrize("fault", [answers(503), never_arrived, answer_lost, breaks_after(3 * MIB)])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_large_upload_goes_on_where_it_broke_off(use: Any, line: Line, fault: Fault, which: int) -> None:
    body = os.urandom(20_000_001)

    async def passed(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request)

    async def steps(store: GcsObjectStore) -> None:
        line.will("PUT", "upload_id", *[passed] * which, fault)
        info = await store.create_large("k", pieces(body), sha256=digest(body))
        assert (info.size, info.sha256) == (len(body), digest(body))
        assert await store.read("k") == body
        assert sum(store.usage.requests.values()) == len(line.asked)
        assert store.usage.requests.get("upload_state", 0) == (fault is not answer_lost)

    use(steps)


def test_of_a_piece_that_broke_off_only_the_rest_is_sent_again(use: Any, line: Line) -> None:
    async def steps(store: GcsObjectStore) -> None:
        line.will("PUT", "upload_id", breaks_after(3 * MIB))
        await store.create_large("k", pieces(b"x" * 9 * MIB), sha256=digest(b"x" * 9 * MIB))
        assert line.ranges == [
            f"bytes 0-{8 * MIB - 1}/*",
            "bytes */*",
            f"bytes {3 * MIB}-{8 * MIB - 1}/*",
            f"bytes {8 * MIB}-{9 * MIB - 1}/{9 * MIB}",
        ]

    use(steps)


def test_a_large_upload_that_fails_says_no_session_address_and_leaves_nothing(
    use: Any, line: Line, tmp_path: Path
) -> None:
    async def steps(store: GcsObjectStore) -> None:
        for fault in (answers(503), never_arrived):
            line.will("PUT", "upload_id", *[fault] * 4)
            with pytest.raises(StoreError) as failure:
                await store.create_large("k", pieces(b"x" * 9 * MIB), sha256=digest(b"x" * 9 * MIB))
            assert "upload_id" not in str(failure.value)
        assert store.usage.requests["abort_upload"] == 2
        assert await store.head("k") is None
        assert list(tmp_path.iterdir()) == []

    use(steps)


def test_large_content_of_a_wrong_digest_leaves_no_upload_behind(use: Any, tmp_path: Path) -> None:
    async def steps(store: GcsObjectStore) -> None:
        with pytest.raises(StoreError, match="digest"):
            await store.create_large("k", pieces(b"x" * 20 * MIB), sha256=digest(b"other"))
        assert list(tmp_path.iterdir()) == []

    use(steps)


def test_a_body_beyond_one_piece_is_created_all_the_same(use: Any) -> None:
    body = os.urandom(9 * MIB)

    async def steps(store: GcsObjectStore) -> None:
        first = await store.create("k", body, sha256=digest(body), metadata={"items": "3"})
        again = await store.create("k", body, sha256=digest(body))
        assert (first.etag, first.metadata) == (again.etag, {"items": "3", "sha256": digest(body)})
        with pytest.raises(KeyConflictError):
            await store.create("k", body[1:], sha256=digest(body[1:]))

    use(steps)


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
            with pytest.raises(StoreError, match="not there"):
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


def test_a_missing_bucket_is_not_a_missing_object(address: str, line: Line) -> None:
    async def go() -> None:
        store = open_objects("no-such-bucket", "cold", place(address, line))

        async def listed() -> None:
            _ = [one async for one in store.list()]

        for ask in (
            store.head("k"),
            store.read("k"),
            store.delete("k"),
            listed(),
            store.create("k", b"[]", sha256=digest(b"[]")),
            store.create_large("k", pieces(b"x" * 9 * MIB), sha256=digest(b"x" * 9 * MIB)),
        ):
            with pytest.raises(StoreError, match=r"bucket does not exist.*deploy_l3"):
                await ask
        await store.close()

    asyncio.run(go())


@pytest.mark.parametrize("etag", ["0", "1", "9" * 40, "d41d8cd98f00b204e9800998ecf8427e", "²"])
def test_a_delete_with_another_stores_etag_leaves_the_object(use: Any, etag: str) -> None:
    async def steps(store: GcsObjectStore) -> None:
        assert await store.delete("k", etag=etag)
        await store.create("k", b"[]", sha256=digest(b"[]"))
        assert not await store.delete("k", etag=etag)
        assert await store.head("k") is not None

    use(steps)


def test_the_place_is_read_from_the_environment_as_googles_clients_read_it() -> None:
    read = GcsPlace.from_env({"GOOGLE_CLOUD_PROJECT": "p", "STORAGE_EMULATOR_HOST": "127.0.0.1:9"})
    assert (read.project, read.endpoint) == ("p", "http://127.0.0.1:9")
    assert GcsPlace.from_env({"GOOGLE_CLOUD_PROJECT": "p"}).endpoint is None
    with pytest.raises(ConfigurationError, match="GOOGLE_CLOUD_PROJECT"):
        GcsPlace.from_env({})


def test_without_credentials_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: Any) -> None:
        raise DefaultCredentialsError("none")

    monkeypatch.setattr(object_stores.google.auth, "default", none)
    with pytest.raises(ConfigurationError, match="Log in"):
        open_objects("bucket", "cold", GcsPlace("p"))
