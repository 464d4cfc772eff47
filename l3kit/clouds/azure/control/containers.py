"""Cosmos DB containers: one for the items, one for the journal. Only ids and partition keys are indexed.

Each further index would add to the cost of every write.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from l3kit.clouds.azure.control.calls import COSMOS_ROLE, cosmos_client, explained
from l3kit.clouds.azure.control.databases import CosmosDatabase
from l3kit.clouds.ports.resources import AlreadyThereError, Finding
from l3kit.errors import ProvisioningError


@dataclass(frozen=True)
class CosmosContainer:
    """One container of a twin's database; it is owned by the database's owner.

    Attributes:
        partition_key: path, e.g. `/iotDeviceId`.
        expires: documents may carry a time to live.
    """

    database: CosmosDatabase = field(repr=False)
    name: str
    partition_key: str
    expires: bool = False
    kind: str = "container"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"container {self.name}", COSMOS_ROLE):
            try:
                there = self._container.read()
            except ResourceNotFoundError:
                return Finding.missing({"partition key": self.partition_key, "expiry of documents": self.expires})
            paths = list(there.get("partitionKey", {}).get("paths", ()))
            if paths != [self.partition_key]:
                raise ProvisioningError(
                    f"container {self.name}",
                    f"has the partition key {paths}, not {self.partition_key}",
                    "It cannot be changed: rename the twin",
                )
            return Finding(True, self.database.owner() == self.database.twin_name)

    def create(self) -> None:
        from azure.cosmos import PartitionKey

        policy = {
            "indexingMode": "consistent",
            "includedPaths": [{"path": "/id/?"}],
            "excludedPaths": [{"path": "/*"}],
        }
        with explained(f"container {self.name}", COSMOS_ROLE):
            try:
                self._client.create_container(
                    self.name,
                    PartitionKey(self.partition_key),
                    indexing_policy=policy,
                    default_ttl=-1 if self.expires else None,
                )
            except ResourceExistsError:
                raise AlreadyThereError(f"container {self.name}", "exists already") from None

    def update(self) -> None:
        """Do nothing: a container has no properties to update in place."""

    def delete(self) -> None:
        with explained(f"container {self.name}", COSMOS_ROLE), suppress(ResourceNotFoundError):
            self._client.delete_container(self.name)

    @property
    def _client(self) -> Any:
        return cosmos_client(self.database.session).get_database_client(self.database.name)

    @property
    def _container(self) -> Any:
        return self._client.get_container_client(self.name)
