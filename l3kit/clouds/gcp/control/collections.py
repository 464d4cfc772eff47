"""A twin's Firestore collections. They exist from their first document on; a separate document marks the owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from l3kit.clouds.gcp.control.calls import DOCUMENTS_ROLE, explained, firestore_client
from l3kit.clouds.ports.resources import Finding

if TYPE_CHECKING:
    from l3kit.clouds.gcp.session import GcpSession

OWNERS = "l3kit-owners"
BATCH = 500
"""Writes in one commit (Firestore's limit)."""


@dataclass(frozen=True)
class Collection:
    """One root collection with its subcollections.

    Attributes:
        below: the subcollections of each of its documents.
    """

    session: GcpSession = field(repr=False)
    name: str
    twin_name: str
    below: tuple[str, ...] = ()
    kind: str = "collection"
    holds_data: bool = True

    def compare(self) -> Finding:
        from google.api_core.exceptions import NotFound

        with explained(f"collection {self.name}", DOCUMENTS_ROLE):
            try:
                owner = self._client.get_document({"name": self._owner})
            except NotFound:  # a deletion removes the ownership marker last, so documents without it are not ours
                strange = next(self._names(f"{self._database}/documents", self.name), None) is not None
                return Finding(strange, owned=not strange)
            return Finding(True, owner.fields["twin"].string_value == self.twin_name)

    def create(self) -> None:
        """Write the ownership marker; idempotent."""
        with explained(f"collection {self.name}", DOCUMENTS_ROLE):
            document = {"name": self._owner, "fields": {"twin": {"string_value": self.twin_name}}}
            self._client.commit({"database": self._database, "writes": [{"update": document}]})

    def update(self) -> None:
        """Do nothing: a collection has no properties to update."""

    def delete(self) -> None:
        """Delete all documents, those in subcollections first."""
        with explained(f"collection {self.name}", DOCUMENTS_ROLE):
            root = f"{self._database}/documents"
            for parent in self._names(root, self.name) if self.below else ():
                for collection in self.below:
                    self._empty(parent, collection)
            self._empty(root, self.name)
            self._client.commit({"database": self._database, "writes": [{"delete": self._owner}]})

    def _empty(self, parent: str, collection: str) -> None:
        names = list(self._names(parent, collection))
        for at in range(0, len(names), BATCH):
            writes = [{"delete": name} for name in names[at : at + BATCH]]
            self._client.commit({"database": self._database, "writes": writes})

    def _names(self, parent: str, collection: str) -> Iterator[str]:
        """Return the names of documents, including those that exist only as parents of others."""
        request = {"parent": parent, "collection_id": collection, "show_missing": True, "mask": {"field_paths": ["x"]}}
        for document in self._client.list_documents(request):
            yield document.name

    @property
    def _owner(self) -> str:
        return f"{self._database}/documents/{OWNERS}/{self.name}"

    @property
    def _database(self) -> str:
        return f"projects/{self.session.project}/databases/{self.session.database}"

    @property
    def _client(self) -> Any:
        return firestore_client(self.session)
