"""Where the hot-to-cold mover stores chunks: the writer on another cloud as the store of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from l3kit.errors import KeyConflictError
from l3kit.tiering.format.chunks import SEAL_SHA256
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.movers.remote_target import RemoteTarget
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.sender import Writer
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import TOKEN, Server, chunk_of, item


@pytest.fixture(params=["local", "remote"])
def target(request: pytest.FixtureRequest, served: Callable[[Any], Server], writer: Writer) -> Any:
    store = MemoryObjectStore("cold")
    served(ColdWriter(store, Secret(TOKEN)))
    chosen: Any = LocalTarget(store) if request.param == "local" else RemoteTarget(writer, "aws")
    chosen.objects = store
    return chosen


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_storing_twice_is_storing_once(target: Any, compression: str) -> None:
    chunk = chunk_of([item(n) for n in range(5)], compression=compression)
    assert target.fits(chunk.body)
    asyncio.run(target.store(chunk))
    asyncio.run(target.store(chunk))
    assert target.objects.bodies() == {str(chunk.key): chunk.body}
    info = target.objects.objects[str(chunk.key)][0]
    assert (info.sha256, info.metadata["items"]) == (chunk.sha256, "5")


def test_other_content_under_the_key_is_a_conflict_and_stays(target: Any) -> None:
    first, second = chunk_of([item(0), item(5)]), chunk_of([item(0), item(3), item(5)])
    asyncio.run(target.store(first))
    with pytest.raises(KeyConflictError) as caught:
        asyncio.run(target.store(second))
    assert caught.value.existing_sha256 == first.sha256
    assert target.objects.bodies() == {str(first.key): first.body}


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_sealed_key_takes_nothing_more(target: Any, compression: str) -> None:
    chunk = chunk_of([item(0)], compression=compression)
    assert asyncio.run(target.seal(chunk.key)) is None
    assert asyncio.run(target.seal(chunk.key)) is None
    with pytest.raises(KeyConflictError) as caught:
        asyncio.run(target.store(chunk))
    assert caught.value.existing_sha256 == SEAL_SHA256
    assert target.objects.bodies() == {str(chunk.key): b"[]"}


def test_sealing_a_taken_key_tells_its_digest(target: Any) -> None:
    chunk = chunk_of([item(0)])
    asyncio.run(target.store(chunk))
    assert asyncio.run(target.seal(chunk.key)) == chunk.sha256
    assert target.objects.bodies() == {str(chunk.key): chunk.body}
