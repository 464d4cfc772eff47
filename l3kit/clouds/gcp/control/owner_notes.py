"""The note in a Firestore database that says which twin's it is: a database has no labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from l3kit.clouds.gcp.control.place import FIRESTORE, SEEN_LIMIT, Place
from l3kit.clouds.gcp.control.refusals import is_missing, unless_missing
from l3kit.clouds.ports.control import Refusal
from l3kit.errors import ProvisioningError

NOTE, TWIN = "l3kit-owners/database", "twin"
"""The document in the database itself, and its field that names the twin."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """The owner of a database.

    Attributes:
        noted: whether it says so itself; one without a note and without a document is the twin's, not finished.
        stranger: why it is not the twin's, and what to do; None if it is.
    """

    noted: bool
    stranger: ProvisioningError | None = None


@dataclass(frozen=True)
class OwnerNote:
    """The note of one twin in one database that exists."""

    place: Place
    database: str
    twin_name: str

    def read(self) -> Ownership:
        """Read whose the database is. Raises: Refusal."""
        there = unless_missing(lambda: self.place.control.get(FIRESTORE, f"{self._documents}/{NOTE}"))
        if there is None:
            return Ownership(False, None if self._is_empty() else self._without_note())
        named = str(there.get("fields", {}).get(TWIN, {}).get("stringValue", ""))
        if named == self.twin_name:
            return Ownership(True)
        whose = f"is of the twin {named}" if named else "is somebody else's"
        return Ownership(True, self.refused(f"{whose}, as its document {NOTE} says", "Rename the twin"))

    def write(self) -> None:
        """Write the note where there is none. Raises: Refusal; ProvisioningError if somebody else was first."""
        what = f"database {self.database} takes documents"  # right after it was made, perhaps not yet
        try:
            self.place.patience.retry_while(self._write, is_missing, what, SEEN_LIMIT)
        except Refusal as refusal:
            if refusal.status != 409:
                raise
            found = self.read()  # an earlier request, whose answer was lost, or another twin's
            if found.stranger is not None:
                raise found.stranger from None
            if not found.noted:
                raise

    def refused(self, cause: str, remedy: str) -> ProvisioningError:
        """Return the error for a database that is not this twin's."""
        return ProvisioningError(f"database {self.database}", f"{cause}; it was not touched", remedy)

    def _write(self) -> dict[str, Any]:
        body = {"fields": {TWIN: {"stringValue": self.twin_name}}}
        only_new = {"currentDocument.exists": "false"}
        return self.place.control.patch(FIRESTORE, f"{self._documents}/{NOTE}", body, only_new)

    def _is_empty(self) -> bool:
        path = f"{self._documents}:listCollectionIds"
        there = unless_missing(lambda: self.place.control.post(FIRESTORE, path, {"pageSize": 1})) or {}
        return not there.get("collectionIds")

    def _without_note(self) -> ProvisioningError:
        cause = f"holds documents, and none of them ({NOTE}) says that it is this twin's"
        remedy = (
            f"Rename the twin; or, if it is this twin's all the same, add the document {NOTE} with the text "
            f"{self.twin_name} in its field {TWIN}"
        )
        return self.refused(cause, remedy)

    @property
    def _documents(self) -> str:
        return f"v1/projects/{self.place.project}/databases/{self.database}/documents"
