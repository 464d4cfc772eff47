"""The sandbox's Cloud Storage behind a line that a test can damage."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from google.cloud import storage

from l3kit.clouds.gcp.data.object_stores import open_objects
from l3kit.tiering.ports import Tier
from tests.conformance.gcs_backend import gcs_server, unchanged_client
from tests.integration.gcp.storage.faults import MIB, Line, place


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
