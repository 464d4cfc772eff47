"""What a create means whose key turned out to be taken."""

from __future__ import annotations

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.ports import ObjectInfo, ObjectStore


async def same_or_conflict(store: ObjectStore, key: str, sha256: str) -> ObjectInfo:
    """What is under the key, where it is the same content: a repeat after a lost answer.

    Raises: KeyConflictError where it is other content; StoreError where there is nothing any more.
    """
    where = f"{store.name}/{key}"
    there = await store.head(key)
    if there is None:
        raise StoreError(where, "was taken and is gone again", "Run it again")
    if there.sha256 != sha256:
        raise KeyConflictError(where, "holds other content", "It was left as it is", existing_sha256=there.sha256)
    return there
