"""The sandbox's Cosmos DB follows the service's documentation, tested with an unmodified azure-cosmos client.

L3KIT_FOREIGN_COSMOS=url runs the cases against another server: the bare server without the layer fails 44 of 50
(`python -m tests.programs.foreign_servers`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from azure.cosmos import CosmosClient

from tests.conformance.cosmos_backend import client, cosmos_servers, database, new_container


@pytest.fixture(scope="session")
def cosmos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosClient]:
    foreign = os.environ.get("L3KIT_FOREIGN_COSMOS", "").strip()
    if foreign:
        yield client(foreign)
        return
    with cosmos_servers(tmp_path_factory.mktemp("cosmos")) as servers:
        yield client(servers.url)


@pytest.fixture
def container(cosmos: CosmosClient) -> Any:
    """An empty container with the partition key /pk."""
    return database(cosmos).get_container_client(new_container(cosmos, "/pk"))
