"""The sandbox's Cosmos DB with faults before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.tiering.retry import RetryPolicy
from tests.conformance.cosmos_backend import DATABASE, KEY, CosmosServers, client, cosmos_servers, new_container
from tests.integration.azure.cosmos.faults import Faults


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CosmosServers, Faults]]:
    faults = Faults()
    with cosmos_servers(tmp_path_factory.mktemp("cosmos"), faults.wrap) as servers:
        yield servers, faults


@pytest.fixture
def faults(started: tuple[CosmosServers, Faults]) -> Faults:
    started[1].expect(lambda request: False)
    return started[1]


@pytest.fixture
def place(started: tuple[CosmosServers, Faults]) -> CosmosPlace:
    return CosmosPlace(started[0].url, DATABASE, KEY, "l3kit/0 tests", RetryPolicy(base=0.01))


@pytest.fixture
def container(place: CosmosPlace) -> str:
    return new_container(client(place.endpoint), "/iotDeviceId")
