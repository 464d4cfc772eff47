"""Requests to Cloud Storage where the network or the service fails: repeated, counted, refused, told.

What every object store does is in tests/conformance.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import storage

from l3kit.clouds.gcp.data import object_stores
from l3kit.clouds.gcp.data.object_store import GcsObjectStore
from l3kit.clouds.gcp.data.object_stores import GcsPlace, open_objects
from l3kit.errors import ConfigurationError, KeyConflictError, StoreError
from tests.integration.gcp.storage.faults import (
    AGENT,
    MIB,
    Handler,
    Line,
    answer_lost,
    answers,
    damaged,
    digest,
    never_arrived,
    pieces,
    place,
)


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


def test_credentials_are_sent_and_renewed_after_a_refusal(address: str, client: storage.Client, line: Line) -> None:
    tokens: list[str] = []

    class Given(Credentials):  # type: ignore[misc]
        def refresh(self, request: object) -> None:
            self.token = f"token-{len(tokens)}"
            tokens.append(self.token)

    seen: list[str | None] = []

    async def refused(request: web.Request, handler: Handler) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return await answers(401)(request, handler)

    async def taken(request: web.Request, handler: Handler) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return await handler(request)

    async def go() -> None:
        client.create_bucket("bucket-of-given")
        line.will("GET", "/o/k", refused, taken)
        store = open_objects("bucket-of-given", "cold", replace(place(address, line), credentials=Given))
        try:
            assert await store.head("k") is None
        finally:
            await store.close()

    asyncio.run(go())
    assert (tokens, seen) == (["token-0", "token-1"], ["Bearer token-0", "Bearer token-1"])
