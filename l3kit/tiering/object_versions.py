"""Permanent deletion of objects: with every version that the store keeps of them."""

from __future__ import annotations

from collections.abc import Iterable

from l3kit.tiering.ports import ObjectStore, ObjectVersion


def former_first(versions: Iterable[ObjectVersion]) -> list[ObjectVersion]:
    """Versions that can be deleted, in the order in which to do so: the key stays listed until the last one is gone."""
    return sorted((one for one in versions if one.kept_until is None), key=lambda one: (one.key, one.current))


async def delete_permanently(store: ObjectStore, key: str) -> list[ObjectVersion]:
    """Delete an object with all its versions. Repeated after a crash, it continues.

    Returns: the versions that the store keeps for a while.
    Raises: StoreError.
    """
    found = [one async for one in store.versions(key) if one.key == key]
    for one in former_first(found):
        await store.delete_version(one)
    return [one async for one in store.versions(key) if one.key == key and one.kept_until is not None]
