"""Large uploads to Cloud Storage go on where they broke off, and leave nothing where they fail."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from l3kit.clouds.gcp.data.object_store import GcsObjectStore
from l3kit.errors import KeyConflictError, StoreError
from tests.integration.gcp.storage.faults import (
    MIB,
    Fault,
    Handler,
    Line,
    answer_lost,
    answers,
    breaks_after,
    digest,
    never_arrived,
    pieces,
)


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
