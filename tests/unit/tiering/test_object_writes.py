"""What object stores share when they write: pieces, digests, copies."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.object_writes import check_body, check_copy, regrouped
from l3kit.tiering.ports import ObjectInfo
from tests.support.memory_stores import MemoryObjectStore

COLD, ARCHIVE = MemoryObjectStore("cold", "cold-bucket"), MemoryObjectStore("archive", "archive-bucket")
LISTED = ObjectInfo("a/k", 3, "v1", datetime(2026, 1, 1, tzinfo=UTC), "d1")


@pytest.mark.parametrize(
    ("parts", "pieces"),
    [
        ([], []),
        ([b"abc"], [b"abc"]),
        ([b"abcd", b"efgh"], [b"abcd", b"efgh"]),
        ([b"a", b"bcdefghi", b""], [b"abcd", b"efgh", b"i"]),
    ],
)
def test_parts_of_any_size_become_pieces_of_one_size(parts: list[bytes], pieces: list[bytes]) -> None:
    async def given() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async def regroup() -> list[bytes]:
        return [piece async for piece in regrouped(given(), 4)]

    assert asyncio.run(regroup()) == pieces


def test_a_body_is_compared_with_its_digest_unless_it_is_encoded() -> None:
    check_body("b/k", b"body", {"sha256": hashlib.sha256(b"body").hexdigest()})
    check_body("b/k", b"packed", {"sha256": "of the plain content", "content_encoding": "gzip"})
    with pytest.raises(StoreError, match=r"b/k.*does not match the declared digest"):
        check_body("b/k", b"body", {"sha256": "0" * 64})


def test_a_copy_is_taken_if_digest_and_size_are_those_of_the_source() -> None:
    assert check_copy(ARCHIVE, COLD, LISTED, LISTED, "d1", lambda copy: False) == LISTED


@pytest.mark.parametrize("there", [replace(LISTED, sha256="d2"), replace(LISTED, size=4)])
def test_a_key_with_other_content_is_a_conflict_that_names_it_and_its_digest(there: ObjectInfo) -> None:
    with pytest.raises(KeyConflictError, match="archive-bucket/a/k") as caught:
        check_copy(ARCHIVE, COLD, LISTED, there, "d1", lambda copy: True)
    assert caught.value.existing_sha256 == there.sha256


@pytest.mark.parametrize("alike", [True, False])
def test_a_copy_without_digest_is_compared_as_the_store_can(alike: bool) -> None:
    copy = replace(LISTED, sha256=None)
    if alike:
        assert check_copy(ARCHIVE, COLD, copy, copy, None, lambda copy: True) == copy
    else:
        with pytest.raises(KeyConflictError):
            check_copy(ARCHIVE, COLD, copy, copy, None, lambda copy: False)


def test_a_source_that_changed_is_told_by_its_own_name() -> None:
    with pytest.raises(StoreError, match=r"cold-bucket/a/k: changed before it was copied"):
        check_copy(ARCHIVE, COLD, LISTED, None, "d1", lambda copy: True)
