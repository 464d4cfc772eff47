"""A sender, and a server on loopback that answers it; entrances of each cloud on stores in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.support.chain import ChainWorld
from tests.support.entrances import CLOUDS, FEEDBACK, READERS, RECEIVERS, serving, world_of
from tests.support.message_requests import LENIENT
from tests.support.protocol_requests import Endpoint
from tests.support.wire_fixtures import chunk, served, server, waits, writer

__all__ = ["chunk", "served", "server", "waits", "writer"]
ITEMS = [f'{{"iotDeviceId":"pump","id":"2026-03-01T10:0{minute}:00.000Z","v":1e400}}'.encode() for minute in range(9)]


@pytest.fixture(scope="module", params=[pytest.param(one, marks=[pytest.mark.slow] * (one != "aws")) for one in CLOUDS])
def cloud(request: pytest.FixtureRequest) -> str:
    """`make test` asks the functions on AWS, the slices those of all clouds."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def worlds(cloud: str) -> Mapping[str, ChainWorld]:
    """A twin for each function that takes whatever the document allows."""
    return {function: world_of(function, cloud, **LENIENT) for function in (*RECEIVERS, FEEDBACK, *READERS)}


@pytest.fixture(scope="module")
def entrances(cloud: str, worlds: Mapping[str, ChainWorld]) -> Iterator[Mapping[str, Endpoint]]:
    with ExitStack() as stack:
        for reader in READERS:
            asyncio.run(worlds[reader].hot.put_items("pump", ITEMS))
        yield {f"/{name}": stack.enter_context(serving(name, cloud, world)) for name, world in worlds.items()}
