"""Cosmos DB databases: one per twin."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from l3kit.clouds.azure.control.calls import COSMOS_ROLE, cosmos_client, explained
from l3kit.clouds.ports.resources import AlreadyThereError, Finding

if TYPE_CHECKING:
    from l3kit.clouds.azure.session import AzureSession

OWNER_CONTAINER = "l3kit-owner"
OWNER_ID = "owner"


@dataclass(frozen=True)
class CosmosDatabase:
    """Database of a twin. Databases carry no tags: a document in a separate container is the ownership marker."""

    session: AzureSession = field(repr=False)
    name: str
    twin_name: str
    kind: str = "database"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"database {self.name}", COSMOS_ROLE):
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
        with explained(f"database {self.name}", COSMOS_ROLE):
            try:
                cosmos_client(self.session).create_database(self.name)
            except ResourceExistsError:
                raise AlreadyThereError(f"database {self.name}", "exists already") from None
        self.update()

    def update(self) -> None:
        from azure.cosmos import PartitionKey

        with explained(f"database {self.name}", COSMOS_ROLE):
            self._database.create_container_if_not_exists(OWNER_CONTAINER, PartitionKey("/id"))
            self._database.get_container_client(OWNER_CONTAINER).upsert_item({"id": OWNER_ID, "twin": self.twin_name})

    def delete(self) -> None:
        with explained(f"database {self.name}", COSMOS_ROLE), suppress(ResourceNotFoundError):
            cosmos_client(self.session).delete_database(self.name)

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
