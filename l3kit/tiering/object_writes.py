"""Write steps shared by all object stores: regroup content, compare digests, judge the content of an existing key."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.ports import Declared, ObjectInfo, ObjectStore


async def regrouped(parts: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Yield the same bytes in pieces of that size; only the last one may be smaller."""
    buffer = bytearray()
    async for part in parts:
        buffer += part
        while len(buffer) >= size:
            yield bytes(buffer[:size])
            del buffer[:size]
    if buffer:
        yield bytes(buffer)


def stored_digest(content: Declared) -> str | None:
    """Return the hex digest that content must have as stored; None if it is encoded and so not known."""
    return None if content.get("content_encoding") else content["sha256"]


def check_digest(where: str, found: str, declared: str | None) -> None:
    """Compare hex digests of content as stored; None is not compared. Raises: StoreError if they differ."""
    if declared is not None and found != declared:
        raise StoreError(where, "the content does not match the declared digest", "Send it again")


def check_body(where: str, body: bytes, content: Declared) -> None:
    """Compare the body's digest, if it is known. Raises: StoreError if it differs."""
    if declared := stored_digest(content):
        check_digest(where, hashlib.sha256(body).hexdigest(), declared)


async def same_or_conflict(store: ObjectStore, key: str, sha256: str) -> ObjectInfo:
    """Return the existing object if it has the same content, as after a lost response.

    Raises: KeyConflictError if it has other content; StoreError if it no longer exists.
    """
    where = f"{store.name}/{key}"
    there = await store.head(key)
    if there is None:
        raise StoreError(where, "existed when it was to be created, and no longer does", "Try again")
    if there.sha256 != sha256:
        raise KeyConflictError(where, "holds other content", "It was left unchanged", existing_sha256=there.sha256)
    return there


def check_copy(
    target: ObjectStore,
    source: ObjectStore,
    info: ObjectInfo,
    there: ObjectInfo | None,
    digest: str | None,
    alike: Callable[[ObjectInfo], bool],
) -> ObjectInfo:
    """Return the copy in the target if it has the content of the object.

    Args:
        info: description of the object as listed in the source.
        there: None if the source has changed and nothing was copied.
        digest: digest of the object; None if the source has none.
        alike: compares without a digest.
    Raises: KeyConflictError if it is other content; StoreError if the source has changed.
    """
    if there is None:
        raise StoreError(f"{source.name}/{info.key}", "changed before it was copied", "The next run tries again")
    if there.size != info.size or not (there.sha256 == digest if digest else alike(there)):
        raise KeyConflictError(
            f"{target.name}/{info.key}",
            "holds other content",
            "It was left unchanged; compare the two by hand",
            existing_sha256=there.sha256,
        )
    return there
