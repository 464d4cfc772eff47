"""Blob containers: private, with the twin's name in their metadata."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from l3kit.clouds.azure.control.calls import BLOBS_ROLE, blob_client, explained
from l3kit.clouds.ports.changes import differs
from l3kit.clouds.ports.resources import AlreadyThereError, Finding

if TYPE_CHECKING:
    from l3kit.clouds.azure.session import AzureSession

OWNER_METADATA = "l3kit_twin"
"""`naming.TAG_TWIN` in the characters that metadata names allow."""


@dataclass(frozen=True)
class BlobContainer:
    """One blob container, without public access."""

    session: AzureSession = field(repr=False)
    name: str
    twin_name: str
    kind: str = "blob container"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"blob container {self.name}", BLOBS_ROLE):
            try:
                there = self._container.get_container_properties()
            except ResourceNotFoundError:
                return Finding.missing({"public access": False})
            owned = (there.metadata or {}).get(OWNER_METADATA) == self.twin_name
            public = differs("public access is enabled", "public access", there.public_access, "off")
            return Finding.of(owned, [public] if there.public_access else [])

    def create(self) -> None:
        with explained(f"blob container {self.name}", BLOBS_ROLE):
            try:
                self._container.create_container(metadata={OWNER_METADATA: self.twin_name})
            except ResourceExistsError:
                raise AlreadyThereError(f"blob container {self.name}", "exists already") from None

    def update(self) -> None:
        with explained(f"blob container {self.name}", BLOBS_ROLE):
            self._container.set_container_access_policy({}, public_access=None)

    def delete(self) -> None:
        """Delete the container with all its blobs."""
        with explained(f"blob container {self.name}", BLOBS_ROLE), suppress(ResourceNotFoundError):
            self._container.delete_container()

    @property
    def _container(self) -> Any:
        return blob_client(self.session).get_container_client(self.name)
