"""Permanent deletion of an object, interrupted and repeated."""

from __future__ import annotations

import asyncio

import pytest

from l3kit.errors import StoreError
from l3kit.tiering.object_versions import delete_permanently
from l3kit.tiering.ports import ObjectVersion
from tests.support import archiving
from tests.support.memory_stores import MemoryObjectStore


class Dying(MemoryObjectStore):
    """A store that fails at a deletion; `lives`: deletions before that."""

    lives = 99

    async def delete_version(self, version: ObjectVersion) -> None:
        if self.lives == 0:
            raise StoreError(version.key, "was not answered")
        self.lives -= 1
        await super().delete_version(version)


@pytest.mark.parametrize("lives", [0, 1, 2])
def test_an_interrupted_deletion_is_still_listed_and_is_completed_by_the_next(lives: int) -> None:
    store = Dying("cold")
    store.former = {}
    for body in (b"[1]", b"[2]", b"[3]"):
        archiving.put(store, "k", body)
        if body != b"[3]":
            asyncio.run(store.delete("k"))
    store.lives = lives
    with pytest.raises(StoreError):
        asyncio.run(delete_permanently(store, "k"))
    assert list(store.objects) == ["k"], "the current version goes last"
    store.lives = 99
    assert asyncio.run(delete_permanently(store, "k")) == []
    assert (store.objects, store.former) == ({}, {})
