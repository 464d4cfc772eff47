"""Cosmos DB's database and containers, and blob containers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from l3kit.clouds.azure.control.calls import blob_client, cosmos_client, explained
from l3kit.clouds.ports.resources import AlreadyThereError, Finding
from l3kit.errors import ProvisioningError

if TYPE_CHECKING:
    from l3kit.clouds.azure.session import AzureSession

OWNER_CONTAINER = "l3kit-owner"
OWNER_ID = "owner"
OWNER_METADATA = "l3kit_twin"
"""`naming.TAG_TWIN` in the characters that metadata names allow."""


@dataclass(frozen=True)
class CosmosDatabase:
    """Database of a twin. Databases carry no tags: a document in a separate container is the ownership marker."""

    session: AzureSession = field(repr=False)
    name: str
    twin_name: str
    kind: str = "database"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"database {self.name}"):
            try:
                self._database.read()
            except ResourceNotFoundError:
                return Finding(False)
            owner = self.owner()
            if owner is None:
                # A killed apply leaves it empty; one with other content was made by somebody else.
                begun = {container["id"] for container in self._database.list_containers()} <= {OWNER_CONTAINER}
                return Finding(True, begun, ("its ownership tag is missing",))
            return Finding(True, owner == self.twin_name)

    def create(self) -> None:
        with explained(f"database {self.name}"):
            try:
                cosmos_client(self.session).create_database(self.name)
            except ResourceExistsError:
                raise AlreadyThereError(f"database {self.name}", "exists already") from None
        self.update()

    def update(self) -> None:
        from azure.cosmos import PartitionKey

        with explained(f"database {self.name}"):
            self._database.create_container_if_not_exists(OWNER_CONTAINER, PartitionKey("/id"))
            self._database.get_container_client(OWNER_CONTAINER).upsert_item({"id": OWNER_ID, "twin": self.twin_name})

    def delete(self) -> None:
        with explained(f"database {self.name}"):
            try:
                cosmos_client(self.session).delete_database(self.name)
            except ResourceNotFoundError:
                return

    def owner(self) -> str | None:
        """Return the twin that owns the database; None without an ownership marker."""
        try:
            document = self._database.get_container_client(OWNER_CONTAINER).read_item(OWNER_ID, OWNER_ID)
        except ResourceNotFoundError:
            return None
        return str(document["twin"])

    @property
    def _database(self) -> Any:
        return cosmos_client(self.session).get_database_client(self.name)


@dataclass(frozen=True)
class CosmosContainer:
    """One container of a twin's database; it is owned by the database's owner.

    Attributes:
        partition_key: path, e.g. `/iotDeviceId`.
        expires: documents may carry a time to live.
        indexed: whether properties other than id and partition key are indexed: each index adds cost to every write.
    """

    database: CosmosDatabase = field(repr=False)
    name: str
    partition_key: str
    expires: bool = False
    kind: str = "container"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"container {self.name}"):
            try:
                there = self._container.read()
            except ResourceNotFoundError:
                return Finding(False)
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
        with explained(f"container {self.name}"):
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
        with explained(f"container {self.name}"):
            try:
                self._client.delete_container(self.name)
            except ResourceNotFoundError:
                return

    @property
    def _client(self) -> Any:
        return cosmos_client(self.database.session).get_database_client(self.database.name)

    @property
    def _container(self) -> Any:
        return self._client.get_container_client(self.name)


@dataclass(frozen=True)
class BlobContainer:
    """One blob container, without public access."""

    session: AzureSession = field(repr=False)
    name: str
    twin_name: str
    kind: str = "blob container"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"blob container {self.name}"):
            try:
                there = self._container.get_container_properties()
            except ResourceNotFoundError:
                return Finding(False)
            owned = (there.metadata or {}).get(OWNER_METADATA) == self.twin_name
            differences = ("public access is enabled",) if there.public_access else ()
            return Finding(True, owned, differences)

    def create(self) -> None:
        with explained(f"blob container {self.name}"):
            try:
                self._container.create_container(metadata={OWNER_METADATA: self.twin_name})
            except ResourceExistsError:
                raise AlreadyThereError(f"blob container {self.name}", "exists already") from None

    def update(self) -> None:
        with explained(f"blob container {self.name}"):
            self._container.set_container_access_policy({}, public_access=None)

    def delete(self) -> None:
        """Delete the container with all its blobs."""
        with explained(f"blob container {self.name}"):
            try:
                self._container.delete_container()
            except ResourceNotFoundError:
                return

    @property
    def _container(self) -> Any:
        return blob_client(self.session).get_container_client(self.name)
