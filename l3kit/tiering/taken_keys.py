"""Resolves a create whose key already exists: same content or a conflict."""

from __future__ import annotations

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.ports import ObjectInfo, ObjectStore


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
